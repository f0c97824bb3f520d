"""Patterns of electrodes that were exchanged and of a record that does not fit together."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cardioalert.domain.record import LIMB_LEADS, Lead
from cardioalert.i18n import N_
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import Case, Pattern
from cardioalert.interpret.checks import (
    Check,
    Outcome,
    Quantity,
    all_of,
    any_of,
    compare,
    n_of,
    negate,
    seen,
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
        "limb_leads_disagree": limb_leads_disagree,
    }
)
