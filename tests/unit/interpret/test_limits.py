"""Every number of every row of the criteria, on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cardioalert.domain.clinical import BeatClass
from cardioalert.domain.patient import Patient
from cardioalert.interpret import open_rules
from cardioalert.interpret.case import Case as RuleCase
from cardioalert.interpret.checks import Check, Outcome
from cardioalert.interpret.criteria import Criterion, criteria
from cardioalert.interpret.lead_patterns import LVH_ROWS
from cardioalert.interpret.merge import findings_of
from cardioalert.interpret.patterns import judge
from tests.built_measurements import built_measurements
from tests.unit.interpret.limit_cases import (
    ANTERIOR,
    CASES,
    COEFFICIENTS,
    COUNTS,
    FAST_UNMEASURED,
    IRREGULAR,
    MAN,
    NO_P,
    OPEN_ENDS,
    PLAIN,
    RBBB_SHAPE,
    SHAPES,
    SOMEBODY,
    TALL,
    V6_UNREAD,
    WOMAN,
    YOUNG_MAN,
    Case,
    Overrides,
    _scored,
    in_turn,
    merged,
    on,
    qrs_widths,
    ragged,
    rate,
    rhythm,
    run_of,
    values,
)

ROWS = {row.id: row for row in criteria()}
SMALL = 0.001


def outcome_of(
    rule: str, overrides: Overrides, patient: Patient = MAN, seconds: float = 10.0
) -> Outcome:
    return check_of(rule, overrides, patient, seconds).outcome


def check_of(
    rule: str, overrides: Overrides, patient: Patient = MAN, seconds: float = 10.0
) -> Check:
    case = RuleCase(measurements=built_measurements(**overrides), patient=patient, duration=seconds)
    return next(each.check for each in judge(case) if each.criterion.id == rule)


def plain_sides() -> Iterator[tuple[str, str, Patient, float, float]]:
    """Every plain row: rule, direction, person, value that meets it, value that misses it."""
    for row in criteria():
        step = 1.0 if row.measure in COUNTS else SMALL
        for direction in row.directions() if row.measure else ():
            for patient in (MAN, WOMAN, SOMEBODY) if row.variants else (MAN,):
                limit = row.numbers_for(patient)[direction]
                met = limit + {"above": step, "below": -step}.get(direction, 0.0)
                missed = limit + {"at_least": -step, "at_most": step}.get(direction, 0.0)
                yield row.id, direction, patient, met, missed


@pytest.mark.parametrize(("rule", "direction", "patient", "met", "missed"), tuple(plain_sides()))
def test_a_plain_row_fires_from_its_limit_on(rule, direction, patient, met, missed):
    at = PLAIN[ROWS[rule].measure]
    assert outcome_of(rule, at(met), patient) >= Outcome.BARELY
    assert outcome_of(rule, at(missed), patient) <= Outcome.NEARLY


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.number}")
def test_a_pattern_fires_from_its_limit_on(case: Case):
    if case.number in OPEN_ENDS.get(case.rule, ()):
        pytest.skip("an open end")
    limit = ROWS[case.rule].numbers_for(case.patient)[case.number]
    for step, expected in ((case.met, True), (case.missed, False)):
        value = limit + step
        overrides = merged(case.base, case.at(value))
        outcome = outcome_of(case.rule, overrides, case.patient, case.seconds(value))
        fires = Outcome.NEARLY if case.possible else Outcome.BARELY
        assert (outcome >= fires) is expected, (value, outcome)


@pytest.mark.parametrize("rule", SHAPES)
def test_a_shape_fires_only_when_it_is_complete(rule):
    fires, stays = SHAPES[rule]
    for overrides in fires:
        assert outcome_of(rule, overrides) is Outcome.MET
    for overrides in stays:
        assert outcome_of(rule, overrides) is Outcome.NOT_MET


@pytest.mark.parametrize("row", criteria(), ids=lambda row: row.id)
def test_every_number_of_every_row_has_a_case(row: Criterion):
    if row.measure:
        assert row.measure in PLAIN
        return
    tested = {case.number for case in CASES if case.rule == row.id}
    exempt = {*COEFFICIENTS.get(row.id, ()), *OPEN_ENDS.get(row.id, ())}
    assert set(row.all_number_names()) == tested | exempt
    assert tested or row.id in SHAPES


@pytest.mark.parametrize("row", criteria(), ids=lambda row: row.id)
def test_a_row_is_not_assessable_without_its_measures(row: Criterion):
    nothing = {
        "values": dict.fromkeys(built_measurements().values),
        "unusable": dict.fromkeys(built_measurements().leads, "noisy"),
        "rhythm": dict.fromkeys(
            (
                "rr_min",
                "rr_max",
                "rr_variation",
                "rr_successive",
                "p_repetition",
                "p_before_every_qrs",
                "longest_pause",
            )
        ),
        "r_peaks": (),
        "einthoven_residual": None,
    }
    if row.id in ("EIN", "RH10", "RH4-F"):  # nothing to disagree, no beats, no waves: not met
        return
    # Such a row speaks where half is known; where nothing is, the criterion itself is listed.
    missing = row.pattern in open_rules.PATTERNS
    assert outcome_of(row.id, nothing) is (Outcome.NOT_MET if missing else Outcome.UNKNOWN)


@pytest.mark.parametrize("patient", [MAN, YOUNG_MAN, WOMAN, SOMEBODY])
def test_nothing_fires_in_a_normal_adult(patient):
    case = RuleCase(measurements=built_measurements(), patient=patient)
    fired = {each.criterion.id for each in judge(case) if each.outcome > Outcome.UNKNOWN}
    assert fired == {"RH1"}


def test_women_get_their_addition_to_the_cornell_product():
    overrides = merged(values(qrs=100), on("V3", s=-1.65), on("aVL", r=0.2))
    man, woman = (check_of("LVH-CP", overrides, patient) for patient in (MAN, WOMAN))
    assert man.margin == pytest.approx(1850 - 2440)
    assert woman.margin == pytest.approx(2650 - 2440)


@pytest.mark.parametrize(
    ("signs", "points"),
    [
        (("voltage", "strain"), 6),
        (("voltage", "atrial"), 6),
        (("voltage", "axis"), 5),
        (("voltage", "qrs", "peak"), 5),
        (("voltage", "qrs"), 4),
        (("voltage", "strain", "atrial", "axis", "qrs", "peak"), 13),
    ],
)
def test_romhilt_estes_adds_its_points(signs, points):
    check = check_of("LVH-RE", _scored(*signs))
    assert check.evidence[0].value == points
    assert check.outcome is (Outcome.MET if points >= 5 else Outcome.NEARLY)


def test_romhilt_estes_without_a_voltage_is_possible_only():
    check = check_of("LVH-RE", _scored("strain", "atrial", "axis", "qrs", "peak"))
    assert (check.evidence[0].value, check.outcome) == (10, Outcome.NEARLY)
    assert check.against


@pytest.mark.parametrize("rule", LVH_ROWS)
@pytest.mark.parametrize(("qrs", "doubted"), [(119.9, False), (120, True)])
def test_hypertrophy_is_in_doubt_in_a_wide_qrs(rule, qrs, doubted):
    measured = built_measurements(**merged(TALL, values(qrs=qrs)))
    case = RuleCase(measurements=measured, patient=MAN)
    judged = next(each for each in judge(case) if each.criterion.id == rule)
    assert judged.outcome is Outcome.MET
    assert bool(judged.doubt) is doubted


def test_a_wide_qrs_leaves_hypertrophy_possible_and_as_urgent():
    wide, narrow = (
        next(
            each
            for each in findings_of(
                judge(
                    RuleCase(
                        measurements=built_measurements(**merged(TALL, values(qrs=qrs))),
                        patient=MAN,
                    )
                ),
                MAN,
            )
            if each.code == "lvh-voltage"
        )
        for qrs in (130, 100)
    )
    assert (narrow.status, wide.status) == ("present", "possible")
    assert wide.urgency == narrow.urgency


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Outcome.MET),
        ({"V1": {"q": 0.0, "q_duration": 0.0, "s": -0.2}}, Outcome.NOT_MET),  # an Rs: no block
        ({"V5": {"r_peak_time": 0.09}}, Outcome.NOT_MET),  # late on the left as well
        ({"V5": {"q_duration": 0.05, "r_peak_time": 0.09}}, Outcome.MET),  # an infarction there
        ({lead: {"q_duration": 0.05} for lead in ("V5", "V6")}, Outcome.NEARLY),
        ({"V6": {"s": 0.0, "s_duration": 0.0}}, Outcome.NEARLY),  # a broad S in I only
    ],
)
def test_a_late_r_after_a_q_is_a_right_bundle_branch_block(changes, expected):
    """Septal infarction takes the first r of rSR' away: qR in V1."""
    shape = merged(
        RBBB_SHAPE,
        values(qrs=150),
        on("V1", r_prime=0.0, q=-0.6, q_duration=0.04, r=1.2, s=0.0, r_peak_time=0.09),
        {"leads": changes},
    )
    assert outcome_of("RBBB", shape) is expected
    assert (
        outcome_of("IVCD", shape)
        is {
            Outcome.MET: Outcome.NOT_MET,
            Outcome.NEARLY: Outcome.BARELY,
            Outcome.NOT_MET: Outcome.MET,
        }[expected]
    )


