"""Patterns of AV conduction, pre-excitation, bundle branches and fascicles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from cardioalert.domain.record import STANDARD_LEADS, Lead
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import Case, Pattern, combine
from cardioalert.interpret.checks import (
    Check,
    Outcome,
    Quantity,
    all_in_turn,
    all_of,
    any_of,
    between,
    cap,
    compare,
    higher,
    n_of,
    negate,
    not_capped,
    one_met,
    seen,
)
from cardioalert.interpret.criteria import Numbers
from cardioalert.interpret.lead_patterns import grouped

INFERIOR: Final = (Lead.II, Lead.III, Lead.AVF)
LEFT: Final = (Lead.I, Lead.AVL, Lead.V5, Lead.V6)


def pre_excitation(case: Case, n: Numbers) -> Check:
    """Short PR, delta waves and a wide QRS together."""
    return all_in_turn(
        compare(case.value("pr"), "below", n["pr_ms"]),
        partial(_delta_waves, case, n),
        lambda: compare(case.value("qrs"), "at_least", n["qrs_ms"]),
    )


def possible_pre_excitation(case: Case, n: Numbers) -> Check:
    """Short PR with a delta wave or a slightly wide QRS."""
    return all_in_turn(
        compare(case.value("pr"), "below", n["pr_ms"]),
        lambda: any_of(compare(case.value("qrs"), "above", n["qrs_ms"]), _delta_waves(case, n)),
    )


def pre_excited_fibrillation(case: Case, n: Numbers) -> Check:
    """Irregular and wide, with at least one very short RR."""
    return all_of(
        compare(case.rhythm("rr_variation"), "above", n["rr_variation"]),
        one_met(
            compare(case.value("qrs"), "at_least", n["qrs_ms"]),
            compare(case.rhythm("rr_min"), "at_most", n["rr_min_ms"]),
        ),
    )


def right_bundle_branch_block(case: Case, n: Numbers) -> Check:
    """The shape of a right bundle branch block in a wide QRS; just below, the incomplete one."""
    width, check = _right_bundle_branch_block(case, n)
    return check if width.outcome >= Outcome.BARELY else not_capped(check)


def incomplete_right_bundle_branch_block(case: Case, n: Numbers) -> Check:
    """The same shape in a slightly wide QRS; above, it is the complete block."""
    width, check = _right_bundle_branch_block(case, n)
    duration = case.value("qrs").value
    above = duration is not None and duration >= n["qrs_below_ms"]
    return not_capped(check) if above and width.outcome < Outcome.BARELY else check


def left_bundle_branch_block(case: Case, n: Numbers) -> Check:
    """Wide QRS, late or broad R over the left ventricle without q, and a negative QRS in V1.

    A notched or slurred R shows as a late peak in V5 or V6 or as a long R in several leads; the
    negative QRS in V1 keeps right bundle branch block out.
    """
    return all_in_turn(
        compare(case.value("qrs"), "at_least", n["qrs_ms"]),
        partial(_late_or_broad_left_r, case, n),
        partial(_no_q, case, n),
        lambda: compare(_net_qrs(case, Lead.V1), "below", 0.0),
    )


def incomplete_left_bundle_branch_block(case: Case, n: Numbers) -> Check:
    """The LVH pattern with a late R in V4-V6, no q, and a slightly wide QRS."""
    return all_in_turn(
        between(case.value("qrs"), n["qrs_from_ms"], n["qrs_below_ms"]),
        partial(case.rule, "LVH-S", "LVH-C", "LVH-CP", "LVH-L"),
        partial(_late_left_r, case, (Lead.V4, Lead.V5, Lead.V6), n),
        partial(_no_q, case, n),
    )


def unspecific_delay(case: Case, n: Numbers) -> Check:
    """A wide QRS of neither bundle branch shape."""
    return all_of(
        compare(case.value("qrs"), "above", n["qrs_ms"]),
        _no_shape(
            case.rule("RBBB", "IRBBB"),
            _("no right bundle branch block shape"),
            _("right bundle branch block shape not certain"),
        ),
        _no_shape(
            case.rule("LBBB", "ILBBB"),
            _("no left bundle branch block shape"),
            _("left bundle branch block shape not certain"),
        ),
    )


def _no_shape(shape: Check, absent: str, in_doubt: str) -> Check:
    """Return the absence of a shape, in words that fit its doubt."""
    return negate(shape, absent if shape.outcome is Outcome.NOT_MET else in_doubt)


def left_anterior_fascicular_block(case: Case, n: Numbers) -> Check:
    """Left axis, qR and late R in aVL, rS in the inferior leads, narrow QRS."""
    return all_in_turn(
        between(case.value("qrs_axis"), n["axis_from_deg"], n["axis_below_deg"]),
        partial(_q_then_r, case, Lead.AVL),
        lambda: compare(case.lead("r_peak_time", Lead.AVL), "at_least", n["r_peak_time_ms"]),
        *(partial(_r_then_s, case, lead) for lead in INFERIOR),
        lambda: compare(case.value("qrs"), "below", n["qrs_ms"]),
    )


def left_posterior_fascicular_block(case: Case, n: Numbers) -> Check:
    """Right axis, rS in I and aVL, qR in III and aVF, narrow QRS."""
    return all_in_turn(
        between(case.value("qrs_axis"), n["axis_from_deg"], n["axis_below_deg"]),
        *(partial(_r_then_s, case, lead) for lead in (Lead.I, Lead.AVL)),
        *(partial(_q_then_r, case, lead) for lead in (Lead.III, Lead.AVF)),
        lambda: compare(case.value("qrs"), "below", n["qrs_ms"]),
    )


def _right_bundle_branch_block(case: Case, n: Numbers) -> tuple[Check, Check]:
    """A late R in V1 or V2 and a broad S in I and V6, within the limits of QRS duration.

    The late R is a second R, a wide notched R, an R without S in V1, or the R of a qR complex: an
    infarction of the septum takes the first r away. With a broad S in only one of I and V6 it is
    possible at most. Returned are what the duration says, and all together.
    """
    width = between(case.value("qrs"), n["qrs_from_ms"], n["qrs_below_ms"])
    return width, all_in_turn(width, partial(_late_right_r, case, n), partial(_late_s, case, n))


def _late_right_r(case: Case, n: Numbers) -> Check:
    """A late R in V1 or V2, of one of four shapes."""
    return any_of(
        *(_rsr(case, lead, n) for lead in (Lead.V1, Lead.V2)),
        _late_last_r(case, n),
        *(_late_r_after_q(case, lead, n) for lead in (Lead.V1, Lead.V2)),
    )


def _late_s(case: Case, n: Numbers) -> Check:
    """A broad S in I and V6; possible in one of them."""
    broad_s = [_broad_s(case, lead, n) for lead in (Lead.I, Lead.V6)]
    one_only = cap(any_of(*broad_s), _("no broad S in one of I and V6"))
    return higher(one_only, all_of(*broad_s))


def _delta_waves(case: Case, n: Numbers) -> Check:
    """Slow start of the QRS in several leads."""
    slopes = [
        compare(case.lead("initial_slope_ratio", lead), "below", n["slope_ratio"])
        for lead in STANDARD_LEADS
    ]
    return grouped(n_of(round(n["leads"]), slopes))


def _rsr(case: Case, lead: Lead, n: Numbers) -> Check:
    """An rsr', rsR' or rSR' shape, or a wide notched R."""
    notched = all_of(
        seen(
            case.flag("notched_r", lead),
            _("notched R in {lead}", lead=lead),
            measure="notched_r",
            leads=(lead,),
        ),
        compare(case.lead("r_duration", lead), "at_least", n["notched_r_ms"]),
    )
    return any_of(compare(case.lead("r_prime", lead), "at_least", n["r_prime_mv"]), notched)


