"""What the rules of ST, Q and T share: contiguous leads, the ST slope, grouped evidence."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Final

from cardioalert.domain.record import Lead
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import ADJACENT, Case, Place, is_qs
from cardioalert.interpret.checks import (
    Check,
    Compared,
    Outcome,
    Quantity,
    Shown,
    all_in_turn,
    any_of,
    cap,
    compare,
    later,
    limit_text,
    n_of,
    one_met,
    seen,
)
from cardioalert.interpret.criteria import kinds

LVH_ROWS: Final = ("LVH-S", "LVH-C", "LVH-CP", "LVH-L", "LVH-P", "LVH-RE")
SEPTAL: Final = (Lead.V1, Lead.V2, Lead.V3)
ANTERIOR: Final = (Lead.V1, Lead.V2, Lead.V3, Lead.V4)


def contiguous(checks: Mapping[Place, Check], needed: int = 2) -> Check:
    """Return what follows when `needed` neighbouring leads must meet their checks.

    Leads without a check break the chain: their neighbours are not contiguous. A run that is close
    to its limits is possible only where one of its leads is over its own.
    """
    if all(check.outcome is Outcome.NOT_MET for check in checks.values()):  # the usual heart
        return later(Outcome.NOT_MET, partial(_contiguous, checks, needed))
    return _contiguous(checks, needed)


def _contiguous(checks: Mapping[Place, Check], needed: int) -> Check:
    """Return the outcome of the best run of neighbours."""
    runs = []
    for run in _neighbours(needed):
        found = [checks[place] for place in run if place in checks]
        if len(found) == needed:
            runs.append(one_met(*found))
    return grouped(any_of(*runs))


def grouped(check: Check) -> Check:
    """Return a check whose evidence of one measure and limit stands in one line, largest first."""
    return later(check.outcome, partial(_grouped, check))


def _grouped(check: Check) -> Check:
    """Join the lines of evidence."""
    groups: dict[Hashable, list[Compared]] = {}
    shown: dict[Hashable, Shown] = {}
    for each in check.evidence:
        if isinstance(each, Compared) and len(each.leads) == 1:
            key = (each.measure, each.limit, each.note)
            groups.setdefault(key, []).append(each)
            shown.setdefault(key, each)
        else:
            shown.setdefault(each, each)
    lines = (_one_line(groups[key]) if key in groups else one for key, one in shown.items())
    return replace(check, evidence=tuple(lines))


def st_slope(case: Case, place: Place) -> Quantity:
    """Return ST at J + 80 ms less ST at J: negative when ST slopes down."""
    kind = kinds()["st_slope"]
    early, late = case.lead("st_j", place), case.lead("st_j80", place)
    if early.value is None or late.value is None:
        return replace(late, kind=kind, value=None, reason=early.reason or late.reason)
    sd = kind.floor_on_paper if case.on_paper else kind.floor
    return Quantity(  # not `replace`, which takes four times as long: it is asked for often
        kind=kind,
        value=round(late.value - early.value, 6),
        sd=sd,
        place=late.place,
        leads=late.leads,
        beats=late.beats,
        reason=late.reason,
        weak=late.weak,
    )


def upright_t(case: Case, lead: Lead) -> Check:
    """T more positive than negative."""
    up, down = case.number("t_positive", lead), case.number("t_depth", lead)
    text = _("upright T in {lead}", lead=lead)
    flag = up > down if up is not None and down is not None else None
    return seen(flag, text, measure="t_direction", leads=(lead,))


def inverted_t(case: Case, lead: Lead, limit: float) -> Check:
    """T inverted by more than the limit, and more negative than positive."""
    return all_in_turn(
        compare(case.lead("t_depth", lead), "above", limit), partial(negate_upright, case, lead)
    )


def negate_upright(case: Case, lead: Lead) -> Check:
    """T more negative than positive."""
    up, down = case.number("t_positive", lead), case.number("t_depth", lead)
    flag = down > up if up is not None and down is not None else None
    return Check(outcome=seen(flag, "", measure="t_direction").outcome)


def mostly_positive(case: Case, lead: Lead) -> bool | None:
    """Tell whether R is larger than S."""
    r, s = case.number("r_height", lead), case.number("s_depth", lead)
    return r > s if r is not None and s is not None else None


def qs_complex(case: Case, lead: Lead, depth: float) -> Check:
    """A QRS without any R, at least `depth` deep."""
    measured, s = case.measurements.leads.get(lead), case.lead("s_depth", lead)
    shape = None if measured is None else is_qs(measured)
    text = _("QS in {lead}", lead=lead)
    flag = shape and s.value >= depth if shape is not None and s.value is not None else None
    check = seen(flag, text, measure="qrs_shape", leads=(lead,))
    return cap_weak(check, case, lead)


def cap_weak(check: Check, case: Case, lead: Lead) -> Check:
    """Return a check that is possible at most when the lead holds too few clean beats."""
    measured = case.measurements.leads.get(lead)
    if measured is None or measured.beats >= case.beats_needed:
        return check
    if check.outcome is Outcome.NOT_MET:
        return Check(outcome=Outcome.UNKNOWN, reasons=("too-few-beats",))
    return cap(check, _("few clean beats in {lead}", lead=lead))


@cache
def _neighbours(needed: int) -> tuple[tuple[Place, ...], ...]:
    """Return the runs of `needed` contiguous leads."""
    following = dict(ADJACENT)
    runs = []
    for start in following:
        run = [start]
        while len(run) < needed and run[-1] in following:
            run.append(following[run[-1]])
        if len(run) == needed:
            runs.append(tuple(run))
    return tuple(runs)


def _one_line(group: list[Compared]) -> Compared:
    """Join what was compared with one limit in several leads."""
    if len(group) == 1:
        return group[0]
    group = sorted(group, key=lambda each: -abs(each.value))
    return replace(
        group[0],
        values=tuple((each.value, each.values[0][1] or str(each.leads[0])) for each in group),
        leads=tuple(each.leads[0] for each in group),
    )


__all__ = [
    "ANTERIOR",
    "LVH_ROWS",
    "SEPTAL",
    "cap_weak",
    "contiguous",
    "grouped",
    "inverted_t",
    "limit_text",
    "mostly_positive",
    "n_of",
    "qs_complex",
    "st_slope",
    "upright_t",
]
