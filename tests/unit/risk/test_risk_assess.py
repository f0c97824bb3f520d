"""Which score is chosen, when none is, and what is said beside it."""

import pytest

from cardioalert.errors import InvalidAnswerError
from cardioalert.risk import assess, read_answers

BASE = {"age": 55, "sex": "male", "smoker": True, "sbp": 145, "bmi": 26.8}
LIPIDS = {"total_cholesterol_mmol": 5.5, "hdl_mmol": 1.3}
DIABETES = {
    "diabetes": True,
    "hba1c_mmol_mol": 50,
    "egfr": 90,
    "age_at_diabetes_diagnosis": 50,
}
PREVENT = {"egfr": 90, "on_bp_treatment": False, "on_statin": False}


def run(*parts, **changes):
    raw = {}
    for part in (*parts, changes):
        raw |= part
    return assess(read_answers(raw)).to_dict()


@pytest.mark.parametrize(
    ("parts", "score"),
    [
        ((BASE,), "who2019-nonlab"),
        ((BASE, {"total_cholesterol_mmol": 5.5, "diabetes": False}), "who2019-lab"),
        ((BASE, {"total_cholesterol_mmol": 5.5, "diabetes": True}), "who2019-lab"),
        ((BASE, LIPIDS, {"diabetes": False}), "score2"),
        ((BASE, LIPIDS, {"diabetes": False, "age": 70}), "score2-op"),
        ((BASE, LIPIDS, {"diabetes": False, "age": 89}), "score2-op"),
        ((BASE, LIPIDS, {"diabetes": True}), "who2019-lab"),
        ((BASE, LIPIDS, DIABETES), "score2-diabetes"),
        ((BASE, LIPIDS, DIABETES, {"type_1_diabetes": True}), "who2019-lab"),
        ((BASE, LIPIDS, DIABETES, {"age_at_diabetes_diagnosis": None}), "who2019-lab"),
        ((BASE, LIPIDS, PREVENT, {"diabetes": False, "age": 35}), "prevent"),
        ((BASE, LIPIDS, PREVENT, {"diabetes": True, "age": 77}), "prevent"),
        ((BASE, {"sbp": None}), "interheart"),
        # an open question about diabetes: the score that does not need it
        ((BASE, LIPIDS), "who2019-nonlab"),
    ],
)
def test_the_score_that_fits_is_chosen(parts, score):
    result = run(*parts)
    assert (result["score"], result["inputs_imputed"]) == (score, [])


def test_an_open_question_is_taken_as_no_only_when_nothing_else_fits_and_is_named():
    result = run(BASE, LIPIDS, bmi=None)
    assert (result["score"], result["inputs_imputed"]) == ("score2", ["diabetes"])
    assert "taken-as-no" in [note["code"] for note in result["notes"]]
    assert result["inputs_used"]["diabetes"] is False


@pytest.mark.parametrize(
    "name",
    [
        "who2019-nonlab",
        "who2019-lab",
        "score2",
        "score2-diabetes",
        "prevent",
        "framingham2008-lab",
        "framingham2008-bmi",
        "interheart",
    ],
)
def test_every_score_can_be_asked_for_by_name(name):
    diabetes = DIABETES if name == "score2-diabetes" else {"diabetes": False}
    result = run(BASE, LIPIDS, PREVENT, diabetes, score=name)
    assert (result["score"], result["score_requested"]) == (name, name)
    assert (result["percent"] is None) == (name == "interheart")


def test_a_score_by_name_that_does_not_fit_says_why():
    result = run(BASE, score="score2", age=75)
    assert result["score"] is None
    assert result["not_applicable"] == [
        "age-outside-range",
        "missing-total-cholesterol-mmol",
        "missing-hdl-mmol",
        "missing-diabetes",
    ]


def test_a_score_nobody_knows():
    with pytest.raises(InvalidAnswerError, match="qrisk"):
        run(BASE, score="qrisk")


