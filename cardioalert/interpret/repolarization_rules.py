"""Patterns of Q waves, T waves, QT and the J point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final

from cardioalert.domain.record import CHEST_LEADS, Lead
from cardioalert.i18n import translate as _
from cardioalert.interpret.case import CHEST_CHAIN, LIMB_CHAIN, Case, Pattern, Place
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
    negate,
    one_met,
    without_evidence,
)
from cardioalert.interpret.criteria import Numbers, kinds
from cardioalert.interpret.lead_patterns import (
    contiguous,
    grouped,
    inverted_t,
    qs_complex,
    upright_t,
)

T_LEADS: Final = (Lead.AVL, Lead.I, Lead.II, Lead.AVF, *CHEST_LEADS)
INFERIOR: Final = (Lead.II, Lead.AVF, Lead.III)
V2_V3: Final = (Lead.V2, Lead.V3)


def t_inversion(case: Case, n: Numbers) -> Check:
    """T inversion in two contiguous leads with R larger than S.

    aVR and III do not count; nor do V1-V3 in right bundle branch block, where it is secondary.
    """
    has_rbbb = case.outcome("RBBB", "IRBBB") >= Outcome.NEARLY
    checks = {
        place: all_in_turn(
            inverted_t(case, place.lead, n["t_mv"]), partial(_prominent_r, case, place.lead, n)
        )
        for place in (*LIMB_CHAIN, *CHEST_CHAIN)
        if place.lead in T_LEADS and not (has_rbbb and place.lead in (Lead.V1, Lead.V2, Lead.V3))
    }
    inferior = all_of(*(checks[Place(lead=lead)] for lead in (Lead.II, Lead.AVF)))
    return grouped(any_of(contiguous(checks), inferior))


def wellens(case: Case, n: Numbers) -> Check:
    """Deep or biphasic T in V2 and V3 with R preserved and hardly any ST elevation.

    ST elevation above the limit leaves it possible; how urgent that is, `wellens_with_st` says.
    """
    shape = _wellens_shape(case, n)
    low_st = all_of(*(compare(case.lead("st_j", lead), "below", n["st_mv"]) for lead in V2_V3))
    if low_st.outcome >= Outcome.BARELY:
        return shape
    return cap(shape, _("hardly any ST elevation in V2-V3 is part of the pattern"))


def wellens_with_st(case: Case, n: Numbers) -> Check:
    """The T waves and R of `wellens` with more ST elevation than belongs to it.

    More ST elevation must never make an ECG look safer, whether or not it reaches the limit of an
    infarction.
    """
    raised = any_of(*(compare(case.lead("st_j", lead), "at_least", n["st_mv"]) for lead in V2_V3))
    return grouped(all_of(_wellens_shape(case, n), raised))


def _wellens_shape(case: Case, n: Numbers) -> Check:
    """Deep or biphasic T in V2 and V3 with R preserved."""
    deep = all_of(*(inverted_t(case, lead, n["t_mv"]) for lead in V2_V3))
    biphasic = all_of(*(_biphasic_t(case, lead, n) for lead in V2_V3))
    no_q = all_of(
        *(compare(case.lead("q_duration", lead), "below", n["q_ms"]) for lead in V2_V3),
        *(negate(qs_complex(case, lead, n["qs_mv"])) for lead in V2_V3),
    )
    return grouped(all_of(any_of(deep, biphasic), Check(outcome=no_q.outcome)))


def pathological_q(case: Case, n: Numbers) -> Check:
    """Q or QS in V2-V3, or Q in two contiguous leads of one territory."""
    early = any_of(
        *(
            any_of(
                compare(case.lead("q_duration", lead), "at_least", n["v2_v3_ms"]),
                qs_complex(case, lead, n["depth_mv"]),
            )
            for lead in V2_V3
        )
    )
    chest = contiguous({place: _q_wave(case, place.lead, n) for place in CHEST_CHAIN})
    lateral = all_of(*(_q_wave(case, lead, n) for lead in (Lead.I, Lead.AVL)))
    inferior = n_of(2, [_q_wave(case, lead, n) for lead in INFERIOR])
    return grouped(any_of(early, chest, lateral, inferior))


def tall_broad_r(case: Case, n: Numbers) -> Check:
    """A broad dominant R with upright T in V1 and V2: an old posterior infarction."""
    return all_of(
        *(
            all_in_turn(
                compare(case.lead("r_duration", lead), "at_least", n["r_ms"]),
                partial(_large_r, case, lead, n),
                partial(upright_t, case, lead),
            )
            for lead in (Lead.V1, Lead.V2)
        )
    )


def early_repolarization(case: Case, n: Numbers) -> Check:
    """A notch at the end of a narrow QRS in two contiguous leads other than V1-V3."""
    leads = {
        place: compare(case.lead("end_qrs_notch", place), "at_least", n["notch_mv"])
        for place in (*LIMB_CHAIN, *CHEST_CHAIN)
        if place.lead not in (Lead.AVR, Lead.V1, Lead.V2, Lead.V3)
    }
    narrow = compare(case.value("qrs"), "below", n["qrs_ms"])
    return all_of(contiguous(leads), Check(outcome=narrow.outcome, reasons=narrow.reasons))


def long_qt(case: Case, n: Numbers) -> Check:
    """QTc by Fridericia over the limit; a wide QRS is replaced by a normal one first."""
    check = all_of(
        compare(_qtc(case, n), "at_least", n["qtc_ms"], n.note),
        _enough_beats_for_qt(case, n),
    )
    if case.value("qtc_fridericia").reason == "unstable-rate":
        return cap(check, _("QTc is not reliable while the rate changes"))
    rate = case.value("heart_rate").value
    if rate is not None and not n["rate_from"] <= rate <= n["rate_to"]:
        return cap(check, _("QTc is not reliable at this heart rate"))
    return check


def short_qt(case: Case, n: Numbers) -> Check:
    """QTc by Fridericia under the limit, at a normal rate."""
    return all_of(
        compare(_qtc(case, n), "at_most", n["qtc_ms"]),
        compare(case.value("heart_rate"), "below", n["rate"]),
    )


def coved_st(case: Case, n: Numbers) -> Check:
    """ST elevation that slopes down into a negative T in V1 or V2."""
    return any_of(
        *(
            all_in_turn(
                compare(case.lead("st_j", lead), "at_least", n["st_mv"]),
                partial(_falling_st, case, lead, n),
                partial(inverted_t, case, lead, n["t_mv"]),
            )
            for lead in (Lead.V1, Lead.V2)
        )
    )


def saddleback_st(case: Case, n: Numbers) -> Check:
    """ST that falls from a high r' to a trough and rises to an upright T in V1 or V2."""
    return any_of(
        *(
            all_of(
                compare(case.lead("saddle_takeoff", lead), "at_least", n["takeoff_mv"]),
                compare(case.lead("saddle_trough", lead), "at_least", n["trough_mv"]),
                compare(case.lead("saddle_base", lead), "at_least", n["base_ms"]),
                # A line that hardly falls has no triangle: its base would be minutes long.
                without_evidence(compare(case.lead("saddle_base", lead), "at_most", n["most_ms"])),
            )
            for lead in (Lead.V1, Lead.V2)
        )
    )


