"""Reading answers: units, kinds, plausibility, contradictions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardioalert.domain.patient import Sex, Symptom
from cardioalert.errors import InvalidAnswerError
from cardioalert.risk import read_answers
from cardioalert.risk.numbers import AmbiguousNumberError, parse_number, round_half_up


@pytest.mark.parametrize(
    ("raw", "name", "value"),
    [
        ({"sbp_kpa": 19.332}, "sbp", 145.0),
        ({"total_cholesterol_mg_dl": 200}, "total_cholesterol_mmol", 5.172),
        ({"hdl_mg_dl": 45}, "hdl_mmol", 1.1637),
        ({"hba1c_percent": 9}, "hba1c_mmol_mol", 74.86),
        ({"uacr_mg_mmol": 3}, "uacr_mg_g", 26.52),
        ({"height_m": 1.75}, "height_cm", 175.0),
        ({"height_cm": 175, "weight_kg": 82}, "bmi", 26.776),
        ({"waist_cm": 98, "hip_cm": 100}, "waist_hip_ratio", 0.98),
        ({"sbp": "145"}, "sbp", 145.0),
        ({"bmi": "26,8"}, "bmi", 26.8),
        ({"smoker": "yes"}, "smoker", 1.0),
        ({"tobacco_use": "former"}, "former_smoker", 1.0),
        ({"tobacco_use": "former"}, "smoker", 0.0),
        ({"cigarettes_per_day": 10}, "smoker", 1.0),
        ({"age_at_diabetes_diagnosis": 50}, "diabetes", 1.0),
        ({"known_cvd": ["stroke"]}, "known_cvd", 1.0),
    ],
)
def test_units_and_derived_answers(raw, name, value):
    assert read_answers(raw).values[name] == pytest.approx(value, rel=1e-4)


def test_null_and_empty_are_not_answered():
    answers = read_answers({"age": None, "sex": "", "smoker": None, "symptoms": None})
    assert (dict(answers.values), answers.sex, answers.symptoms) == ({}, None, ())


def test_a_given_bmi_wins_over_the_computed_one():
    raw = {"height_cm": 175, "weight_kg": 82, "bmi": 26.8}
    assert read_answers(raw).values["bmi"] == 26.8


@pytest.mark.parametrize(
    "raw",
    [
        {"age": "old"},
        {"age": True},
        {"age": float("nan")},
        {"age": 10**400},
        {"age": [55]},
        {"bmi": "1,234"},
        {"smoker": "sometimes"},
        {"smoker": 2},
        {"sex": "x"},
        {"symptoms": ["hiccups"]},
        {"symptoms": {"a": 1}},
        {"tobacco_use": "pipe"},
        {"tobacco_use": ["never"]},
    ],
)
def test_answers_of_the_wrong_kind_are_refused(raw):
    with pytest.raises(InvalidAnswerError) as caught:
        read_answers(raw)
    assert caught.value.code == "invalid-answer"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"sbp": 14.5}, "sbp"),
        ({"sbp": 1450}, "sbp"),
        ({"height_cm": 1.75}, "height_cm"),
        ({"total_cholesterol_mmol": 200}, "total_cholesterol_mmol"),
        ({"hdl_mmol": 45}, "hdl_mmol"),
        ({"hba1c_mmol_mol": 9}, "hba1c_mmol_mol"),
        ({"age": 550}, "age"),
        ({"bmi": 268}, "bmi"),
    ],
)
def test_mixed_up_units_are_kept_apart_and_never_used(raw, name):
    answers = read_answers(raw)
    assert [wrong.name for wrong in answers.implausible] == [name]
    assert name not in answers.values


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"sbp": 120, "sbp_kpa": 19.3}, "sbp"),
        ({"sbp": 120, "dbp": 130}, "dbp"),
        ({"height_cm": 175, "weight_kg": 82, "bmi": 30}, "bmi"),
        ({"total_cholesterol_mmol": 4, "hdl_mmol": 4.5}, "hdl_mmol"),
        ({"smoker": False, "cigarettes_per_day": 5}, "smoker"),
        ({"smoker": True, "former_smoker": True}, "former_smoker"),
        ({"age": 50, "age_at_diabetes_diagnosis": 60}, "age_at_diabetes_diagnosis"),
        ({"diabetes": False, "age_at_diabetes_diagnosis": 60}, "diabetes"),
    ],
)
def test_contradictions_are_named(raw, name):
    assert name in read_answers(raw).contradictions


def test_unknown_keys_are_named():
    assert read_answers({"age": 55, "sbt": 120}).unknown == ("sbt",)


@pytest.mark.parametrize("word", ["chest-pain", "chest_pain", "Chest Pain", ["chest-pain"]])
def test_symptoms_have_several_spellings(word):
    assert read_answers({"symptoms": word}).symptoms == (Symptom.CHEST_PAIN,)


def test_an_emergency_survives_unreadable_answers():
    answers = read_answers({"symptoms": ["syncope"], "age": "?"})
    assert answers.symptoms == (Symptom.SYNCOPE,)


@pytest.mark.parametrize(("word", "sex"), [("Male", Sex.MALE), ("f", Sex.FEMALE), ("other", None)])
def test_sex(word, sex):
    assert read_answers({"sex": word}).sex is sex


@pytest.mark.parametrize(
    ("text", "number"),
    [("5,8", 5.8), ("5.8", 5.8), ("1\u00a0250", 1250), (" 120 ", 120), ("0,125", 0.125)],
)
def test_numbers_as_people_type_them(text, number):
    assert parse_number(text) == number


def test_a_comma_before_three_digits_is_ambiguous():
    with pytest.raises(AmbiguousNumberError):
        parse_number("1,234")


@pytest.mark.parametrize("text", ["", "a", "1.2.3", "1,2,3", "--1", "1e5"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="number"):
        parse_number(text)


@given(st.floats(0, 1000), st.integers(0, 3))
def test_rounding_half_up_is_within_half_a_digit(value, decimals):
    assert abs(round_half_up(value, decimals) - value) <= 0.5 * 10**-decimals + 1e-9