@pytest.mark.parametrize(
    ("change", "reason", "step"),
    [
        ({"symptoms": ["chest-pain"]}, "symptoms", "call-103"),
        ({"known_cvd": True}, "known-cvd", "see-cardiologist"),
        ({"pregnant": True, "sex": "female"}, "pregnancy", "ask-antenatal-doctor"),
        (
            {"familial_hypercholesterolaemia": True},
            "familial-hypercholesterolaemia",
            "see-cardiologist",
        ),
        ({"egfr": 29}, "egfr-below-30", "see-cardiologist"),
        ({"age": 39}, "age-outside-range", "talk-to-doctor"),
        ({"age": 75}, "age-outside-range", "talk-to-doctor"),
        ({"sex": "other"}, "sex-not-covered", "talk-to-doctor"),
        ({"sex": None}, "missing-sex", "answer-more"),
        ({"smoker": None}, "missing-smoker", "answer-more"),
        ({"bmi": None}, "missing-bmi", "answer-more"),
        ({"sbp": 14.5}, "implausible-sbp", "check-answers"),
        ({"total_cholesterol_mmol": 200}, "implausible-total-cholesterol-mmol", "check-answers"),
        ({"bmi": 30, "height_cm": 180, "weight_kg": 70}, "contradiction-bmi", "check-answers"),
    ],
)
def test_refusals(change, reason, step):
    result = run(BASE, change)
    assert result["not_applicable"] == [reason]
    assert (result["score"], result["percent"], result["category"]) == (None, None, None)
    assert result["next_step"]["code"] == step
    assert result["error"]["code"] == "not-applicable"
    assert result["error"]["message"]
    assert "{" not in result["error"]["message"]


def test_symptoms_come_before_everything_and_alone():
    result = run(BASE, symptoms=["weakness"], known_cvd=True, sbp=14, pregnant=True)
    assert result["not_applicable"][0] == "symptoms"
    assert [advice["code"] for advice in result["advice"]] == ["call-103"]
    assert "103" in result["advice"][0]["text"]


def test_palpitations_alone_do_not_stop_the_test():
    result = run(BASE, symptoms=["palpitations"])
    assert result["percent"] == 23
    assert "book-ecg" in [advice["code"] for advice in result["advice"]]


def test_the_chart_leads_and_a_different_category_is_said():
    result = run(BASE)
    assert (result["percent"], result["percent_exact"]) == (23, 17.19)
    assert (result["category"], result["category_exact"]) == ("high", "medium")
    assert result["category_differs"] is True
    assert result["notes"][0]["code"] == "category-differs"


def test_the_category_comes_from_the_unrounded_equation():
    """9.96 % is shown as 10.0 %, but lies below the border of 10 %."""
    people = [
        run(BASE, LIPIDS, diabetes=False, smoker=False, sbp=s / 10) for s in range(1000, 1400)
    ]
    edge = [p for p in people if p["percent"] == 10.0 and p["percent_exact"] < 10.0]
    assert edge
    assert {person["category"] for person in edge} == {"high"}


@pytest.mark.parametrize(
    ("age", "percent", "category"),
    [(49, 2.4, "low-moderate"), (50, 4.9, "low-moderate"), (50, 5, "high"), (70, 15, "very-high")],
)
def test_european_categories_depend_on_age(age, percent, category):
    from cardioalert.risk.categories import category_of  # noqa: PLC0415

    assert category_of("esc-2021", percent, age=age).category == category


def test_what_if_is_recomputed_and_ordered():
    result = run(BASE)
    codes = [change["code"] for change in result["what_if"]]
    assert codes == ["quit-smoking", "sbp-120", "sbp-140", "bmi-25", "all-together"]
    quit_smoking = run(BASE, smoker=False)
    assert result["what_if"][0]["percent"] == quit_smoking["percent"]
    assert result["what_if"][0]["percent_exact"] == quit_smoking["percent_exact"]
    assert all(change["difference"]["percent_exact"] < 0 for change in result["what_if"])
    together = run(BASE, smoker=False, sbp=120, bmi=25)
    assert result["what_if"][-1]["percent_exact"] == together["percent_exact"]


def test_what_if_names_the_weight_when_the_height_is_known():
    result = run(BASE, bmi=None, height_cm=175, weight_kg=82)
    change = next(c for c in result["what_if"] if c["code"] == "bmi-25")
    assert change["change"] == {"bmi": 25, "weight_kg": 76.6}


def test_nothing_to_change_is_an_empty_list():
    assert run(BASE, smoker=False, sbp=115, bmi=22)["what_if"] == []