def hyperacute_t(case: Case, n: Numbers) -> Check:
    """Broad T waves, as tall as their whole QRS, in two contiguous leads."""
    leads = {
        place: all_in_turn(
            compare(case.lead("t_positive", place), "at_least", n["t_mv"]),
            partial(_as_tall_as_qrs, case, place.lead, n),
            partial(_broad_t, case, place.lead, n),
        )
        for place in (*LIMB_CHAIN, *CHEST_CHAIN)
        if place.lead is not Lead.AVR
    }
    return contiguous(leads)


def tall_t(case: Case, n: Numbers) -> Check:
    """Very tall T in two contiguous leads.

    It is tall above an elevated ST, too: the T of an infarction stands on its ST elevation.
    """
    leads = {}
    for place in (*LIMB_CHAIN, *CHEST_CHAIN):
        if place.lead is Lead.AVR:
            continue
        limit = n["chest_mv"] if place.lead in CHEST_LEADS else n["limb_mv"]
        leads[place] = all_in_turn(
            compare(case.lead("t_positive", place), "above", limit),
            partial(_tall_above_st, case, place, limit),
        )
    return contiguous(leads)


def _tall_above_st(case: Case, place: Place, limit: float) -> Check:
    """T over the limit above an elevated ST."""
    t, raised = case.lead("t_positive", place), max(case.lead("st_j", place).value or 0.0, 0.0)
    above = replace(t, value=round(t.value - raised, 6)) if t.value and raised else t
    return without_evidence(compare(above, "above", limit))


