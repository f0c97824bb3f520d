"""Patterns of electrodes that were exchanged and of a record that does not fit together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from cardioalert.domain.record import CHEST_LEADS, LIMB_LEADS, Lead
from cardioalert.i18n import N_
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import Case, Pattern, combine
from cardioalert.interpret.checks import (
    Check,
    Outcome,
    Quantity,
    all_in_turn,
    all_of,
    any_of,
    compare,
    n_of,
    negate,
    seen,
    without_evidence,
)
from cardioalert.interpret.criteria import Numbers, kinds
from cardioalert.interpret.lead_patterns import mostly_positive, upright_t

STANDARD_LIMB_LEADS: Final = LIMB_LEADS[:3]


def arm_electrodes_exchanged(case: Case, n: Numbers) -> Check:
    """P, QRS and T negative in I while aVR is upright and V6 looks normal."""
    return all_of(
        _points(case, Lead.I, up=False),
        _p_points(case, Lead.I, up=False),
        negate(upright_t(case, Lead.I), _("T negative in I")),
        _points(case, Lead.AVR, up=True),
        _points(case, Lead.V6, up=True),
    )


def flat_limb_lead(case: Case, n: Numbers) -> Check:
    """One of I, II and III almost flat while the others are not."""
    flat = [
        compare(case.lead("qrs_peak_to_peak", lead), "below", n["flat_mv"])
        for lead in STANDARD_LIMB_LEADS
    ]
    tall = [
        compare(case.lead("qrs_peak_to_peak", lead), "at_least", n["others_mv"])
        for lead in STANDARD_LIMB_LEADS
    ]
    others = n_of(2, tall)
    return all_of(any_of(*flat), Check(outcome=others.outcome, reasons=others.reasons))


def left_electrodes_exchanged(case: Case, n: Numbers) -> Check:
    """P larger in I than in II, as when the left arm and left leg electrodes are exchanged."""
    one, two = case.lead("p", Lead.I), case.lead("p", Lead.II)
    larger = combine("p_one_over_two", (one.value or 0.0) - (two.value or 0.0), (one, two))
    p_waves = seen(case.measurements.rhythm.p_before_every_qrs, "", measure="p_before_every_qrs")
    return all_of(
        without_evidence(p_waves),
        compare(one, "at_least", n["p_mv"]),
        compare(larger, "at_least", n["difference_mv"]),
        negate(upright_t(case, Lead.III), _("T not upright in III")),
        _points(case, Lead.III, up=False),
    )


def chest_electrodes_exchanged(case: Case, n: Numbers) -> Check:
    """QRS and T both break their order from V1 to V6 at the same inner lead.

    Exchanged electrodes move the whole curve; an infarction takes the R but not the order of T.
    """
    dips = [
        all_in_turn(
            compare(_dip(case, "qrs_dip", lead, _net_share), "at_least", n["qrs_percent"]),
            partial(_t_dips, case, lead, n),
        )
        for lead in CHEST_LEADS[1:-1]
    ]
    return any_of(*dips)


def _t_dips(case: Case, lead: Lead, n: Numbers) -> Check:
    """T is lower than that of both neighbors."""
    return compare(_dip(case, "t_dip", lead, _net_t), "at_least", n["t_mv"])


def _dip(
    case: Case, name: str, lead: Lead, height: Callable[[Case, Lead], float | None]
) -> Quantity:
    """Return by how much both neighbors of a chest lead are higher than it."""
    k = CHEST_LEADS.index(lead)
    left, own, right = (height(case, each) for each in CHEST_LEADS[k - 1 : k + 2])
    known = left is not None and own is not None and right is not None
    value = min(left or 0.0, right or 0.0) - (own or 0.0) if known else None
    return Quantity(
        kind=kinds()[name],
        value=None if value is None else round(value, 3),
        place=str(lead),
        leads=(lead,),
        reason="" if known else "lead-missing",
    )


def _net_share(case: Case, lead: Lead) -> float | None:
    """Return R less S in percent of both: -100 for a QS, +100 for an R alone."""
    r, s = case.number("r_height", lead), case.number("s_depth", lead)
    if r is None or s is None:
        return None
    return 100.0 * (r - s) / max(r + s, 1e-3)


def _net_t(case: Case, lead: Lead) -> float | None:
    """Return the upright less the inverted part of T, mV."""
    up, down = case.number("t_positive", lead), case.number("t_depth", lead)
    return None if up is None or down is None else up - down


def limb_leads_disagree(case: Case, n: Numbers) -> Check:
    """I + III - II is not zero where the leads are simultaneous."""
    residual = case.measurements.einthoven_residual
    if residual is None:
        return Check(outcome=Outcome.NOT_MET)
    quantity = Quantity(kind=kinds()["einthoven_residual"], value=round(residual, 4))
    return compare(quantity, "above", n["residual_mv"])


def _points(case: Case, lead: Lead, *, up: bool) -> Check:
    """Whether the QRS of a lead points up or down."""
    positive = mostly_positive(case, lead)
    text = N_("QRS upright in {lead}") if up else N_("QRS negative in {lead}")
    flag = None if positive is None else positive is up
    return seen(flag, _(text, lead=lead), measure="qrs_shape", leads=(lead,))


def _p_points(case: Case, lead: Lead, *, up: bool) -> Check:
    """Whether P of a lead points up or down."""
    p = case.number("p", lead)
    text = N_("P upright in {lead}") if up else N_("P negative in {lead}")
    flag = None if p is None else (p > 0 if up else p < 0)
    return seen(flag, _(text, lead=lead), measure="p", leads=(lead,))


PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "arm_electrodes_exchanged": arm_electrodes_exchanged,
        "flat_limb_lead": flat_limb_lead,
        "left_electrodes_exchanged": left_electrodes_exchanged,
        "chest_electrodes_exchanged": chest_electrodes_exchanged,
        "limb_leads_disagree": limb_leads_disagree,
    }
)