def test_a_change_that_would_raise_the_risk_is_not_proposed():
    person = BASE | LIPIDS | {"diabetes": False, "age": 89}
    codes = [change["code"] for change in run(person)["what_if"]]
    assert "quit-smoking" not in codes


def test_risk_age():
    assert run(BASE)["risk_age"] == 70
    ideal = run(BASE, smoker=False, sbp=120, bmi=25)
    assert (ideal["risk_age"], ideal["risk_age_bound"]) == (55, "equal")
    worst = run(BASE, age=74, sbp=190)
    assert (worst["risk_age"], worst["risk_age_bound"]) == (75, "at-least")
    best = run(BASE, age=40, smoker=False, sbp=100, bmi=20)
    assert (best["risk_age"], best["risk_age_bound"]) == (40, "at-most")


def test_prevent_shows_all_outcomes_over_10_and_30_years():
    result = run(BASE, LIPIDS, PREVENT, diabetes=False, age=35)
    assert set(result["details"]["percent_30_years"]) == set(result["details"]["percent_10_years"])
    assert result["details"]["percent_10_years"]["cvd"] == result["percent_exact"]
    assert "not-calibrated" in [note["code"] for note in result["notes"]]
    older = run(BASE, LIPIDS, PREVENT, diabetes=True, age=77)
    assert "percent_30_years" not in older["details"]


@pytest.mark.parametrize("change", [{"sbp": 181}, {"bmi": 40}, {"egfr": 141}, {"hdl_mmol": 0.5}])
def test_prevent_refuses_values_outside_the_range_of_its_authors(change):
    result = run(BASE, LIPIDS, PREVENT, {"diabetes": False, "score": "prevent"}, change)
    name = next(iter(change)).replace("_", "-")
    assert result["not_applicable"] == [f"outside-range-{name}"]


@pytest.mark.parametrize(
    "limits",
    [
        {"total_cholesterol_mg_dl": 130, "hdl_mg_dl": 20},
        {"total_cholesterol_mg_dl": 320, "hdl_mg_dl": 100},
    ],
)
def test_prevent_takes_the_limits_themselves(limits):
    result = run(BASE, PREVENT, limits, diabetes=False, score="prevent")
    assert result["score"] == "prevent"


def test_framingham_is_only_shown_beside_others():
    result = run(BASE, diabetes=False, on_bp_treatment=False)
    assert result["score"] == "who2019-nonlab"
    assert [other["score"] for other in result["secondary"]] == ["framingham2008-bmi"]


def test_points_are_not_a_percentage_and_open_questions_make_a_range():
    result = run(BASE, sbp=None, cigarettes_per_day=25)
    assert result["percent"] is None
    assert result["points"] == 13  # 2 for age, 11 for smoking
    assert result["points_at_most"] == 48
    assert "points-at-least" in [note["code"] for note in result["notes"]]
    assert "stress" in result["details"]["open_questions"]
    assert result["what_if"][0]["code"] == "quit-smoking"


def test_a_very_high_blood_pressure_comes_first():
    result = run(BASE, sbp=185)
    assert result["advice"][0]["code"] == "blood-pressure-very-high"
    assert result["next_step"]["code"] == "see-doctor-today"


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"age": 41, "smoker": False, "sbp": 115}, "recheck-12-months"),
        ({"age": 50, "smoker": False, "sbp": 135}, "book-ecg"),
        ({}, "see-cardiologist"),
    ],
)
def test_the_next_step_follows_the_category(change, step):
    assert run(BASE, change)["next_step"]["code"] == step


def test_the_form_s_number_is_said_when_it_differs():
    result = run(BASE, bmi=32)
    assert result["percent"] == 28
    assert result["details"]["national_form"] == {"percent": 26, "category": "high"}
    assert "national-form-differs" in [note["code"] for note in result["notes"]]


def test_keys_nobody_knows_are_named():
    result = run(BASE, total_cholestrol=5)
    assert result["inputs_unknown"] == ["total_cholestrol"]
    assert "unknown-answers" in [note["code"] for note in result["notes"]]


def test_what_is_missing_for_a_better_score_is_named():
    assert run(BASE)["missing"] == {
        "score2": ["total_cholesterol_mmol", "hdl_mmol", "diabetes"],
        "who2019-lab": ["total_cholesterol_mmol", "diabetes"],
    }