def tall_t_with_danger(case: Case, n: Numbers) -> Check:
    """Very tall T with a slow rate, a wide QRS or a junctional rhythm, each beyond its error.

    A QRS that nobody could measure, as where it runs into such a T, may be wide.
    """
    danger = any_of(
        compare(case.value("heart_rate"), "below", n["rate"]),
        compare(case.value("qrs"), "above", n["qrs_ms"]),
        case.rule("RH9-J"),
    )
    tall = tall_t(case, n)
    if danger.outcome <= Outcome.BARELY and tall.outcome is Outcome.NEARLY and not tall.capped:
        return Check(outcome=Outcome.NOT_MET)  # two near misses
    if danger.outcome is Outcome.BARELY:
        danger = cap(danger, _("the second sign is close to its limit"))
    if danger.outcome is Outcome.UNKNOWN and case.value("qrs").value is None:
        text = _("the QRS duration could not be measured: a wide QRS is not excluded")
        return cap(tall, text) if tall.outcome >= Outcome.BARELY else all_of(tall, danger)
    return one_met(tall, danger)


def right_strain(case: Case, n: Numbers) -> Check:
    """At least two signs of acute right-heart strain."""
    inverted = [inverted_t(case, lead, n["t_mv"]) for lead in CHEST_LEADS[:3]]
    signs = (
        _s1q3t3(case, n),
        all_of(*inverted, negate(case.rule("RBBB", "IRBBB"))),
        compare(case.value("heart_rate"), "above", n["rate"]),
    )
    return grouped(n_of(round(n["signs"]), signs))


def _large_r(case: Case, lead: Lead, n: Numbers) -> Check:
    """R as large as S or larger."""
    return compare(_r_over_s(case, lead), "at_least", n["r_over_s"])


def _falling_st(case: Case, lead: Lead, n: Numbers) -> Check:
    """ST that is lower 80 ms after J."""
    return compare(_st_ratio(case, lead), "above", n["st_ratio"])


def _as_tall_as_qrs(case: Case, lead: Lead, n: Numbers) -> Check:
    """T as tall as the whole QRS."""
    return compare(_t_over_qrs(case, lead), "at_least", n["percent"])


def _broad_t(case: Case, lead: Lead, n: Numbers) -> Check:
    """T that stays above half of its height for long."""
    return compare(case.lead("t_width", lead), "at_least", n["width_ms"])


def _prominent_r(case: Case, lead: Lead, n: Numbers) -> Check:
    """R larger than S."""
    check = compare(_r_over_s(case, lead), "above", n["r_over_s"])
    return Check(outcome=check.outcome, reasons=check.reasons)


def _r_over_s(case: Case, lead: Lead) -> Quantity:
    """R over S; no S makes it large."""
    r, s = case.lead("r_height", lead), case.lead("s_depth", lead)
    known = r.value is not None and s.value is not None
    ratio = (r.value or 0.0) / max(s.value or 0.0, 1e-3) if known else None
    return Quantity(
        kind=kinds()["r_over_s"],
        value=round(ratio, 3) if ratio is not None else None,
        place=str(lead),
        leads=(lead,),
        beats=r.beats,
        reason=r.reason or s.reason or "not-measurable",
    )


def _biphasic_t(case: Case, lead: Lead, n: Numbers) -> Check:
    """T with a clear positive and a clear negative part."""
    return all_of(
        compare(case.lead("t_positive", lead), "at_least", n["biphasic_mv"]),
        compare(case.lead("t_depth", lead), "at_least", n["biphasic_mv"]),
    )


def _q_wave(case: Case, lead: Lead, n: Numbers) -> Check:
    """A long and deep Q, or QS, where it is not a normal variant."""
    q = all_of(
        compare(case.lead("q_duration", lead), "at_least", n["duration_ms"]),
        compare(case.lead("q_depth", lead), "at_least", n["depth_mv"]),
    )
    if lead is Lead.V1:  # QS in V1 is normal
        return q
    check = any_of(q, qs_complex(case, lead, n["depth_mv"]))
    return Check(outcome=Outcome.NOT_MET) if _is_normal_q(case, lead, n) else check


