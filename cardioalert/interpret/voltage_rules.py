"""Patterns of hypertrophy and atrial enlargement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from cardioalert.domain.record import LIMB_LEADS, Lead
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import Case, Pattern, combine
from cardioalert.interpret.checks import (
    Check,
    Outcome,
    Quantity,
    all_of,
    any_of,
    cap,
    compare,
    n_of,
)
from cardioalert.interpret.criteria import Numbers, kinds
from cardioalert.interpret.lead_patterns import LVH_ROWS
from cardioalert.interpret.quantities import cornell, largest, peguero

LATERAL: Final = (Lead.V5, Lead.V6)
MILLIMETERS_PER_MILLIVOLT: Final = 10.0  # of the criteria written for 10 mm/mV


def cornell_product(case: Case, n: Numbers) -> Check:
    """Cornell voltage, with its addition for women, times QRS duration."""
    voltage, duration = cornell(case), case.value("qrs")
    height = (voltage.value or 0.0) + n["added_mv"]
    product = height * MILLIMETERS_PER_MILLIVOLT * (duration.value or 0.0)
    quantity = Quantity(
        kind=kinds()["cornell_product"],
        value=round(product, 3) if voltage.value is not None and duration.value else None,
        sd=MILLIMETERS_PER_MILLIVOLT
        * (voltage.sd * (duration.value or 0.0) + duration.sd * abs(height)),
        leads=voltage.leads,
        beats=voltage.beats,
        reason=voltage.reason or duration.reason,
    )
    return compare(quantity, "at_least", n["at_least"], n.note)


def romhilt_estes(case: Case, n: Numbers) -> Check:
    """Romhilt-Estes points; what cannot be measured may still add its points.

    Digitalis is not known to the program, so that a strain pattern always counts in full. Without
    the points for voltage it is possible at most: the finding speaks of voltages.
    """
    voltage = _any_voltage(case, n)
    signs = (
        (n["voltage_points"], voltage),
        (n["strain_points"], strain(case, n)),
        (n["atrial_points"], case.rule("LAE")),
        (n["axis_points"], compare(case.value("qrs_axis"), "at_most", n["axis_deg"])),
        (n["qrs_points"], compare(case.value("qrs"), "at_least", n["qrs_ms"])),
        (n["peak_points"], _late_r(case, n)),
    )
    score = sum(points for points, check in signs if check.outcome >= Outcome.BARELY)
    open_points = sum(points for points, check in signs if check.outcome is Outcome.UNKNOWN)
    quantity = Quantity(
        kind=kinds()["romhilt_estes"], value=score, sd=n["definite"] - n["probable"]
    )
    check = compare(quantity, "at_least", n["definite"])
    if check.outcome is Outcome.BARELY:  # five points are definite, there is no doubt above
        check = compare(Quantity(kind=quantity.kind, value=score), "at_least", n["definite"])
    if voltage.outcome < Outcome.BARELY <= check.outcome:
        text = _("none of the Romhilt-Estes points is for a voltage")
        return replace(check, outcome=Outcome.NEARLY, against=(*check.against, text))
    if check.outcome is Outcome.NOT_MET and score + open_points >= n["probable"]:
        return Check(outcome=Outcome.UNKNOWN, reasons=("not-measurable",))
    return check


def peguero_lo_presti(case: Case, n: Numbers) -> Check:
    """Deepest S in any lead plus S in V4; certain only beside another voltage criterion.

    Every tenth normal ECG reaches it, so that alone it neither makes LVH certain nor lets other
    findings be taken for its consequence.
    """
    check = compare(peguero(case), "at_least", n["sum_mv"], n.note)
    others = (rule for rule in LVH_ROWS if rule in case.outcomes)
    if case.outcome(*others) >= Outcome.BARELY:
        return check
    return cap(check, _("the Peguero-Lo Presti criterion alone is met in many normal hearts"))


def strain(case: Case, n: Numbers) -> Check:
    """ST and T opposite to a tall R in V5 or V6."""
    return any_of(
        *(
            all_of(
                compare(case.lead("st_j", lead), "below", 0.0),
                compare(case.lead("t_depth", lead), "above", n["strain_t_mv"]),
            )
            for lead in LATERAL
        )
    )


def right_ventricular_hypertrophy(case: Case, n: Numbers) -> Check:
    """Two voltage signs with a right axis; an axis just right of normal only supports it."""
    r1, s1 = case.lead("r_height", Lead.V1), case.lead("s_depth", Lead.V1)
    signs = (
        compare(r1, "at_least", n["rv1_mv"]),
        all_of(
            compare(_ratio("rs_v1", r1, s1), "above", n["rs_v1"]),
            compare(r1, "at_least", n["rv1_for_ratio_mv"]),
        ),
        compare(_rv1_plus_s(case, r1), "above", n["rv1_plus_s_mv"]),
        _deep_lateral_s(case, n),
    )
    axis = case.value("qrs_axis")
    supported = all_of(
        n_of(round(n["signs"]), signs), compare(axis, "above", n["supporting_axis_deg"])
    )
    certain = all_of(supported, compare(axis, "at_least", n["axis_deg"]))
    if certain.outcome >= Outcome.BARELY or supported.outcome <= Outcome.NEARLY:
        return max(certain, supported, key=lambda check: check.outcome)
    return Check(outcome=Outcome.NEARLY, evidence=supported.evidence, margin=supported.margin)


def left_atrial_enlargement(case: Case, n: Numbers) -> Check:
    """A deep and long terminal part of P in V1, or a long P with two peaks in II."""
    terminal = all_of(
        compare(case.lead("p_terminal_depth", Lead.V1), "at_least", n["depth_mv"]),
        compare(case.lead("p_terminal_duration", Lead.V1), "at_least", n["duration_ms"]),
    )
    two_peaks = all_of(
        compare(case.lead("p_length", Lead.II), "at_least", n["p_ms"]),
        compare(case.lead("p_peaks_apart", Lead.II), "at_least", n["peaks_ms"]),
    )
    return any_of(terminal, two_peaks)


def right_atrial_enlargement(case: Case, n: Numbers) -> Check:
    """A tall P in an inferior lead or in V1."""
    inferior = (Lead.II, Lead.III, Lead.AVF)
    return any_of(
        *(compare(case.lead("p", lead), "above", n["inferior_mv"]) for lead in inferior),
        compare(case.lead("p", Lead.V1), "above", n["v1_mv"]),
    )


def _any_voltage(case: Case, n: Numbers) -> Check:
    """One of the Romhilt-Estes voltages."""
    limb = (
        compare(largest(case, name, LIMB_LEADS), "at_least", n["limb_mv"])
        for name in ("r_height", "s_depth")
    )
    return any_of(
        *limb,
        compare(largest(case, "s_depth", (Lead.V1, Lead.V2)), "at_least", n["chest_mv"]),
        compare(largest(case, "r_height", LATERAL), "at_least", n["chest_mv"]),
    )


def _late_r(case: Case, n: Numbers) -> Check:
    """R peaks late in V5 or V6."""
    return any_of(
        *(compare(case.lead("r_peak_time", lead), "at_least", n["peak_ms"]) for lead in LATERAL)
    )


def _rv1_plus_s(case: Case, r1: Quantity) -> Quantity:
    """R in V1 plus the larger S of V5 and V6."""
    deepest = largest(case, "s_depth", LATERAL)
    return combine("rv1_plus_s", (r1.value or 0.0) + (deepest.value or 0.0), (r1, deepest))


def _deep_lateral_s(case: Case, n: Numbers) -> Check:
    """A deep S, or an R no larger than S, in V5 or V6."""
    checks = []
    for lead in LATERAL:
        r, s = case.lead("r_height", lead), case.lead("s_depth", lead)
        checks.append(compare(s, "at_least", n["s_lateral_mv"]))
        checks.append(compare(_ratio("rs_lateral", r, s), "at_most", n["rs_lateral"]))
    return any_of(*checks)


def _ratio(name: str, over: Quantity, under: Quantity) -> Quantity:
    """Divide two amplitudes; a missing S makes the ratio very large, not unknown."""
    if over.value is None or under.value is None:
        return combine(name, None, (over, under))
    floor = max(under.value, under.sd, 1e-3)
    ratio = over.value / floor
    spread = (over.sd + ratio * under.sd) / floor
    return Quantity(
        kind=kinds()[name],
        value=round(ratio, 4),
        sd=spread,
        leads=over.leads,
        beats=min(over.beats, under.beats),
        place=over.place,
    )


PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "cornell_product": cornell_product,
        "peguero_lo_presti": peguero_lo_presti,
        "romhilt_estes": romhilt_estes,
        "right_ventricular_hypertrophy": right_ventricular_hypertrophy,
        "left_atrial_enlargement": left_atrial_enlargement,
        "right_atrial_enlargement": right_atrial_enlargement,
    }
)