def _late_last_r(case: Case, n: Numbers) -> Check:
    """An R without q or S in V1 that peaks late, in time in V5 and V6."""
    q, r, s = (case.number(name, Lead.V1) for name in ("q_depth", "r_height", "s_depth"))
    flag = None
    if q is not None and r is not None and s is not None:
        flag = q <= 0 and r > 0 and s <= 0
    times = [
        compare(case.lead("r_peak_time", lead), "at_most", n["r_peak_time_ms"])
        for lead in (Lead.V5, Lead.V6)
    ]
    return all_of(
        seen(flag, _("R without S in V1"), measure="qrs_shape", leads=(Lead.V1,)),
        compare(case.lead("r_peak_time", Lead.V1), "above", n["r_peak_time_ms"]),
        *times,
    )


def _late_r_after_q(case: Case, lead: Lead, n: Numbers) -> Check:
    """A qR complex with hardly any S that peaks late here, and in time in V5 or V6.

    V5 and V6 are not asked where a Q as after an infarction delays their R; where both are silent
    for that reason it is possible at most.
    """
    q, r, s = (case.number(name, lead) for name in ("q_depth", "r_height", "s_depth"))
    flag = None
    if q is not None and r is not None and s is not None:
        flag = q > 0 and r >= n["r_prime_mv"] and s <= n["s_share"] * r
    text = _("qR in {lead}", lead=lead)
    times = [
        compare(case.lead("r_peak_time", left), "at_most", n["r_peak_time_ms"])
        for left in (Lead.V5, Lead.V6)
        if (case.number("q_duration", left) or 0.0) < n["q_ms"]
    ]
    check = all_of(
        seen(flag, text, measure="qrs_shape", leads=(lead,)),
        compare(case.lead("r_peak_time", lead), "above", n["r_peak_time_ms"]),
        *times,
    )
    return check if times else cap(check, _("Q waves delay the R of V5 and V6 as well"))


