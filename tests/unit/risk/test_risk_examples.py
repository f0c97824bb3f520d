"""Every worked example of the scores' papers and their independent copies, to the printed digit."""

import pytest

from cardioalert.domain.patient import Sex
from cardioalert.risk import framingham, interheart, prevent, score2, who2019
from cardioalert.risk.numbers import round_half_up

M, F = Sex.MALE, Sex.FEMALE
MG = 0.02586  # mmol/L of cholesterol in 1 mg/dL
NO = {"smoker": 0.0, "diabetes": 0.0, "on_bp_treatment": 0.0, "on_statin": 0.0}


def person(**answers):
    return NO | {name: float(value) for name, value in answers.items()}


def lipids(total, hdl, factor=1.0):
    return {"total_cholesterol_mmol": total * factor, "hdl_mmol": hdl * factor}


@pytest.mark.parametrize(
    ("age", "smoker", "sbp", "bmi", "percent"),
    [
        (55, 1, 145, 26.8, 23),  # the Ministry's own example
        (57, 1, 150, 27, 23),
        (72, 0, 185, 19, 47),
        (72, 0, 165, 19, 37),
        (72, 0, 165, 22, 41),
        (67, 0, 145, 36, 32),
        (67, 0, 165, 32, 37),
    ],
)
def test_cells_of_men_without_laboratory_values(age, smoker, sbp, bmi, percent):
    assert who2019.nonlab_cell(M, person(age=age, smoker=smoker, sbp=sbp, bmi=bmi)) == percent


@pytest.mark.parametrize(
    ("age", "diabetes", "sbp", "cholesterol", "percent"),
    [
        (72, 1, 150, 3.5, 43),
        (72, 0, 190, 4.5, 50),
        (72, 0, 130, 5.5, 29),
        (62, 1, 190, 5.5, 56),
        (72, 1, 190, 5.5, 80),
    ],
)
def test_cells_of_men_with_laboratory_values(age, diabetes, sbp, cholesterol, percent):
    x = person(age=age, diabetes=diabetes, sbp=sbp, total_cholesterol_mmol=cholesterol)
    assert who2019.lab_cell(M, x) == percent


@pytest.mark.parametrize(
    ("sex", "age", "smoker", "diabetes", "sbp", "cholesterol", "percent"),
    [
        (M, 50, 1, 0, 140, 5.5, 11.56),
        (F, 50, 1, 0, 140, 5.5, 8.61),
        (M, 60, 0, 1, 150, 6.0, 31.37),
        (F, 65, 0, 0, 130, 5.0, 8.95),
        (M, 45, 0, 0, 125, 4.8, 2.23),
    ],
)
def test_who_equation_with_cholesterol(*, sex, age, smoker, diabetes, sbp, cholesterol, percent):
    x = person(age=age, smoker=smoker, diabetes=diabetes, sbp=sbp)
    x["total_cholesterol_mmol"] = cholesterol
    assert round_half_up(who2019.lab_percent(sex, x), 2) == percent


@pytest.mark.parametrize(
    ("sex", "age", "smoker", "sbp", "bmi", "percent"),
    [
        (M, 55, 1, 145, 26.8, 17.19),
        (M, 57.5, 1, 150, 27.5, 22.52),
        (F, 55, 0, 145, 31, 5.79),
        (M, 42, 0, 128, 24, 1.82),
        (F, 68, 1, 160, 29, 41.19),
        (M, 70, 0, 150, 27, 28.64),
    ],
)
def test_who_equation_with_bmi(*, sex, age, smoker, sbp, bmi, percent):
    x = person(age=age, smoker=smoker, sbp=sbp, bmi=bmi)
    assert round_half_up(who2019.nonlab_percent(sex, x), 2) == percent


@pytest.mark.parametrize(
    ("sex", "region", "percent"),
    [
        (M, "low", 6.3),
        (F, "low", 4.3),
        (M, "moderate", 8.1),
        (F, "moderate", 5.2),
        (M, "high", 8.8),
        (F, "high", 7.1),
        (M, "very-high", 15.1),
        (F, "very-high", 14.1),
    ],
)
def test_score2_of_the_authors(sex, region, percent):
    x = person(age=50, smoker=1, sbp=140, **lipids(6.3, 1.4))
    assert round_half_up(score2.score2_percent(sex, x, region), 1) == percent