def test_romhilt_estes_is_open_while_a_missing_sign_could_decide():
    missing = merged(_scored("strain"), values(qrs_axis=None))
    assert outcome_of("LVH-RE", missing) is Outcome.UNKNOWN


def test_the_lad_formula_gives_its_published_value():
    overrides = merged(ANTERIOR, on("V3", st_j60=0.3), values(qtc_bazett=420))
    expected = 0.052 * 420 - 0.151 * 15.5 - 0.268 * 12.0 + 1.062 * 3.0
    check = check_of("LAD4", overrides)
    formula = next(each for each in check.evidence if each.measure == "lad_formula")
    assert formula.value == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("patient", "normal_qrs"), [(MAN, 95), (WOMAN, 88), (SOMEBODY, 95)])
def test_a_wide_qrs_is_replaced_before_qtc_is_judged(patient, normal_qrs):
    check = check_of("QTL-500", values(qtc_fridericia=570, qrs=150), patient)
    assert check.evidence[0].value == 570 - 150 + normal_qrs
    assert check.evidence[0].measure == "qtc_corrected"


@pytest.mark.parametrize("rule", ["QTS", "QTS-340"])
def test_a_wide_qrs_is_replaced_before_qtc_is_called_short(rule):
    limit = ROWS[rule].numbers["qtc_ms"]
    assert outcome_of(rule, values(qtc_fridericia=limit + 24, qrs=130)) >= Outcome.NEARLY
    assert check_of(rule, values(qtc_fridericia=340, qrs=150)).evidence[0].value == 285


