"""Patterns of acute ischaemia: ST elevation and its equivalents, ST depression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final

from cardioalert.domain.record import CHEST_LEADS, STANDARD_LEADS, Lead
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import ADJACENT, CHEST_CHAIN, LIMB_CHAIN, Case, Pattern, Place
from cardioalert.interpret.checks import (
    Check,
    Outcome,
    Quantity,
    all_in_turn,
    all_of,
    any_of,
    cap,
    compare,
    n_of,
    without_evidence,
)
from cardioalert.interpret.criteria import Numbers, kinds
from cardioalert.interpret.lead_patterns import (
    ANTERIOR,
    LVH_ROWS,
    SEPTAL,
    contiguous,
    grouped,
    inverted_t,
    mostly_positive,
    st_slope,
    upright_t,
)

INFERIOR_PLACES: Final = tuple(
    place for place in LIMB_CHAIN if place.lead in (Lead.II, Lead.AVF, Lead.III)
)
V2_V3: Final = (Lead.V2, Lead.V3)


def st_elevation(case: Case, n: Numbers) -> Check:
    """ST elevation at J in two contiguous leads, each over its own limit.

    One of them must be over it by more than the measurement error: two leads that just reach it are
    borderline, which is possible. With voltage criteria for LVH, V1-V3 alone make it possible only:
    see `st_elevation_with_lvh`.
    """
    leads = elevations(case, n)
    check = contiguous(leads)
    if check.outcome is not Outcome.BARELY or _has_clear_lead(leads):
        return check
    return cap(check, _("ST is within its measurement error of the limit in each of these leads"))


def _has_clear_lead(leads: Mapping[Place, Check]) -> bool:
    """Tell whether one of two neighbours over their limits is so beyond doubt."""
    return any(
        min(one, other) >= Outcome.BARELY and max(one, other) is Outcome.MET
        for one, other in ((leads[a].outcome, leads[b].outcome) for a, b in ADJACENT)
    )


def st_elevation_below_limit(case: Case, n: Numbers) -> Check:
    """ST within its error below the limit in two contiguous leads, and over it in neither.

    It is no infarction by the criteria, and no reason to call the ECG normal.
    """
    leads = elevations(case, n)
    close = (all_of(leads[one], leads[other]) for one, other in ADJACENT)
    check = grouped(any_of(*close))
    if case.outcome("STE") >= Outcome.NEARLY or check.outcome >= Outcome.BARELY:
        return Check(outcome=Outcome.NOT_MET)
    if check.outcome is not Outcome.NEARLY:
        return check
    return replace(check, outcome=Outcome.BARELY)


def st_elevation_with_lvh(case: Case, n: Numbers) -> Check:
    """ST elevation that is large for its QRS in V1-V3, with LVH and a second sign.

    Armstrong's ratio is ST at J over the amplitude from R to S in the same lead. LVH that is
    only possible takes nothing from the limits of `st_elevation`, so nothing is to be asked.
    """
    if Outcome.UNKNOWN < case.outcome(*LVH_ROWS) < Outcome.BARELY:
        return Check(outcome=Outcome.NOT_MET)
    return grouped(all_in_turn(case.rule(*LVH_ROWS), partial(_large_for_its_qrs, case, n)))


def _large_for_its_qrs(case: Case, n: Numbers) -> Check:
    """ST elevation that is large for its QRS in V1-V3, with a second sign."""
    elevated = elevations(case, n, spare_lvh=True)
    large = [
        all_of(
            elevated[Place(lead=lead)], compare(_st_over_qrs(case, lead), "at_least", n["percent"])
        )
        for lead in SEPTAL
    ]
    inverted = any_of(*(inverted_t(case, lead, n["t_mv"]) for lead in ANTERIOR))
    second = any_of(contiguous(elevated, needed=round(n["leads"])), inverted)
    return all_of(any_of(*large), second)


def inferior_elevation(case: Case, n: Numbers) -> Check:
    """ST elevation in two of II, aVF and III: the right ventricle should be looked at."""
    checks = [compare(case.lead("st_j", each), "at_least", n["st_mv"]) for each in INFERIOR_PLACES]
    return grouped(all_of(case.rule("STE"), n_of(2, checks)))


def reciprocal_depression(case: Case, n: Numbers) -> Check:
    """ST depression in I or aVL opposite to an inferior ST elevation."""
    opposite = [
        compare(case.lead("st_j", lead), "at_most", n["st_mv"]) for lead in (Lead.AVL, Lead.I)
    ]
    return all_of(case.rule("STE-RV"), any_of(*opposite))


def posterior(case: Case, n: Numbers) -> Check:
    """Horizontal ST depression with upright T in two neighbours of V1-V3.

    Depression that is merely deepest in V1-V4 is possible only: its accuracy was measured in
    people with a high-risk acute coronary syndrome.
    """
    flat = contiguous(
        {
            Place(lead=lead): all_in_turn(
                _flat_depression(case, Place(lead=lead), n), partial(upright_t, case, lead)
            )
            for lead in SEPTAL
        }
    )
    return any_of(flat, _deepest_in_v1_to_v4(case, n))


def sgarbossa(case: Case, n: Numbers) -> Check:
    """Smith-modified Sgarbossa criteria: any one of three, in LBBB or ventricular pacing.

    A block just short of its own limits is no finding, and none can be built on it: the criteria
    for hearts without a block then apply.
    """
    wide = case.rule("LBBB", "PACE-V", "PACE-PV")
    if wide.outcome is Outcome.NEARLY:
        return Check(outcome=Outcome.NOT_MET)
    return grouped(all_in_turn(wide, partial(_one_of_three, case, n)))


def _one_of_three(case: Case, n: Numbers) -> Check:
    """Any one of the three criteria, whatever the QRS."""
    concordant_up = any_of(*(_concordant_elevation(case, lead, n) for lead in STANDARD_LEADS))
    concordant_down = any_of(*(_concordant_depression(case, lead, n) for lead in SEPTAL))
    discordant = any_of(*(_discordant_elevation(case, lead, n) for lead in STANDARD_LEADS))
    return any_of(concordant_up, concordant_down, discordant)


def de_winter(case: Case, n: Numbers) -> Check:
    """Upsloping ST depression running into a tall T in two contiguous chest leads."""
    leads = {
        place: all_in_turn(
            compare(case.lead("st_j", place), "at_most", n["st_mv"]),
            partial(_rising_into_tall_t, case, place, n),
        )
        for place in CHEST_CHAIN
    }
    slow = compare(case.value("heart_rate"), "at_most", n["rate"])
    return grouped(all_of(contiguous(leads), slow))


def _rising_into_tall_t(case: Case, place: Place, n: Numbers) -> Check:
    """ST that slopes up into a tall T."""
    return all_of(
        compare(st_slope(case, place), "at_least", n["slope_mv"]),
        compare(case.lead("t_positive", place), "at_least", n["t_mv"]),
    )


def diffuse_depression(case: Case, n: Numbers) -> Check:
    """ST depression in many leads with elevation in aVR or V1."""
    depressed = [
        compare(case.lead("st_j", lead), "at_most", n["depressed_mv"])
        for lead in STANDARD_LEADS
        if lead is not Lead.AVR
    ]
    elevated = [
        compare(case.lead("st_j", lead), "at_least", n["elevated_mv"])
        for lead in (Lead.AVR, Lead.V1)
    ]
    return grouped(all_of(n_of(round(n["leads"]), depressed), any_of(*elevated)))


def st_depression(case: Case, n: Numbers) -> Check:
    """Horizontal or downsloping ST depression in two contiguous leads."""
    leads = {place: _flat_depression(case, place, n) for place in (*LIMB_CHAIN, *CHEST_CHAIN)}
    return contiguous(leads)


def subtle_lad_occlusion(case: Case, n: Numbers) -> Check:
    """Driver's four-variable formula; only where ST in V2-V4 is already elevated.

    0.052 QTcB - 0.151 QRS(V2) - 0.268 R(V4) + 1.062 ST60(V3), in ms and mm.
    """
    elevated = any_of(
        *(compare(case.lead("st_j", lead), "at_least", n["st_mv"]) for lead in ANTERIOR[1:])
    )
    parts = (
        (n["qtc_factor"], case.value("qtc_bazett")),
        (n["qrs_v2_factor"] * n["mm_per_mv"], case.lead("qrs_peak_to_peak", Lead.V2)),
        (n["r_v4_factor"] * n["mm_per_mv"], case.lead("r_height", Lead.V4)),
        (n["st60_v3_factor"] * n["mm_per_mv"], case.lead("st_j60", Lead.V3)),
    )
    known = all(quantity.value is not None for _factor, quantity in parts)
    total = sum(factor * (quantity.value or 0.0) for factor, quantity in parts)
    score = Quantity(
        kind=kinds()["lad_formula"],
        value=round(total, 2) if known else None,
        sd=sum((factor * quantity.sd) ** 2 for factor, quantity in parts) ** 0.5,
    )
    shown = without_evidence(elevated)
    return grouped(all_of(case.rule("STE"), shown, compare(score, "at_least", n["score"])))


def elevations(case: Case, n: Numbers, *, spare_lvh: bool = False) -> dict[Place, Check]:
    """Compare ST at J with the limit of each lead.

    Elevation that is gone 60 ms later is possible only: a notch or a late R at the end of the QRS
    looks the same where J is placed a little early. That of an infarction lasts.
    """
    has_lvh = case.outcome(*LVH_ROWS) is Outcome.MET and not spare_lvh
    by_lvh = _("may be secondary to LVH: voltage criteria are met")
    passing = _("ST is below its limit 60 ms after J: the end of the QRS may look like that")
    checks = {}
    for place in (*LIMB_CHAIN, *CHEST_CHAIN):
        own = place.lead in V2_V3
        limit, note = (n["v2_v3_mv"], n.note) if own else (n["other_mv"], "")
        check = compare(case.lead("st_j", place), "at_least", limit, note)
        if has_lvh and place.lead in SEPTAL:
            check = cap(check, by_lvh)
        later = case.lead("st_j60", place).value
        if later is not None and later < limit:
            check = cap(check, passing)
        checks[place] = check
    return checks


def _st_over_qrs(case: Case, lead: Lead) -> Quantity:
    """ST at J in percent of the QRS amplitude."""
    st, qrs = case.lead("st_j", lead), case.lead("qrs_peak_to_peak", lead)
    return _quotient("st_over_qrs", st, qrs, scale=100.0)


def _quotient(name: str, over: Quantity, under: Quantity, *, scale: float = 1.0) -> Quantity:
    """Divide two amplitudes of one lead."""
    kind = kinds()[name]
    if over.value is None or not under.value:
        reason = over.reason or under.reason or "not-measurable"
        return Quantity(kind=kind, value=None, place=over.place, reason=reason)
    return Quantity(
        kind=kind,
        value=round(scale * over.value / under.value, 4),
        sd=scale * over.sd / abs(under.value),
        place=over.place,
        leads=over.leads,
        beats=over.beats,
        weak=over.weak or under.weak,
    )


def _concordant_elevation(case: Case, lead: Lead, n: Numbers) -> Check:
    """ST elevation where the QRS points up."""
    return all_of(
        _direction(case, lead, up=True),
        compare(case.lead("st_j", lead), "at_least", n["concordant_mv"]),
    )


def _concordant_depression(case: Case, lead: Lead, n: Numbers) -> Check:
    """ST depression in V1-V3 where the QRS points down."""
    return all_of(
        _direction(case, lead, up=False),
        compare(case.lead("st_j", lead), "at_most", -n["concordant_mv"]),
    )


def _discordant_elevation(case: Case, lead: Lead, n: Numbers) -> Check:
    """ST elevation that is too large for the S before it."""
    st, s = case.lead("st_j", lead), case.lead("s_depth", lead)
    ratio = _quotient("st_over_s", st, s, scale=-1.0)
    return all_of(
        _direction(case, lead, up=False),
        compare(st, "at_least", n["discordant_mv"]),
        compare(ratio, "at_most", n["st_over_s"]),
    )


def _direction(case: Case, lead: Lead, *, up: bool) -> Check:
    """Whether the QRS points up (or down) in a lead."""
    positive = mostly_positive(case, lead)
    if positive is None:
        return Check(outcome=Outcome.UNKNOWN, reasons=("not-measurable",))
    return Check(outcome=Outcome.MET if positive is up else Outcome.NOT_MET)


def _deepest_in_v1_to_v4(case: Case, n: Numbers) -> Check:
    """Flat ST depression in two contiguous chest leads whose deepest lead is one of V1-V4.

    Possible at most, and only from the limit on.
    """
    values = {lead: case.number("st_j", lead) for lead in CHEST_LEADS}
    known = {lead: value for lead, value in values.items() if value is not None}
    if len(known) < len(CHEST_LEADS):
        return Check(outcome=Outcome.UNKNOWN, reasons=("not-measurable",))
    deepest = min(known, key=lambda lead: known[lead])
    check = contiguous({place: _flat_depression(case, place, n) for place in CHEST_CHAIN})
    if deepest not in ANTERIOR or check.outcome < Outcome.BARELY:
        return Check(outcome=Outcome.NOT_MET)
    return cap(check, _("measured in people with a high-risk acute coronary syndrome only"))


def _flat_depression(case: Case, place: Place, n: Numbers) -> Check:
    """ST depression that does not slope up."""
    return all_in_turn(
        compare(case.lead("st_j", place), "at_most", n["st_mv"]),
        partial(_not_upsloping, case, place, n),
    )


def _not_upsloping(case: Case, place: Place, n: Numbers) -> Check:
    """ST that does not slope up: no evidence of its own."""
    return without_evidence(compare(st_slope(case, place), "at_most", n["slope_mv"]))


PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "st_elevation": st_elevation,
        "st_elevation_below_limit": st_elevation_below_limit,
        "st_elevation_with_lvh": st_elevation_with_lvh,
        "inferior_elevation": inferior_elevation,
        "reciprocal_depression": reciprocal_depression,
        "posterior": posterior,
        "sgarbossa": sgarbossa,
        "de_winter": de_winter,
        "diffuse_depression": diffuse_depression,
        "st_depression": st_depression,
        "subtle_lad_occlusion": subtle_lad_occlusion,
    }
)
