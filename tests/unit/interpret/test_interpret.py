"""From measurements to the whole interpretation: gates, urgency, advice, contradictions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cardioalert.domain.clinical import BeatClass, Interpretation, Overall, Urgency
from cardioalert.domain.imaging import Digitized, Grade, Notice
from cardioalert.domain.patient import Patient, Sex, Symptom
from cardioalert.domain.record import STANDARD_LEADS, Lead
from cardioalert.interpret import interpret
from cardioalert.interpret.criteria import criteria
from tests.built_measurements import built_measurements, built_record
from tests.made_analysis import made_digitized
from tests.unit.interpret.limit_cases import (
    BIPHASIC,
    COVED,
    DIFFUSE,
    FAST_UNMEASURED,
    INFERIOR,
    IRREGULAR,
    LBBB_SHAPE,
    LIMB,
    MAN,
    NO_P,
    POSTERIOR,
    RBBB_SHAPE,
    REVERSED,
    SLOW_UNMEASURED,
    SOMEBODY,
    STE_LVH,
    V6_UNREAD,
    WELLENS,
    WOMAN,
    YOUNG_MAN,
    D,
    W,
    dropped,
    in_turn,
    merged,
    on,
    pr_around_a_drop,
    pulses,
    qrs_widths,
    rate,
    rhythm,
    run_of,
    strokes,
    values,
)


def judged(
    *overrides: Any,
    patient: Patient = MAN,
    digitized: Digitized | None = None,
    seconds: float = 10.0,
    on_paper: bool | None = None,
) -> Interpretation:
    measured = built_measurements(**merged(*overrides))
    record = built_record(seconds)
    return interpret(measured, record, patient, digitized=digitized, on_paper=on_paper)


def codes(result: Interpretation) -> dict[str, str]:
    return {finding.code: finding.status for finding in result.findings}


def advice(result: Interpretation) -> list[str]:
    return [each.code for each in result.advice]


def unseen(result: Interpretation) -> dict[str, str]:
    return {each.code: each.reason for each in result.not_assessed}


def with_symptoms(*symptoms: Symptom) -> Patient:
    return replace(MAN, symptoms=symptoms)


def page(**changes: Any) -> Digitized:
    """A good page whose grid, quality or traces may be changed."""
    digitized = made_digitized()
    grid = replace(digitized.grid, scale_confirmed=True)
    quality = replace(digitized.quality, grade=Grade.GOOD, reasons=())
    traces = tuple(replace(trace, named_by="label") for trace in digitized.traces)
    return replace(digitized, **{"grid": grid, "quality": quality, "traces": traces, **changes})


# ---- A normal ECG ----------------------------------------------------------------------------


def test_a_normal_ecg_is_green_and_never_rules_out_an_infarction():
    result = judged()
    assert result.overall is Overall.NORMAL
    assert result.urgency is Urgency.GREEN
    assert codes(result) == {"sinus-rhythm": "present", "normal-ecg": "possible"}
    assert "does not rule out a heart attack" in " ".join(each.text for each in result.advice)


def test_without_a_network_normal_is_possible_only_and_says_so():
    result = judged()
    normal = next(each for each in result.findings if each.code == "normal-ecg")
    assert normal.status == "possible"
    assert "network" in normal.against[0]
    assert "criteria-only" in advice(result)
    assert unseen(result)["network"] == "no network was asked"


@pytest.mark.parametrize(
    "overrides",
    [
        rate(49),
        rate(101),
        values(pr=119),
        values(pr=201),
        values(qrs=111),
        values(qrs_axis=-31),
        values(qrs_axis=91),
        values(qtc_fridericia=451),
        values(qtc_fridericia=359),
        NO_P,
        values(pr=None),
        on("V1", s=-2.5),
        {"unusable": {"V4": "noisy"}},
        {"agreement": 0.8},
        on("V2", beats=2),
        {"einthoven_residual": 0.2},
    ],
)
def test_one_thing_amiss_is_not_normal(overrides):
    result = judged(overrides)
    assert result.overall is not Overall.NORMAL
    assert result.urgency is not Urgency.GREEN
    assert "normal-ecg" not in codes(result)


def test_what_cannot_be_seen_is_listed_with_every_ecg():
    assert "PACE" in unseen(judged())
    assert not {"AV3", "HAT", "BRU2", "LR-LL", "LR-CHEST"} & set(unseen(judged()))


def test_sex_and_age_unknown_use_the_stricter_limits_and_say_so():
    elevated = on(("V2", "V3"), st_j=0.18)
    assert "st-elevation" not in codes(judged(elevated))
    result = judged(elevated, patient=SOMEBODY)
    assert codes(result)["st-elevation"] == "present"
    assert "gate:person" in unseen(result)
    assert "not known" in result.findings[0].evidence[0].text


# ---- ST elevation ----------------------------------------------------------------------------


def test_st_elevation_is_red_with_its_evidence():
    result = judged(on("V2", st_j=0.24), on("V3", st_j=0.31, st_j60=0.2))
    assert result.urgency is Urgency.RED
    assert result.overall is Overall.ABNORMAL
    assert result.findings[0].evidence[0].text == (
        "ST at J +0.31 mV in V3, +0.24 mV in V2 (limit +0.20 mV, men 40 years and older)"
    )
    assert result.findings[0].decided_by == ("rule:STE", "rule:LAD4")
    assert result.findings[0].title.endswith("(anterior)")
    assert advice(result)[0] == "call-ambulance"


def test_inferior_elevation_asks_for_the_right_leads():
    result = judged(INFERIOR, on("aVL", st_j=-0.1))
    assert result.findings[0].decided_by == ("rule:STE", "rule:STE-RV", "rule:TERR")
    assert "(inferior)" in result.findings[0].title
    assert "record-v3r-v4r" in advice(result)


@pytest.mark.parametrize(
    ("patient", "limit"), [(MAN, 0.20), (YOUNG_MAN, 0.25), (WOMAN, 0.15), (SOMEBODY, 0.15)]
)
def test_limits_in_v2_and_v3_depend_on_sex_and_age(patient, limit):
    clear, reached, below = (
        judged(on(("V2", "V3"), st_j=limit + more), patient=patient) for more in (0.03, 0.0, -0.03)
    )
    assert clear.urgency is Urgency.RED
    assert (codes(reached)["st-elevation"], reached.urgency) == ("possible", Urgency.ORANGE)
    assert below.urgency < Urgency.RED


def test_two_leads_that_are_not_neighbours_do_not_make_it():
    assert "st-elevation" not in codes(judged(on(("I", "III"), st_j=0.2)))
    assert "st-elevation" not in codes(judged(on(("V1", "V4"), st_j=0.2)))


def test_just_below_the_limit_in_one_lead_it_stays_possible_and_orange():
    result = judged(on("II", st_j=0.09), on("aVF", st_j=0.2))
    assert codes(result)["st-elevation"] == "possible"
    assert result.urgency is Urgency.ORANGE


def test_just_below_the_limit_in_every_lead_it_is_possible_and_orange():
    result = judged(on(("II", "aVF"), st_j=0.09))
    assert codes(result)["st-elevation-below-limit"] == "possible"
    assert "st-elevation" not in codes(result)
    assert result.overall is Overall.ABNORMAL
    assert result.urgency is Urgency.ORANGE


def test_a_flat_p_in_one_limb_lead_is_sinus_rhythm_still():
    assert "sinus-rhythm" in codes(judged(on("I", p=0.0)))
    assert "sinus-rhythm" in codes(judged(on("II", p=0.0)))
    assert "sinus-rhythm" not in codes(judged(on("II", p=0.0), on("I", p=0.0)))
    assert "sinus-rhythm" not in codes(judged(on("II", p=0.0), on("I", p=-0.05)))


def test_a_guessed_lead_casts_doubt_on_what_it_shows_only():
    digitized = page()
    names = {True: "morphology", False: "label"}
    traces = tuple(
        replace(digitized.traces[0], lead=lead, named_by=names[lead is Lead.AVF])
        for lead in STANDARD_LEADS
    )
    digitized = replace(digitized, traces=traces)
    anterior = judged(on(("V3", "V4"), st_j=0.5), digitized=digitized)
    inferior = judged(on(("II", "aVF"), st_j=0.5), digitized=digitized)
    assert codes(anterior)["st-elevation"] == "present"
    assert codes(inferior)["st-elevation"] == "possible"


def test_left_bundle_branch_block_switches_to_sgarbossa():
    discordant = on(("V1", "V2", "V3"), st_j=0.3)
    result = judged(LBBB_SHAPE, discordant)
    assert "st-elevation" not in codes(result)
    assert "Sgarbossa" in unseen(result)["STE"]
    assert result.urgency is Urgency.YELLOW
    concordant = judged(LBBB_SHAPE, discordant, on("V5", st_j=0.15))
    assert concordant.findings[0].decided_by == ("rule:SGA",)
    assert concordant.urgency is Urgency.RED


def test_a_block_that_is_no_finding_itself_is_no_ground_for_sgarbossa():
    """A QRS of 117 +- 21 ms made a possible infarction "in left bundle branch block" once."""
    doubt = {"uncertainty": {"qrs": 0.021}}
    almost = merged(LBBB_SHAPE, values(qrs=117), doubt, on("V5", st_j=0.15))
    result = judged(almost)
    assert "left-bundle-branch-block" not in codes(result)
    assert not any("rule:SGA" in finding.decided_by for finding in result.findings)


def test_left_bundle_branch_block_silences_what_it_imitates():
    result = judged(LBBB_SHAPE, on("aVL", r=1.8), on(("V5", "V6"), t_positive=0.0, t_negative=-0.4))
    assert not {"lvh-voltage", "t-wave-inversion", "q-waves-old-infarction"} & set(codes(result))
    assert {"LVH-L", "TWI", "QW", "STE"} <= set(unseen(result))
    assert "ask-pacemaker" in advice(result)


def test_right_bundle_branch_block_does_not_block_st_elevation():
    result = judged(RBBB_SHAPE, values(qrs=140), INFERIOR)
    assert {"right-bundle-branch-block", "st-elevation"} <= set(codes(result))
    assert result.urgency is Urgency.RED


def test_ventricular_pacing_switches_to_sgarbossa_and_hides_no_danger():
    paced = merged(pulses(6), LBBB_SHAPE)
    result = judged(paced, on(("V1", "V2", "V3"), st_j=0.3))
    assert codes(result)["paced-rhythm"] == "present"
    assert "pacing" in unseen(result)["STE"]
    assert "pacing" in unseen(result)["QTL"]
    assert judged(paced, on("V5", st_j=0.2)).urgency is Urgency.RED
    fast = judged(paced, rate(150))
    assert codes(fast)["wide-complex-tachycardia"] == "possible"


def test_strokes_before_wide_beats_on_paper_are_possibly_pacing_and_no_bundle_branch_block():
    """A page of a paced rhythm was once called a left bundle branch block, for certain."""
    paced = merged(LBBB_SHAPE, strokes(), on(LIMB, qrs_peak_to_peak=0.4))
    result = judged(paced, on(("V1", "V2", "V3"), st_j=0.3))
    assert codes(result)["paced-rhythm"] == "possible"
    blocked = {"LBBB", "LV-LIMB", "STE", "QW", "LVH-S", "STD", "QTL"}
    assert all("pacing" in unseen(result)[rule] for rule in blocked)
    assert not {"left-bundle-branch-block", "low-voltage"} & set(codes(result))
    assert "ask-pacemaker" in advice(result)
    assert any("I, II, III" in each.text for each in result.findings[0].evidence)
    assert judged(paced, on("V5", st_j=0.2)).urgency is Urgency.RED


def test_separators_before_a_few_beats_are_no_pacing():
    """A separator stands at one place of the page; pulses stand before beat after beat."""
    assert "paced-rhythm" not in codes(judged(LBBB_SHAPE, strokes(3)))
    assert codes(judged(LBBB_SHAPE, strokes(3)))["left-bundle-branch-block"] == "present"


def test_early_strokes_are_pacing_of_the_atria_and_block_nothing():
    result = judged(strokes(lag_ms=200), on(("V1", "V2", "V3"), st_j=0.3))
    assert codes(result)["paced-rhythm"] == "possible"
    assert codes(result)["st-elevation"] == "present"


def test_no_pulse_seen_does_not_exclude_a_pacemaker():
    assert "not excluded" in unseen(judged())["PACE"]


def test_pre_excitation_makes_st_not_assessable():
    delta = on(("I", "II", "aVL", "V4", "V5", "V6"), initial_slope_ratio=0.03)
    result = judged(delta, values(pr=90, qrs=140), INFERIOR)
    assert codes(result)["pre-excitation"] == "present"
    assert "pre-excitation" in unseen(result)["STE"]


def test_elevation_that_ends_with_the_qrs_is_possible_and_still_orange():
    """Two healthy records were red: their J lay on a notch, and ST was level 60 ms later."""
    lasting = judged(on(("II", "aVF", "III"), st_j=0.15, st_j60=0.1))
    assert codes(lasting)["st-elevation"] == "present"
    assert lasting.urgency is Urgency.RED
    brief = judged(on(("II", "aVF", "III"), st_j=0.15, st_j60=0.099))
    assert codes(brief)["st-elevation"] == "possible"
    assert brief.urgency is Urgency.ORANGE
    assert any("60 ms" in text for text in brief.findings[0].against)


def test_lvh_does_not_silence_st_elevation():
    small = judged(on("V1", s=-3.0), on(("V2", "V3"), st_j=0.3, qrs_peak_to_peak=3.0))
    assert codes(small)["st-elevation"] == "possible"
    assert small.urgency is Urgency.ORANGE
    assert any("LVH" in text for text in small.findings[0].against)
    large = judged(STE_LVH)
    assert large.urgency is Urgency.RED
    assert "rule:STE-LVH" in large.findings[0].decided_by
    elsewhere = judged(on("V1", s=-3.0), INFERIOR)
    assert elsewhere.urgency is Urgency.RED


def test_early_repolarization_never_cancels_st_elevation():
    result = judged(on(("V4", "V5"), st_j=0.2, end_qrs_notch=0.2))
    assert result.urgency is Urgency.RED
    assert any("early repolarization" in text for text in result.findings[0].against)


@pytest.mark.parametrize(
    ("overrides", "code", "level"),
    [
        (POSTERIOR, "posterior-infarction-pattern", Urgency.RED),
        (DIFFUSE, "diffuse-st-depression", Urgency.RED),
        (on(("V5", "V6"), st_j=-0.2, st_j80=-0.25), "st-depression", Urgency.ORANGE),
        (WELLENS, "wellens-pattern", Urgency.ORANGE),
        (COVED, "coved-st-elevation", Urgency.ORANGE),
        (values(qtc_fridericia=455), "long-qt", Urgency.YELLOW),
        (values(qtc_fridericia=485), "long-qt", Urgency.ORANGE),
        (values(qtc_fridericia=345), "short-qt", Urgency.YELLOW),
        (values(qtc_fridericia=335), "short-qt", Urgency.ORANGE),
        (dropped(0, 2), "second-degree-av-block", Urgency.RED),
        (dropped(*[1] * 11), "second-degree-av-block", Urgency.ORANGE),
        (merged(dropped(*[1] * 11), rate(38)), "second-degree-av-block", Urgency.RED),
        (pr_around_a_drop(60), "second-degree-av-block", Urgency.YELLOW),
        (pr_around_a_drop(0), "second-degree-av-block", Urgency.RED),
        (dropped(1), "second-degree-av-block", Urgency.ORANGE),
        (rhythm(flutter_cycle=0.2), "atrial-flutter", Urgency.ORANGE),
        (pulses(5), "paced-rhythm", Urgency.YELLOW),
        (rate(45), "bradycardia", Urgency.YELLOW),
        (rate(38), "bradycardia", Urgency.ORANGE),
        (rate(25), "bradycardia", Urgency.RED),
        (rate(115), "tachycardia", Urgency.ORANGE),
        (rate(190), "tachycardia", Urgency.RED),
        (values(qrs=150, heart_rate=140), "wide-complex-tachycardia", Urgency.RED),
        (FAST_UNMEASURED, "wide-complex-tachycardia", Urgency.RED),
        (merged(FAST_UNMEASURED, qrs_widths()), "tachycardia", Urgency.ORANGE),
        (SLOW_UNMEASURED, "ventricular-escape-rhythm", Urgency.RED),
        (
            merged(values(heart_rate=None), rhythm(rr_max=4.0, longest_pause=4.0)),
            "bradycardia",
            Urgency.RED,
        ),
        (merged(on("V5", st_j=0.2), V6_UNREAD), "st-elevation-in-one-lead", Urgency.ORANGE),
        (merged(NO_P, rate(170)), "supraventricular-tachycardia", Urgency.ORANGE),
        (IRREGULAR, "atrial-fibrillation", Urgency.ORANGE),
        (
            merged(NO_P, values(qrs=150, heart_rate=35)),
            "ventricular-escape-rhythm",
            Urgency.RED,
        ),
        (merged(NO_P, rate(50)), "junctional-rhythm", Urgency.ORANGE),
        (run_of(4, rr=0.4), "ventricular-run", Urgency.ORANGE),
        (run_of(4, rr=0.4, to_the_end=True), "wide-complex-tachycardia", Urgency.RED),
        ({"rhythm": {"longest_pause": 3.2}}, "pause", Urgency.ORANGE),
        (values(pr=210), "first-degree-av-block", Urgency.YELLOW),
        (on("V1", s=-2.5), "lvh-voltage", Urgency.YELLOW),
        (LBBB_SHAPE, "left-bundle-branch-block", Urgency.YELLOW),
        (merged(RBBB_SHAPE, values(qrs=140)), "right-bundle-branch-block", Urgency.YELLOW),
        (on("V3", r=0.0, q=0.0, s=-0.9), "q-waves-old-infarction", Urgency.YELLOW),
        (
            on(("I", "II", "III", "aVR", "aVL", "aVF"), qrs_peak_to_peak=0.3),
            "low-voltage",
            Urgency.YELLOW,
        ),
    ],
)
def test_triage(overrides, code, level):
    result = judged(overrides)
    assert codes(result)[code] in ("present", "possible")
    assert result.urgency is level


def test_low_voltage_with_tachycardia_is_orange():
    limbs = on(("I", "II", "III", "aVR", "aVL", "aVF"), qrs_peak_to_peak=0.3)
    assert judged(limbs, rate(105)).urgency is Urgency.ORANGE


# ---- Symptoms --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "symptom", [Symptom.CHEST_PAIN, Symptom.BREATHLESSNESS, Symptom.SYNCOPE, Symptom.WEAKNESS]
)
@pytest.mark.parametrize("overrides", [{}, rate(45), {"unusable": {"V1": "flat"}}])
def test_symptoms_are_red_whatever_the_ecg_shows(symptom, overrides):
    result = judged(overrides, patient=with_symptoms(symptom))
    assert result.urgency is Urgency.RED
    assert advice(result)[0] == f"symptom-{symptom}"
    assert "call-ambulance" in advice(result)


def test_symptoms_are_red_when_nothing_can_be_read():
    poor = page(quality=replace(page().quality, grade=Grade.POOR))
    result = judged(patient=with_symptoms(Symptom.CHEST_PAIN), digitized=poor)
    assert result.overall is Overall.NOT_INTERPRETABLE
    assert result.urgency is Urgency.RED
    child = replace(with_symptoms(Symptom.SYNCOPE), age=10)
    assert judged(patient=child).urgency is Urgency.RED


def test_palpitations_alone_leave_a_normal_ecg_green_and_raise_others():
    palpitations = with_symptoms(Symptom.PALPITATIONS)
    assert judged(patient=palpitations).urgency is Urgency.GREEN
    assert judged(rate(45), patient=palpitations).urgency is Urgency.ORANGE
    assert judged(rate(38), patient=palpitations).urgency is Urgency.RED
    assert judged(rate(135), patient=palpitations).urgency is Urgency.RED


@pytest.mark.parametrize("row", criteria(), ids=lambda row: row.id)
def test_symptoms_never_lower_the_urgency_of_a_row(row):
    assert all(level >= row.urgency for level in row.symptoms.values())


# ---- Gates -----------------------------------------------------------------------------------


def test_a_poor_picture_is_refused_with_how_to_retake():
    poor = page(
        quality=replace(
            page().quality, grade=Grade.POOR, reasons=(Notice(code="blur", message="blurred"),)
        )
    )
    result = judged(INFERIOR, digitized=poor)
    assert result.urgency is Urgency.GREY
    assert result.overall is Overall.NOT_INTERPRETABLE
    assert result.findings == ()
    assert "blurred" in unseen(result)["gate:picture"]
    assert "criteria" in unseen(result)
    assert {"cannot-interpret", "retake-photo", "symptoms-call"} <= set(advice(result))


def test_a_good_page_is_judged():
    assert judged(digitized=page()).overall is Overall.NORMAL


def test_an_unconfirmed_scale_silences_voltages_but_not_danger():
    unsure = page(grid=replace(page().grid, scale_confirmed=False))
    result = judged(INFERIOR, on("V1", s=-3.0), values(pr=240), digitized=unsure)
    assert codes(result)["st-elevation"] == "possible"
    assert result.urgency is Urgency.ORANGE
    assert not {"lvh-voltage", "first-degree-av-block"} & set(codes(result))
    assert {"gate:scale", "LVH-S", "AV1"} <= set(unseen(result))
    assert "confirm-scale" in advice(result)
    assert judged(digitized=unsure).overall is Overall.NOT_INTERPRETABLE


def test_guessed_lead_names_allow_no_territory_rule():
    traces = tuple(replace(trace, named_by="morphology") for trace in page().traces)
    result = judged(on("V1", s=-3.0), digitized=page(traces=traces))
    assert "lvh-voltage" not in codes(result)
    assert "gate:lead-names" in unseen(result)
    assert result.urgency is Urgency.GREY


def test_a_missing_lead_is_named_and_forbids_normal():
    result = judged({"unusable": {"V4": "noisy"}})
    assert "the beats differ so much" in unseen(result)["lead:V4"]
    assert result.overall is Overall.NOT_INTERPRETABLE
    assert result.urgency is Urgency.GREY


def test_one_lead_alone_still_tells_the_rhythm():
    missing = dict.fromkeys(("I", "III", "aVR", "aVL", "aVF"), "absent")
    missing |= {f"V{number}": "absent" for number in range(1, 7)}
    result = judged({"unusable": missing}, values(qrs_axis=None))
    assert codes(result) == {"sinus-rhythm": "present"}
    assert result.urgency is Urgency.GREY
    assert "STE" in unseen(result)


def test_detectors_that_disagree_allow_no_rhythm_statement():
    result = judged({"agreement": 0.6}, rate(45))
    assert not {"sinus-rhythm", "bradycardia"} & set(codes(result))
    assert {"gate:r-peaks", "HR1", "RH1"} <= set(unseen(result))


def test_detectors_that_disagree_leave_danger_possible():
    result = judged({"agreement": 0.6}, values(qrs=160, heart_rate=170))
    assert codes(result)["wide-complex-tachycardia"] == "possible"
    assert result.urgency is Urgency.ORANGE


def test_what_an_unmeasured_width_leaves_open_is_possible_and_stands_first():
    result = judged(FAST_UNMEASURED)
    assert result.findings[0].code == "wide-complex-tachycardia"
    assert result.findings[0].status == "possible"
    assert "not excluded" in result.findings[0].title
    assert "RH6" in unseen(result)
    assert "call-ambulance" in advice(result)


def test_strokes_before_the_beats_leave_an_unmeasured_width_possible():
    fast = merged(strokes(), FAST_UNMEASURED)
    assert codes(judged(fast))["wide-complex-tachycardia"] == "possible"
    assert judged(fast).urgency is Urgency.ORANGE


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        (in_turn(D, W, times=4), "bigeminy"),
        (in_turn(D, D, W, times=4), "trigeminy"),
        (in_turn(D, D, D, W, W, times=2), "couplet"),
    ],
)
def test_premature_beats_are_named_by_their_pattern(pattern, word):
    found = next(each for each in judged(pattern).findings if each.code.startswith("premature"))
    assert word in found.title
    assert any("Early wide beats" in each.text for each in found.evidence)


def test_premature_beats_without_a_pattern_are_only_counted():
    scattered = {"classes": (D, W, D, D, D, W, D, D, D, D, W, D)}
    found = next(each for each in judged(scattered).findings if each.code.startswith("premature"))
    assert found.title == "Premature ventricular complexes"


def test_children_are_not_judged():
    result = judged(INFERIOR, patient=Patient(age=12, sex=Sex.MALE))
    assert result.findings == ()
    assert result.urgency is Urgency.GREY
    assert "children" in unseen(result)["gate:child"]
    assert judged(INFERIOR, patient=Patient(age=18, sex=Sex.MALE)).urgency is Urgency.RED


def test_a_print_needs_two_clean_beats_in_a_lead_and_a_record_three():
    two = on(("I", "II", "III", "aVR", "aVL", "aVF"), beats=2)
    assert "gate:beats" in unseen(judged(two))
    assert "gate:beats" not in unseen(judged(two, digitized=page()))
    assert "gate:beats" not in unseen(judged(two, on_paper=True))
    one = on("V5", beats=1)
    assert "V5" in unseen(judged(one, digitized=page()))["gate:beats"]


def test_no_organised_beat_is_never_a_plain_retake():
    result = judged({"r_peaks": (), "classes": ()}, values(**dict.fromkeys(built_values())))
    assert codes(result)["no-organised-qrs"] == "possible"
    assert result.urgency is Urgency.GREY
    assert advice(result)[0] == "unresponsive"
    assert "call 103, start CPR" in result.advice[0].text


def built_values() -> list[str]:
    return list(built_measurements().values)


def test_exchanged_arms_are_grey_for_what_depends_on_them():
    result = judged(REVERSED, values(qrs_axis=150))
    assert codes(result)["lead-reversal"] == "possible"
    assert {"AX-RR", "LVH-L", "QW"} <= set(unseen(result))
    assert result.urgency is Urgency.GREY
    assert "repeat-electrodes" in advice(result)
    assert judged(REVERSED, INFERIOR).urgency is Urgency.ORANGE  # possible, not silenced


# ---- Merging ---------------------------------------------------------------------------------


def test_several_rows_make_one_finding():
    result = judged(on("V1", s=-2.35), on("aVL", r=1.3))
    lvh = next(each for each in result.findings if each.code == "lvh-voltage")
    assert lvh.decided_by == ("rule:LVH-S", "rule:LVH-L")
    assert len(lvh.evidence) == 2


PEGUERO = merged(on("V4", s=-1.0), on("V2", s=-2.5))


def test_peguero_lo_presti_alone_is_possible_and_borderline():
    result = judged(PEGUERO)
    lvh = next(each for each in result.findings if each.code == "lvh-voltage")
    assert (lvh.status, lvh.decided_by) == ("possible", ("rule:LVH-P",))
    assert any("many normal hearts" in text for text in lvh.against)
    assert result.overall is Overall.BORDERLINE


def test_peguero_lo_presti_beside_another_voltage_row_is_present():
    result = judged(PEGUERO, on("aVL", r=1.3))
    lvh = next(each for each in result.findings if each.code == "lvh-voltage")
    assert (lvh.status, lvh.decided_by) == ("present", ("rule:LVH-L", "rule:LVH-P"))
    assert not lvh.against
    assert result.overall is Overall.ABNORMAL


def test_peguero_lo_presti_alone_takes_nothing_for_its_consequence():
    alone = judged(PEGUERO, on(("V1", "V2", "V3"), st_j=0.25))
    assert codes(alone)["st-elevation"] == "present"
    assert not any("LVH" in text for text in alone.findings[0].against)


@pytest.mark.parametrize("st_j", [0.05, 0.099, 0.1, 0.15, 0.19, 0.3])
@pytest.mark.parametrize("shape", [WELLENS, BIPHASIC])
def test_st_elevation_in_one_lead_leaves_the_wellens_pattern_as_urgent(shape, st_j):
    result = judged(shape, on("V2", st_j=st_j))
    found = next(each for each in result.findings if each.code == "wellens-pattern")
    assert found.urgency is Urgency.ORANGE
    assert found.status == ("present" if st_j < 0.1 else "possible")
    assert any("ST is elevated" in text for text in found.against) is (st_j >= 0.1)
    assert any(each.measure == "st_j" for each in found.evidence) is (st_j >= 0.1)


def test_a_graded_finding_shows_the_limit_that_defines_it():
    result = judged(values(pr=236))
    block = next(each for each in result.findings if each.code == "first-degree-av-block")
    assert block.evidence[0].text == "PR interval 236 ms (limit 200 ms)"
    assert block.urgency is Urgency.YELLOW


def test_a_benign_value_just_short_of_its_limit_is_borderline_where_the_table_says_so():
    doubt = {"uncertainty": {"pr": 0.01, "qrs": 0.009}}
    close = judged(values(pr=195), doubt)
    assert codes(close)["first-degree-av-block"] == "possible"
    assert close.overall is Overall.NORMAL
    assert "intraventricular-conduction-delay" not in codes(judged(values(qrs=106), doubt))
    beyond = judged(values(qrs=114), doubt)
    assert codes(beyond)["intraventricular-conduction-delay"] == "possible"
    assert beyond.overall is Overall.BORDERLINE
    assert judged(values(qrs=130), doubt).overall is Overall.ABNORMAL


def test_a_danger_within_its_error_is_no_borderline_ecg():
    result = judged(on(("II", "aVF"), st_j=0.09))
    assert (result.overall, result.urgency) == (Overall.ABNORMAL, Urgency.ORANGE)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (rhythm(p_before_every_qrs=False), "a P wave of sinus rhythm"),
        (values(qrs=49), "QRS duration is not within the normal range"),
    ],
)
def test_what_meets_no_criterion_and_is_not_normal_is_borderline_and_says_why(overrides, said):
    result = judged(overrides)
    finding = next(each for each in result.findings if each.code == "normal-not-confirmed")
    assert result.overall is Overall.BORDERLINE
    assert any(said in text for text in finding.against)


def test_a_row_within_its_error_silences_nothing():
    doubtful = merged(LBBB_SHAPE, values(qrs=122), {"uncertainty": {"qrs": 0.009}})
    result = judged(doubtful, on(("V1", "V2"), st_j=0.4, s=-1.0))
    assert codes(result)["left-bundle-branch-block"] == "possible"
    assert result.urgency is Urgency.RED


def test_grades_of_one_rate_stand_once():
    result = judged(rate(25))
    slow = [each for each in result.findings if each.code == "bradycardia"]
    assert len(slow) == 1
    assert slow[0].decided_by == ("rule:HR1-30",)


def test_findings_stand_most_urgent_first():
    result = judged(INFERIOR, values(pr=240), rate(115))
    levels = [finding.urgency for finding in result.findings]
    assert levels == sorted(levels, reverse=True)
    assert result.urgency is levels[0]


def test_fibrillation_has_no_pr():
    result = judged(IRREGULAR, values(pr=260))
    assert "first-degree-av-block" not in codes(result)
    assert "atrial fibrillation" in unseen(result)["AV1"]


def test_early_beats_are_counted():
    classes = (BeatClass.DOMINANT,) * 9 + (BeatClass.ECTOPIC_WIDE, BeatClass.ECTOPIC_NARROW)
    result = judged({"classes": classes})
    assert codes(result)["premature-ventricular-complexes"] == "present"
    assert codes(result)["premature-supraventricular-complexes"] == "present"


def test_every_present_finding_has_evidence_and_a_rule():
    for overrides in (INFERIOR, LBBB_SHAPE, IRREGULAR, rate(190), WELLENS, REVERSED):
        for finding in judged(overrides).findings:
            assert finding.evidence
            assert all(evidence.text for evidence in finding.evidence)
            assert all(name.startswith("rule:") for name in finding.decided_by)


# ---- Advice ----------------------------------------------------------------------------------


@pytest.mark.parametrize("overrides", [{}, rate(45), rate(115), INFERIOR])
def test_below_red_it_is_always_said_that_nothing_is_ruled_out(overrides):
    result = judged(overrides)
    text = " ".join(each.text for each in result.advice)
    if result.urgency is Urgency.RED:
        assert "103" in text
    else:
        assert "not rule out a heart attack" in text


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        (POSTERIOR, "record-v7-v9"),
        (COVED, "repeat-v1-v2-higher"),
        (WELLENS, "hospital-today"),
        (IRREGULAR, "known-fibrillation"),
        (on(("V3", "V4"), t_positive=1.4), "check-potassium"),
    ],
)
def test_a_finding_brings_its_own_advice(overrides, code):
    assert code in advice(judged(overrides))


@pytest.mark.parametrize("overrides", [{}, {"r_peaks": ()}])
def test_every_interpretation_says_what_the_program_is_not(overrides):
    assert "not a medical device" in judged(overrides).disclaimer


def test_a_wave_like_p_in_a_regular_rhythm_is_no_block() -> None:
    beats = tuple(0.4 + 0.85 * number for number in range(11))
    changes = {"r_peaks": beats, **rhythm(extra_p=(beats[2] + 0.35,))}
    result = interpret(built_measurements(**changes), built_record(), SOMEBODY)
    assert "second-degree-av-block" not in {finding.code for finding in result.findings}