@pytest.mark.parametrize(
    ("rule", "at", "sd"),
    [
        ("STE", lambda x: merged(on("II", st_j=0.1 + x), on("aVF", st_j=0.3)), 0.02),
        (
            "STD",
            lambda x: merged(
                on("V5", st_j=-0.05 - x, st_j80=-0.2), on("V6", st_j=-0.3, st_j80=-0.4)
            ),
            0.02,
        ),
        ("LVH-S", lambda x: on("V1", s=-2.3 - x), 0.035),
        (
            "HR1-40",
            lambda x: merged(rate(40 - 100 * x), {"uncertainty": {"heart_rate": 2.0}}),
            0.02,
        ),
        ("AV1", lambda x: merged(values(pr=200 + 1000 * x), {"uncertainty": {"pr": 0.02}}), 0.02),
    ],
)
def test_within_one_standard_deviation_it_is_borderline(rule, at, sd):
    assert outcome_of(rule, at(1.5 * sd)) is Outcome.MET
    assert outcome_of(rule, at(0.5 * sd)) is Outcome.BARELY
    assert outcome_of(rule, at(-0.5 * sd)) is Outcome.NEARLY
    assert outcome_of(rule, at(-1.5 * sd)) is Outcome.NOT_MET


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("pr", 0.192, Outcome.NEARLY), ("qrs", 0.102, Outcome.NEARLY), ("pr", 0.188, Outcome.NOT_MET)],
)
def test_on_paper_intervals_have_an_error_of_ten_milliseconds(name, value, expected):
    measured = built_measurements(values={name: value})
    case = RuleCase(measurements=measured, patient=MAN, on_paper=True)
    rule = {"pr": "AV1", "qrs": "IVCD"}[name]
    assert next(each.outcome for each in judge(case) if each.criterion.id == rule) is expected