def _is_normal_q(case: Case, lead: Lead, n: Numbers) -> bool:
    """Tell whether a Q in III or aVL goes with the axis."""
    axis = case.value("qrs_axis").value
    if axis is None:
        return False
    if lead is Lead.AVL:
        return n["avl_axis_from_deg"] <= axis <= n["avl_axis_to_deg"]
    if lead is not Lead.III or not n["iii_axis_from_deg"] <= axis <= n["iii_axis_to_deg"]:
        return False
    q, r = case.number("q_depth", lead), case.number("r_height", lead)
    return q is not None and r is not None and q < n["iii_q_share"] * r


def _qtc(case: Case, n: Numbers) -> Quantity:
    """QTc by Fridericia, with the QRS replaced by a normal one when it is wide."""
    qtc, qrs = case.value("qtc_fridericia"), case.value("qrs")
    if qtc.value is None or qrs.value is None or qrs.value < n["wide_qrs_ms"]:
        return qtc
    return Quantity(
        kind=kinds()["qtc_corrected"],
        value=round(qtc.value - qrs.value + n["normal_qrs_ms"], 3),
        sd=(qtc.sd**2 + qrs.sd**2) ** 0.5,
        leads=qtc.leads,
        beats=qtc.beats,
    )


def _enough_beats_for_qt(case: Case, n: Numbers) -> Check:
    """More beats are needed when the rhythm is irregular."""
    fibrillation = case.outcome("RH3") >= Outcome.NEARLY
    needed = n["beats_in_fibrillation"] if fibrillation else n["beats"]
    enough = case.value("qtc_fridericia").beats >= needed
    return Check(
        outcome=Outcome.MET if enough else Outcome.UNKNOWN,
        reasons=() if enough else ("too-few-beats",),
    )


def _st_ratio(case: Case, lead: Lead) -> Quantity:
    """ST at J over ST at J + 80 ms; an ST that has come down to the baseline makes it large."""
    early, late = case.lead("st_j", lead), case.lead("st_j80", lead)
    known = early.value is not None and late.value is not None
    ratio = (early.value or 0.0) / max(late.value or 0.0, 1e-2) if known else None
    return Quantity(
        kind=kinds()["st_ratio"],
        value=round(ratio, 3) if ratio is not None else None,
        place=str(lead),
        leads=(lead,),
        beats=early.beats,
        reason=early.reason or late.reason or "not-measurable",
        weak=early.weak,
    )


def _t_over_qrs(case: Case, lead: Lead) -> Quantity:
    """T in percent of the QRS, peak to peak."""
    t, qrs = case.lead("t_positive", lead), case.lead("qrs_peak_to_peak", lead)
    known = t.value is not None and bool(qrs.value)
    share = 100.0 * (t.value or 0.0) / (qrs.value or 1.0)
    return Quantity(
        kind=kinds()["t_over_qrs"],
        value=round(share, 3) if known else None,
        sd=100.0 * t.sd / (qrs.value or 1.0),
        place=str(lead),
        leads=(lead,),
        beats=t.beats,
        reason=t.reason or qrs.reason or "not-measurable",
        weak=t.weak,
    )


def _s1q3t3(case: Case, n: Numbers) -> Check:
    """S in I, Q and inverted T in III."""
    return all_of(
        compare(case.lead("s_depth", Lead.I), "at_least", n["s1q3_mv"]),
        compare(case.lead("q_depth", Lead.III), "at_least", n["s1q3_mv"]),
        inverted_t(case, Lead.III, 0.0),
    )


PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        "t_inversion": t_inversion,
        "wellens": wellens,
        "wellens_with_st": wellens_with_st,
        "pathological_q": pathological_q,
        "tall_broad_r": tall_broad_r,
        "early_repolarization": early_repolarization,
        "long_qt": long_qt,
        "short_qt": short_qt,
        "coved_st": coved_st,
        "saddleback_st": saddleback_st,
        "hyperacute_t": hyperacute_t,
        "tall_t": tall_t,
        "tall_t_with_danger": tall_t_with_danger,
        "right_strain": right_strain,
    }
)
