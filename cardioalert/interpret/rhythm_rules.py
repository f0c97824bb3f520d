"""Patterns of rate and rhythm that need more than one comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Final

import numpy as np

from cardioalert.domain.clinical import BeatClass
from cardioalert.domain.record import Lead
from cardioalert.i18n import N_
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import Case, Pattern, combine
from cardioalert.interpret.checks import (
    Check,
    Outcome,
    Quantity,
    all_of,
    any_of,
    between,
    compare,
    fact,
    negate,
    one_met,
    seen,
)
from cardioalert.interpret.criteria import Numbers, kinds
from cardioalert.interpret.ectopy import SAME_RR
from cardioalert.interpret.quantities import ectopic_narrow, ectopic_wide
from cardioalert.units import SECONDS_PER_MINUTE

FEWEST_RR: Final = 3  # intervals that say something about regularity


def sinus_rhythm(case: Case, n: Numbers) -> Check:
    """P of constant PR before each QRS; upright in I and II, negative in aVR.

    Of the three leads those that were recorded must agree, lead II among them.
    """
    p_waves = seen(
        case.measurements.rhythm.p_before_every_qrs,
        _("P wave of constant PR before every QRS"),
        measure="p_before_every_qrs",
    )
    return all_of(p_waves, _p_direction(case))


def sinus_arrhythmia(case: Case, n: Numbers) -> Check:
    """Sinus rhythm whose RR varies, in absolute or relative terms, without early beats."""
    shortest, longest = case.rhythm("rr_min"), case.rhythm("rr_max")
    mean = case.value("rr")
    spread = (longest.value or 0.0) - (shortest.value or 0.0)
    span = combine("rr_range", spread, (shortest, longest))
    relative = n["range_percent"] / 100.0 * mean.value if mean.value else n["range_ms"]
    varies = any_of(
        compare(span, "at_least", n["range_ms"]), compare(span, "above", round(relative, 1))
    )
    return all_of(case.rule("RH1"), varies, _no_early_beats(case))


def atrial_fibrillation(case: Case, n: Numbers) -> Check:
    """Irregularly irregular RR through the strip, and no repeating P wave.

    Early beats of the usual shape count here: in fibrillation nothing is early. A few of them, or a
    few false beats, make the deviation of a regular rhythm large, but not that of the middle half
    of its RR.
    """
    variation, successive, middle = _irregularity(case)
    return all_of(
        compare(variation, "above", n["rr_variation"]),
        compare(successive, "above", n["rr_successive"]),
        compare(middle, "above", n["rr_middle"]),
        enough_beats(case, n["beats"]),
        _no_repeating_p(case, n["p_repetition"]),
    )


def regular_at_flutter_rate(case: Case, n: Numbers) -> Check:
    """A regular rate near 150: flutter with 2:1 conduction cannot be told apart without F waves."""
    return all_of(
        between(case.value("heart_rate"), n["rate_from"], n["rate_to"]),
        compare(case.rhythm("rr_variation"), "below", n["rr_variation"]),
    )


def supraventricular_tachycardia(case: Case, n: Numbers) -> Check:
    """Regular, narrow and fast, without sinus P waves."""
    return all_of(
        one_met(
            compare(case.value("heart_rate"), "at_least", n["rate"]),
            compare(case.value("qrs"), "below", n["qrs_ms"]),
        ),
        compare(case.rhythm("rr_variation"), "below", n["rr_variation"]),
        negate(case.rule("RH1"), _("no sinus P wave before every QRS")),
    )


def wide_complex_tachycardia(case: Case, n: Numbers) -> Check:
    """Wide QRS and fast, for at least three beats."""
    return all_of(
        one_met(
            compare(case.value("qrs"), "at_least", n["qrs_ms"]),
            compare(case.value("heart_rate"), "above", n["rate"]),
        ),
        enough_beats(case, n["beats"]),
    )


def wide_run(case: Case, n: Numbers) -> Check:
    """A run of wide early beats, faster than the limit, that ends by itself."""
    longest = max((len(run) for run in _fast_wide_runs(case, n["rate"])), default=0)
    return compare(_run_length(case, longest), "at_least", n["beats"])


def wide_run_to_the_end(case: Case, n: Numbers) -> Check:
    """A run of wide beats that is still going on at the end of the record."""
    last = len(case.measurements.beats.classes) - 1
    runs = _fast_wide_runs(case, n["rate"])
    longest = max((len(run) for run in runs if run[-1] == last), default=0)
    return compare(_run_length(case, longest), "at_least", n["beats"])


def slow_regular_without_p(case: Case, n: Numbers) -> Check:
    """A regular rhythm without P waves whose rate and QRS width lie within the limits."""
    return all_of(
        one_met(
            between(case.value("heart_rate"), n["rate_from"], n["rate_below"]),
            between(case.value("qrs"), n["qrs_from_ms"], n["qrs_below_ms"]),
        ),
        regular_without_p(case, n),
    )


def regular_without_p(case: Case, n: Numbers) -> Check:
    """A regular rhythm without P waves."""
    return all_of(
        compare(case.rhythm("rr_variation"), "below", n["rr_variation"]),
        _no_repeating_p(case, n["p_repetition"]),
        negate(case.rule("RH1")),
    )


def no_organised_qrs(case: Case, n: Numbers) -> Check:
    """Hardly any QRS complex in the whole record, or none that two detectors agree on.

    A record too short to count beats in can still be too long to hold none.
    """
    beats = case.measurements.beats
    empty = len(beats.r_peaks) == 0 and case.duration >= n["seconds_without"]
    if case.duration < n["seconds"] and not empty:
        return Check(outcome=Outcome.UNKNOWN, reasons=("record-too-short",))
    count = Quantity(kind=kinds()["beat_count"], value=float(len(beats.r_peaks)))
    text = _("the two QRS detectors agree in {share:.0%} of the beats", share=beats.agreement)
    disagree = beats.agreement < n["agreement"] and case.value("heart_rate").value is None
    return any_of(
        compare(count, "below", n["beats"]), seen(disagree, text, measure="detector_agreement")
    )


def _irregularity(case: Case) -> tuple[Quantity, Quantity, Quantity]:
    """SD and RMS of successive differences over the mean, and the middle half over the median.

    Of all RR but those of wide beats; RR longer than any measured one are gaps of the print.
    """
    beats, longest = case.measurements.beats, case.measurements.rhythm.rr_max
    rr = np.diff(beats.r_peaks)
    wide = np.array([each is BeatClass.ECTOPIC_WIDE for each in beats.classes], dtype=np.bool_)
    shown = ~(wide[1:] | wide[:-1]) & (rr <= (longest or 0.0) + SAME_RR)
    steps = np.diff(rr)[shown[1:] & shown[:-1]]
    variation = successive = middle = None
    if shown.sum() >= FEWEST_RR and len(steps):
        mean = float(rr[shown].mean())
        variation = round(float(rr[shown].std()) / mean, 4)
        successive = round(float(np.sqrt(np.mean(steps**2))) / mean, 4)
        low, median, high = np.quantile(rr[shown], (0.25, 0.5, 0.75))
        middle = round(float((high - low) / median), 4)
    return (
        replace(case.rhythm("rr_variation"), value=variation),
        replace(case.rhythm("rr_successive"), value=successive),
        replace(case.rhythm("rr_variation"), kind=kinds()["rr_middle"], value=middle),
    )


def _p_direction(case: Case) -> Check:
    """P upright in I and II and negative in aVR, as far as those leads were recorded.

    A P too flat to be told from noise (0.0) points nowhere and is no contradiction; in lead II it
    is one, unless the two other leads both show where P points.
    """
    signs = ((Lead.I, 1.0), (Lead.II, 1.0), (Lead.AVR, -1.0))
    shown = [
        lead for lead, _sign in signs if lead in case.measurements.leads and case.number("p", lead)
    ]
    checks = []
    for lead, sign in signs:
        p = case.number("p", lead)
        if lead in shown or (lead is Lead.II and len(shown) < len(signs) - 1):
            upright, negative = N_("P upright in {lead}"), N_("P negative in {lead}")
            text = _(upright if sign > 0 else negative, lead=lead)
            flag = p * sign > 0 if p is not None else None
            checks.append(seen(flag, text, measure="p", leads=(lead,)))
    return all_of(*checks)


def _no_repeating_p(case: Case, limit: float) -> Check:
    """No P wave that repeats before the beats.

    Where nobody could look for P waves the check is unknown, except that a P wave found before
    every QRS settles it.
    """
    before = case.measurements.rhythm.p_before_every_qrs
    share = case.rhythm("p_repetition")
    if share.value is None and before is not None:
        return seen(not before, _("no repeating P wave"), measure="p_before_every_qrs")
    few = compare(share, "below", limit)
    return all_of(few, seen(not before, _("no P wave of constant PR"), measure="p"))


def _no_early_beats(case: Case) -> Check:
    """No early beat of either kind."""
    return all_of(
        compare(ectopic_wide(case), "below", 1.0), compare(ectopic_narrow(case), "below", 1.0)
    )


def enough_beats(case: Case, needed: float) -> Check:
    """Whether the strip holds enough beats; fewer leave the question open."""
    count = len(case.measurements.beats.r_peaks)
    outcome = Outcome.MET if count >= needed else Outcome.UNKNOWN
    check = fact(outcome, "", measure="beat_count")
    return Check(outcome=outcome, reasons=() if check.evidence else ("too-few-beats",))


def _fast_wide_runs(case: Case, rate: float) -> Iterator[list[int]]:
    """Yield runs of beats that are wide, early in shape and faster than `rate` among themselves."""
    beats = case.measurements.beats
    wide = groupby(enumerate(beats.classes), key=lambda each: each[1] is BeatClass.ECTOPIC_WIDE)
    for is_wide, group in wide:
        run = [index for index, _class in group]
        if is_wide and len(run) > 1:
            mean_rr = float(beats.r_peaks[run[-1]] - beats.r_peaks[run[0]]) / (len(run) - 1)
            if mean_rr < SECONDS_PER_MINUTE / rate:
                yield run


def _run_length(case: Case, longest: int) -> Quantity:
    """Return the length of a run as a quantity."""
    beats = len(case.measurements.beats.classes)
    reason = "" if beats else "too-few-beats"
    value = float(longest) if beats else None
    return Quantity(kind=kinds()["wide_run"], value=value, beats=beats, reason=reason)


PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "sinus_rhythm": sinus_rhythm,
        "sinus_arrhythmia": sinus_arrhythmia,
        "atrial_fibrillation": atrial_fibrillation,
        "regular_at_flutter_rate": regular_at_flutter_rate,
        "supraventricular_tachycardia": supraventricular_tachycardia,
        "wide_complex_tachycardia": wide_complex_tachycardia,
        "wide_run": wide_run,
        "wide_run_to_the_end": wide_run_to_the_end,
        "slow_regular_without_p": slow_regular_without_p,
        "no_organised_qrs": no_organised_qrs,
    }
)