def test_on_paper_st_has_an_error_of_a_quarter_of_a_millimeter():
    measured = built_measurements(leads={"II": {"st_j": 0.078}, "aVF": {"st_j": 0.2}})
    digital = RuleCase(measurements=measured, patient=MAN)
    paper = replace(digital, on_paper=True)
    found = [
        next(each.outcome for each in judge(case) if each.criterion.id == "STE")
        for case in (digital, paper)
    ]
    assert found == [Outcome.NOT_MET, Outcome.NEARLY]


def test_a_noisy_lead_widens_its_own_error():
    quiet = merged(on("II", st_j=0.06), on("aVF", st_j=0.3))
    noisy = merged(quiet, on(("II", "aVF"), noise=0.2))
    assert outcome_of("STE", quiet) is Outcome.NOT_MET
    assert outcome_of("STE", noisy) is Outcome.NEARLY


def test_few_clean_beats_leave_st_possible_never_absent():
    few = on(("II", "aVF"), beats=2)
    assert outcome_of("STE", merged(few, on(("II", "aVF"), st_j=0.3))) is Outcome.NEARLY
    assert outcome_of("STE", few) is Outcome.UNKNOWN


def test_two_near_misses_are_no_possible_infarction_but_borderline():
    near = on(("II", "aVF"), st_j=0.09)
    assert outcome_of("STE", near) is Outcome.NOT_MET
    assert outcome_of("STE-NEAR", near) is Outcome.BARELY
    assert outcome_of("STE-NEAR", on(("II", "aVF"), st_j=0.05)) is Outcome.NOT_MET


def test_st_that_just_reaches_its_limits_is_possible_and_beside_a_clear_lead_present():
    reached = on(("V4", "V5"), st_j=0.11)
    assert check_of("STE", reached).capped
    assert outcome_of("STE", reached) is Outcome.NEARLY
    assert outcome_of("STE", merged(reached, on("V5", st_j=0.13))) is Outcome.BARELY


def test_two_near_misses_are_no_wide_complex_tachycardia():
    doubt = {"uncertainty": {"qrs": 0.010, "heart_rate": 5.0}}
    near = merged(values(qrs=112, heart_rate=96), doubt)
    assert outcome_of("RH6", near) is Outcome.NOT_MET
    assert outcome_of("RH6", merged(near, values(qrs=130))) is Outcome.NEARLY


def test_a_measured_qrs_leaves_nothing_open():
    """Narrow or wide, measured is measured: the criterion itself decides."""
    fast, slow = rate(156), merged(NO_P, rate(40))
    assert outcome_of("RH6-U", merged(fast, values(qrs=90))) is Outcome.NOT_MET
    assert outcome_of("RH6-U", merged(fast, values(qrs=150))) is Outcome.NOT_MET
    assert outcome_of("RH9-U", merged(slow, values(qrs=90))) is Outcome.NOT_MET
    assert outcome_of("HR1-U", merged(rate(28), rhythm(rr_max=2.2))) is Outcome.NOT_MET


def test_an_unmeasured_qrs_is_open_at_fast_and_slow_rates_only():
    assert outcome_of("RH6-U", values(qrs=None)) is Outcome.NOT_MET
    near = merged(values(qrs=None, heart_rate=98), {"uncertainty": {"heart_rate": 5.0}})
    assert outcome_of("RH6-U", near) is Outcome.NOT_MET
    assert outcome_of("RH9-U", merged(NO_P, values(qrs=None))) is Outcome.NOT_MET
    assert outcome_of("RH9-U", values(qrs=None, heart_rate=40)) is Outcome.NOT_MET


def test_beats_of_another_shape_do_not_show_a_narrow_qrs():
    others = {
        **qrs_widths(),
        "classes": (BeatClass.ECTOPIC_NARROW,) * 4 + (BeatClass.DOMINANT,) * 8,
    }
    assert outcome_of("RH6-U", merged(FAST_UNMEASURED, others)) is Outcome.MET