def _broad_s(case: Case, lead: Lead, n: Numbers) -> Check:
    """An S that is longer than R, or longer than the limit."""
    s, r = case.lead("s_duration", lead), case.lead("r_duration", lead)
    longer_than_r = compare(s, "above", r.value, _("longer than R")) if r.value else None
    longer = compare(s, "above", n["s_ms"])
    return any_of(longer, longer_than_r) if longer_than_r else longer


def _late_or_broad_left_r(case: Case, n: Numbers) -> Check:
    """R peaks late in V5 or V6, or is broad in several leads over the left ventricle."""
    broad = [compare(case.lead("r_duration", lead), "at_least", n["r_ms"]) for lead in LEFT]
    return any_of(_late_left_r(case, (Lead.V5, Lead.V6), n), n_of(round(n["leads"]), broad))


def _late_left_r(case: Case, leads: tuple[Lead, ...], n: Numbers) -> Check:
    """R peaks late in one of the leads over the left ventricle."""
    times = (
        compare(case.lead("r_peak_time", lead), "above", n["r_peak_time_ms"]) for lead in leads
    )
    return any_of(*times)


def _no_q(case: Case, n: Numbers) -> Check:
    """No q in I, V5 and V6."""
    leads = (Lead.I, Lead.V5, Lead.V6)
    return all_of(*(compare(case.lead("q_depth", lead), "below", n["q_mv"]) for lead in leads))


def _net_qrs(case: Case, lead: Lead) -> Quantity:
    """R less S: whether the QRS points up or down."""
    r, s = case.lead("r_height", lead), case.lead("s_depth", lead)
    return combine("qrs_sign", (r.value or 0.0) - (s.value or 0.0), (r, s))


def _q_then_r(case: Case, lead: Lead) -> Check:
    """A qR complex: a q, and an R that is larger than S."""
    text = _("qR in {lead}", lead=lead)
    q, r, s = (case.number(name, lead) for name in ("q_depth", "r_height", "s_depth"))
    if q is None or r is None or s is None:
        return seen(None, text, measure="qrs_shape", leads=(lead,))
    return seen(q > 0 and r > max(q, s), text, measure="qrs_shape", leads=(lead,))


def _r_then_s(case: Case, lead: Lead) -> Check:
    """An rS complex: an r without q before it, and a larger S."""
    text = _("rS in {lead}", lead=lead)
    q, r, s = (case.number(name, lead) for name in ("q_depth", "r_height", "s_depth"))
    if q is None or r is None or s is None:
        return seen(None, text, measure="qrs_shape", leads=(lead,))
    return seen(q <= 0 and 0 < r < s, text, measure="qrs_shape", leads=(lead,))


PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "pre_excitation": pre_excitation,
        "possible_pre_excitation": possible_pre_excitation,
        "pre_excited_fibrillation": pre_excited_fibrillation,
        "right_bundle_branch_block": right_bundle_branch_block,
        "incomplete_right_bundle_branch_block": incomplete_right_bundle_branch_block,
        "left_bundle_branch_block": left_bundle_branch_block,
        "incomplete_left_bundle_branch_block": incomplete_left_bundle_branch_block,
        "unspecific_delay": unspecific_delay,
        "left_anterior_fascicular_block": left_anterior_fascicular_block,
        "left_posterior_fascicular_block": left_posterior_fascicular_block,
    }
)
