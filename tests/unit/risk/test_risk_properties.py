"""Risk never falls when smoking, blood pressure or age rises, inside a score's range.

The ranges are those in which each published equation is monotone; where an equation itself is
not, the exception is a test of its own, so that nobody takes it for ours.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardioalert.domain.patient import Sex
from cardioalert.risk.scores import scores

M, F = Sex.MALE, Sex.FEMALE
RANGES = {
    "who2019-nonlab": {"sbp": (90, 200), "bmi": (15, 45)},
    "who2019-lab": {"sbp": (90, 200), "total_cholesterol_mmol": (2.5, 9)},
    # the range of the printed SCORE2 charts
    "score2": {"sbp": (100, 180), "total_cholesterol_mmol": (3, 8), "hdl_mmol": (0.8, 2.2)},
    # in men above 87 years the published effect of smoking reverses, and in men who smoke, with
    # cholesterol below 4 mmol/L and high pressure, that of age
    "score2-op": {
        "age": (70, 87),
        "sbp": (100, 180),
        "total_cholesterol_mmol": (4, 8),
        "hdl_mmol": (0.8, 2.2),
    },
    "score2-diabetes": {
        "sbp": (100, 180),
        "total_cholesterol_mmol": (3, 8),
        "hdl_mmol": (0.8, 2.2),
        "hba1c_mmol_mol": (31, 90),
        "egfr": (45, 120),
        "age_at_diabetes_diagnosis": (20, 40),
    },
    # below 110 mmHg the published risk rises again; with diabetes or kidney disease and very high
    # pressure age has no more effect
    "prevent": {
        "sbp": (110, 170),
        "total_cholesterol_mmol": (3.5, 7),
        "hdl_mmol": (0.8, 2.2),
        "bmi": (18.5, 39.9),
        "egfr": (60, 120),
        "diabetes": (0, 0),
    },
    "framingham2008-lab": {
        "sbp": (90, 200),
        "total_cholesterol_mmol": (2.5, 9),
        "hdl_mmol": (0.6, 3),
    },
    "framingham2008-bmi": {"sbp": (90, 200), "bmi": (15, 45)},
}
PERCENT = [name for name, score in scores().items() if not score.points]


@st.composite
def people(draw, name):
    score = scores()[name]
    ranges = {"age": (score.age_from, score.age_below - 0.01)} | RANGES[name]
    x = {}
    for need in ("age", *score.needs):
        low, high = ranges.get(need, (0, 1))
        if need in ranges:
            x[need] = draw(st.floats(low, high))
        else:
            x[need] = float(draw(st.booleans()))
    if score.diabetes != "any":
        x["diabetes"] = float(score.diabetes == "required")
    return draw(st.sampled_from(Sex)), x, ranges


@pytest.mark.parametrize("name", PERCENT)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_risk_never_falls_when_a_risk_rises(name, data):
    score = scores()[name]
    sex, x, ranges = data.draw(people(name))
    factor = data.draw(st.sampled_from(["smoker", "sbp", "age"]))
    if factor == "smoker":
        worse = 1.0
        x["smoker"] = 0.0
    else:
        worse = data.draw(st.floats(x[factor], ranges[factor][1]))
    before, after = score.exact(sex, x), score.exact(sex, x | {factor: worse})
    assert after >= before - 1e-9
    assert 0.0 < before < 100.0
    cells = score.cell(sex, x), score.cell(sex, x | {factor: worse})
    if cells[0] is not None:
        assert cells[1] >= cells[0]


def test_every_percentage_has_its_ranges():
    assert set(RANGES) == set(PERCENT)


PREVENT = {
    "age": 60.0,
    "smoker": 0.0,
    "sbp": 100.0,
    "total_cholesterol_mmol": 5.0,
    "hdl_mmol": 1.3,
    "diabetes": 0.0,
    "bmi": 27.0,
    "egfr": 90.0,
    "on_bp_treatment": 0.0,
    "on_statin": 0.0,
}


@pytest.mark.parametrize(
    ("name", "sex", "x", "worse"),
    [
        ("prevent", F, PREVENT, {"sbp": 110.0}),
        (
            "prevent",
            F,
            PREVENT | {"diabetes": 1.0, "smoker": 1.0, "sbp": 180.0, "egfr": 30.0},
            {"age": 79.0},
        ),
        (
            "score2-op",
            M,
            {
                "age": 89.0,
                "smoker": 0.0,
                "sbp": 140.0,
                "total_cholesterol_mmol": 5.0,
                "hdl_mmol": 1.3,
                "diabetes": 0.0,
            },
            {"smoker": 1.0},
        ),
        (
            "score2-op",
            M,
            {
                "age": 70.0,
                "smoker": 1.0,
                "sbp": 177.0,
                "total_cholesterol_mmol": 3.0,
                "hdl_mmol": 1.0,
                "diabetes": 0.0,
            },
            {"age": 71.0},
        ),
    ],
    ids=[
        "prevent-low-pressure",
        "prevent-kidney-and-age",
        "score2-op-oldest-men",
        "score2-op-low-cholesterol",
    ],
)
def test_known_corners_where_a_published_equation_falls(name, sex, x, worse):
    score = scores()[name]
    assert score.exact(sex, x | worse) < score.exact(sex, x)