@pytest.mark.parametrize(
    ("sex", "age", "smoker", "sbp", "cholesterol", "region", "percent"),
    [
        (M, 45, 0, 110, 5, "low", 1.1),
        (F, 45, 1, 140, 5, "very-high", 6.0),
        (M, 48, 1, 160, 8, "high", 10.0),
    ],
)
def test_score2_of_heartscore(*, sex, age, smoker, sbp, cholesterol, region, percent):
    x = person(age=age, smoker=smoker, sbp=sbp, **lipids(cholesterol, 2))
    assert round_half_up(score2.score2_percent(sex, x, region), 1) == percent


@pytest.mark.parametrize(
    ("sex", "smoker", "sbp", "cholesterol", "hdl", "region", "percent"),
    [
        (M, 1, 140, 5.5, 1.3, "low", 18.6),
        (F, 1, 140, 5.5, 1.3, "low", 15.2),
        (M, 1, 140, 5.5, 1.3, "moderate", 23.9),
        (F, 1, 140, 5.5, 1.3, "moderate", 20.0),
        (M, 0, 140, 5.5, 1.3, "low", 13.3),
        (F, 0, 110, 5, 2, "low", 6.1),
        (M, 1, 140, 6, 1.3, "high", 29.2),
        (F, 1, 110, 5, 2, "high", 19.0),
        (M, 1, 140, 6, 1.3, "very-high", 40.8),
        (F, 1, 140, 6, 1.3, "very-high", 46.2),
    ],
)
def test_score2_op(*, sex, smoker, sbp, cholesterol, hdl, region, percent):
    x = person(age=75, smoker=smoker, sbp=sbp, **lipids(cholesterol, hdl))
    assert round_half_up(score2.score2_op_percent(sex, x, region), 1) == percent


DIABETES_EARLY = {"age_at_diabetes_diagnosis": 60.0, "hba1c_mmol_mol": 50.0, "egfr": 90.0}
DIABETES_LATE = {"age_at_diabetes_diagnosis": 50.0, "hba1c_mmol_mol": 70.0, "egfr": 60.0}


@pytest.mark.parametrize(
    ("diabetes", "sex", "percents"),
    [
        (DIABETES_EARLY, M, (8.4, 11.0, 12.5, 20.3)),
        (DIABETES_EARLY, F, (6.1, 7.6, 11.1, 20.6)),
        (DIABETES_LATE, M, (12.9, 17.2, 21.0, 31.2)),
        (DIABETES_LATE, F, (9.8, 12.7, 20.4, 34.0)),
    ],
)
def test_score2_diabetes(diabetes, sex, percents):
    x = person(age=60, sbp=140, diabetes=1, **lipids(5.5, 1.3)) | diabetes
    found = [score2.score2_diabetes_percent(sex, x, region) for region in score2.REGIONS]
    assert tuple(round_half_up(percent, 1) for percent in found) == percents


@pytest.mark.parametrize(("sex", "percent"), [(M, 11.8), (F, 9.2)])
def test_score2_diabetes_of_smokers(sex, percent):
    x = person(age=60, sbp=140, diabetes=1, smoker=1, **lipids(5.5, 1.3)) | DIABETES_EARLY
    assert round_half_up(score2.score2_diabetes_percent(sex, x, "low"), 1) == percent


PREVENT_PERSON = person(age=50, sbp=160, diabetes=1, bmi=35, egfr=90, on_bp_treatment=1) | lipids(
    200, 45, MG
)


@pytest.mark.parametrize(
    ("sex", "years", "percents"),
    [
        (F, "10", (14.7, 9.2, 8.1, 4.4, 5.4)),
        (M, "10", (16.3, 10.2, 10.6, 5.6, 5.2)),
        (F, "30", (53.0, 35.4, 39.0, 19.8, 22.1)),
        (M, "30", (51.4, 34.9, 42.4, 21.6, 19.7)),
    ],
)
def test_prevent_base_model(sex, years, percents):
    found = prevent.all_outcomes(sex, PREVENT_PERSON)[years]
    assert tuple(round_half_up(found[o], 1) for o in prevent.OUTCOMES) == percents


@pytest.mark.parametrize(
    ("sex", "more", "percents"),
    [
        (F, {"hba1c_mmol_mol": (9 - 2.15) * 10.929}, (26.6, 16.3, 20.1)),
        (M, {"hba1c_mmol_mol": (9 - 2.15) * 10.929}, (30.9, 19.4, 24.6)),
        (F, {"uacr_mg_g": 1000.0, "on_statin": 1.0}, (35.3,)),
        (M, {"uacr_mg_g": 1000.0, "on_statin": 1.0}, (39.8,)),
    ],
)
def test_prevent_with_hba1c_or_urine_albumin(sex, more, percents):
    found = prevent.all_outcomes(sex, PREVENT_PERSON | {"age": 67.0} | more)["10"]
    rounded = tuple(round_half_up(found[o], 1) for o in prevent.OUTCOMES)
    assert rounded[: len(percents)] == percents


