"""Dangers that stay open: half of a criterion holds, and the other half could not be measured.

A criterion that needs two values is not assessable without one of them. Where it can be RED and the
value that was measured meets its limit, a line under "not assessed" would hide a danger. The rows
of these patterns say "not excluded" instead. They fire on nothing but a value that is missing:
where it was measured, the criterion itself decides, and where both are missing it is listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from cardioalert.domain.clinical import BeatClass
from cardioalert.domain.record import Lead
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import ADJACENT, Case, Pattern
from cardioalert.interpret.checks import Check, Outcome, all_of, any_of, compare, seen
from cardioalert.interpret.criteria import Numbers
from cardioalert.interpret.ischemia_rules import elevations
from cardioalert.interpret.lead_patterns import grouped
from cardioalert.interpret.rhythm_rules import enough_beats, regular_without_p
from cardioalert.units import MILLISECONDS_PER_SECOND


def fast_with_unmeasured_qrs(case: Case, n: Numbers) -> Check:
    """Fast, and nobody knows how wide the QRS is."""
    return _known(
        _reached(compare(case.value("heart_rate"), "above", n["rate"])),
        _qrs_is_open(case, n),
        enough_beats(case, n["beats"]),
    )


def slow_with_unmeasured_qrs(case: Case, n: Numbers) -> Check:
    """Slow, regular, without P waves, and nobody knows how wide the QRS is."""
    return _known(
        _reached(compare(case.value("heart_rate"), "below", n["rate_below"])),
        _qrs_is_open(case, n),
        regular_without_p(case, n),
    )


def long_rr_without_rate(case: Case, n: Numbers) -> Check:
    """An RR as long as at an extremely slow rate, and too few beats for a rate."""
    missing = case.value("heart_rate").value is None
    text = _("the heart rate could not be measured")
    return _known(
        _reached(compare(case.rhythm("rr_max"), "above", n["rr_ms"])),
        seen(missing, text, measure="not-measured"),
    )


def st_elevation_beside_unread_lead(case: Case, n: Numbers) -> Check:
    """ST over its limit in a lead whose neighbor shows nothing: two leads are needed."""
    if case.outcome("STE") >= Outcome.NEARLY:
        return Check(outcome=Outcome.NOT_MET)
    leads = elevations(case, n)
    pairs = [pair for one, other in ADJACENT for pair in ((one, other), (other, one))]
    found = []
    for place, neighbor in pairs:
        unread = case.lead("st_j", neighbor).value is None
        text = _("ST in {lead} could not be measured", lead=neighbor.label)
        found.append(_known(_sure(leads[place]), seen(unread, text, measure="not-measured")))
    return grouped(any_of(*found))


def _qrs_is_open(case: Case, n: Numbers) -> Check:
    """No QRS duration, and no narrow QRS in most of the leads either."""
    is_open = case.value("qrs").value is None and not _narrow_in_most_leads(case, n)
    return seen(is_open, _("the QRS duration could not be measured"), measure="not-measured")


def _narrow_in_most_leads(case: Case, n: Numbers) -> bool:
    """Tell whether the QRS is surely narrow although it has no duration over all leads.

    One lead can show a wide QRS as narrow, where its beginning or end is flat; most leads never do.
    """
    widths: defaultdict[Lead, list[float]] = defaultdict(list)
    classes = case.measurements.beats.classes
    for wave in case.measurements.waves:
        if wave.qrs_on is None or wave.qrs_off is None:
            continue
        if classes[wave.beat] is BeatClass.DOMINANT:
            widths[wave.lead].append((wave.qrs_off - wave.qrs_on) * MILLISECONDS_PER_SECOND)
    own = [float(np.median(each)) for each in widths.values()]
    return len(own) >= n["leads"] and float(np.quantile(own, n["share"])) < n["narrow_ms"]


def _known(*checks: Check) -> Check:
    """Return what follows when every check is needed; one that nobody could make is not met."""
    check = all_of(*checks)
    return check if check.outcome is not Outcome.UNKNOWN else Check(outcome=Outcome.NOT_MET)


def _reached(check: Check) -> Check:
    """Return a check that does not count while it is only close: two doubts are no danger."""
    return check if check.outcome is not Outcome.NEARLY else Check(outcome=Outcome.NOT_MET)


def _sure(check: Check) -> Check:
    """Return a check that counts only where it is met by more than the measurement error."""
    return check if check.outcome is Outcome.MET else Check(outcome=Outcome.NOT_MET)


PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "fast_with_unmeasured_qrs": fast_with_unmeasured_qrs,
        "slow_with_unmeasured_qrs": slow_with_unmeasured_qrs,
        "long_rr_without_rate": long_rr_without_rate,
        "st_elevation_beside_unread_lead": st_elevation_beside_unread_lead,
    }
)