def test_st_elevation_in_one_lead_is_open_while_its_neighbor_is_unread():
    raised = on("V5", st_j=0.2)
    assert outcome_of("STE-U", raised) is Outcome.NOT_MET
    assert outcome_of("STE-U", merged(raised, V6_UNREAD)) is Outcome.MET
    assert outcome_of("STE-U", merged(raised, {"unusable": {"V6": "noisy"}})) is Outcome.MET
    assert outcome_of("STE-U", merged(raised, on("V1", st_j=None))) is Outcome.NOT_MET
    both = merged(on(("V4", "V5"), st_j=0.2), V6_UNREAD)
    assert outcome_of("STE", both) is Outcome.MET
    assert outcome_of("STE-U", both) is Outcome.NOT_MET


def test_tall_t_waves_with_an_unmeasured_qrs_leave_the_danger_possible():
    tall = on(("V2", "V3"), t_positive=1.4)
    assert outcome_of("K-RED", tall) is Outcome.NOT_MET
    check = check_of("K-RED", merged(tall, values(qrs=None)))
    assert check.outcome is Outcome.NEARLY
    assert check.capped
    assert outcome_of("K-RED", values(qrs=None)) is Outcome.NOT_MET


def test_a_few_stray_beats_make_no_fibrillation_of_a_regular_rhythm():
    """A regular tachycardia whose page has two columns off by half a beat was once called so."""
    assert outcome_of("RH3", merged(IRREGULAR, ragged(0.01))) is Outcome.NOT_MET
    assert outcome_of("RH3", merged(IRREGULAR, ragged(0.15))) is Outcome.MET


def test_a_gap_of_the_print_ends_a_pattern_of_beats():
    whole = in_turn(BeatClass.DOMINANT, BeatClass.ECTOPIC_WIDE, times=4)
    torn = tuple(time + 3.0 * (beat >= 4) for beat, time in enumerate(whole["r_peaks"]))
    assert outcome_of("RH7-BI", whole) is Outcome.MET
    assert outcome_of("RH7-BI", merged(whole, {"r_peaks": torn})) is Outcome.NOT_MET


@pytest.mark.parametrize(
    ("rule", "kinds"),
    [("RH7-BI", "DW"), ("RH7-TRI", "DDW"), ("RH7-PAIR", "DDWW")],
)
def test_wide_beats_that_keep_time_are_no_pattern_of_premature_ones(rule, kinds):
    named = {"D": BeatClass.DOMINANT, "W": BeatClass.ECTOPIC_WIDE}
    early = in_turn(*(named[each] for each in kinds), times=4)
    steady = tuple(0.4 + 0.8 * beat for beat in range(len(early["r_peaks"])))
    assert outcome_of(rule, early) is Outcome.MET
    assert outcome_of(rule, merged(early, {"r_peaks": steady})) is Outcome.NOT_MET


def test_three_wide_beats_in_a_row_are_a_run_and_no_couplet():
    long_gaps = rhythm(rr_max=1.2)
    assert outcome_of("RH7-PAIR", merged(run_of(2, rr=0.4), long_gaps)) is Outcome.MET
    assert outcome_of("RH7-PAIR", merged(run_of(3, rr=0.4), long_gaps)) is Outcome.NOT_MET


def test_a_t_wave_on_top_of_st_elevation_is_no_hyperkalaemia():
    tall = on(("V2", "V3"), t_positive=1.4)
    assert outcome_of("K", tall) is Outcome.MET
    assert outcome_of("K", merged(tall, on(("V2", "V3"), st_j=0.6))) is Outcome.NOT_MET


def test_beats_that_disagree_about_st_leave_it_possible():
    raised = on(("II", "aVF"), st_j=0.2, beats=2)
    case = RuleCase(measurements=built_measurements(**raised), patient=MAN, beats_needed=2)
    apart = merged(raised, on(("II", "aVF"), st_spread=0.15))
    doubtful = replace(case, measurements=built_measurements(**apart))
    found = [
        next(each.outcome for each in judge(one) if each.criterion.id == "STE")
        for one in (case, doubtful)
    ]
    assert found == [Outcome.MET, Outcome.NEARLY]


def test_a_very_large_elevation_needs_no_second_beat():
    assert outcome_of("STE", on(("V3", "V4"), st_j=0.8, beats=1)) is Outcome.MET
    assert outcome_of("STE", on(("V3", "V4"), st_j=0.3, beats=1)) is Outcome.NEARLY