@pytest.mark.parametrize(
    ("sex", "ten", "thirty"),
    [
        (F, (2.65, 1.76, 0.85), (17.49, 10.85, 7.16)),
        (M, (3.28, 2.27, 1.15), (20.18, 13.38, 9.15)),
    ],
)
def test_prevent_of_a_smoker_of_40(sex, ten, thirty):
    x = person(age=40, sbp=135, smoker=1, egfr=85, bmi=27) | lipids(210, 50, MG)
    found = prevent.all_outcomes(sex, x)
    for years, percents in (("10", ten), ("30", thirty)):
        rounded = tuple(round_half_up(found[years][o], 2) for o in prevent.OUTCOMES[:3])
        assert rounded == percents


@pytest.mark.parametrize(
    ("sex", "answers", "percent"),
    [
        (F, {"age": 61, "sbp": 124, "smoker": 1, **lipids(180, 47, MG)}, 10.48),
        (
            M,
            {"age": 53, "sbp": 125, "on_bp_treatment": 1, "diabetes": 1, **lipids(161, 55, MG)},
            15.62,
        ),
        (M, {"age": 55, "sbp": 140, **lipids(213, 50, MG)}, 13.53),
        (
            F,
            {"age": 60, "sbp": 150, "on_bp_treatment": 1, "diabetes": 1, **lipids(220, 45, MG)},
            31.52,
        ),
        (
            M,
            {"age": 60, "sbp": 150, "on_bp_treatment": 1, "diabetes": 1, **lipids(220, 45, MG)},
            45.79,
        ),
        (M, {"age": 40, "sbp": 120, **lipids(180, 50, MG)}, 3.31),
        (F, {"age": 40, "sbp": 120, **lipids(180, 50, MG)}, 2.11),
    ],
)
def test_framingham_with_lipids(sex, answers, percent):
    assert round_half_up(framingham.lab_percent(sex, person(**answers)), 2) == percent


@pytest.mark.parametrize(
    ("sex", "answers", "percent"),
    [
        (M, {"age": 55, "sbp": 140, "bmi": 30}, 16.75),
        (F, {"age": 60, "sbp": 150, "on_bp_treatment": 1, "diabetes": 1, "bmi": 29}, 34.31),
        (M, {"age": 60, "sbp": 150, "on_bp_treatment": 1, "diabetes": 1, "bmi": 29}, 47.68),
        (M, {"age": 40, "sbp": 120, "bmi": 24}, 4.19),
        (F, {"age": 40, "sbp": 120, "bmi": 24}, 2.17),
    ],
)
def test_framingham_with_bmi(sex, answers, percent):
    assert round_half_up(framingham.bmi_percent(sex, person(**answers)), 2) == percent


HEALTHY = {
    "smoker": 0,
    "former_smoker": 0,
    "secondhand_smoke": 0,
    "diabetes": 0,
    "high_bp": 0,
    "parent_mi": 0,
    "waist_hip_ratio": 0.8,
    "stress": 0,
    "depression": 0,
    "salty_food_daily": 0,
    "fried_food_often": 0,
    "fruit_daily": 1,
    "vegetables_daily": 1,
    "meat_twice_daily": 0,
    "sedentary": 0,
}


@pytest.mark.parametrize(
    ("sex", "answers", "points"),
    [
        (
            M,
            {
                "age": 56,
                "smoker": 1,
                "cigarettes_per_day": 25,
                "diabetes": 1,
                "high_bp": 1,
                "waist_hip_ratio": 0.98,
            },
            28,
        ),
        (F, {"age": 50}, 0),
        (
            M,
            {
                "age": 40,
                "smoker": 1,
                "cigarettes_per_day": 8,
                "secondhand_smoke": 1,
                "stress": 1,
                "sedentary": 1,
                "waist_hip_ratio": 0.9,
            },
            13,
        ),
        (F, {"age": 66, "high_bp": 1, "parent_mi": 1, "waist_hip_ratio": 0.97}, 15),
        (F, {"age": 66, "high_bp": 1, "parent_mi": 1, "waist_hip_ratio": 0.97, "sedentary": 1}, 17),
    ],
)
def test_interheart_points(sex, answers, points):
    found = interheart.points(sex, HEALTHY | answers)
    assert (found.low, found.high, found.open) == (points, points, ())
