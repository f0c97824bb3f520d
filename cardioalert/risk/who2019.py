"""WHO 2019 cardiovascular risk, Central Asia: by equation and as the cell of the printed chart.

WHO CVD Risk Chart Working Group, Lancet Glob Health 2019;7:e1332
(doi:10.1016/S2214-109X(19)30318-3). A chart cell is the equation at the middle of the bands,
rounded half up: this gives all 2,100 published cells.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import exp, log
from typing import Final

from cardioalert.domain.patient import Sex
from cardioalert.risk.numbers import round_half_up
from cardioalert.tables import read_toml

AGE_BANDS: Final = (45.0, 50.0, 55.0, 60.0, 65.0, 70.0)  # years, where the next band starts
SBP_BANDS: Final = (120.0, 140.0, 160.0, 180.0)  # mmHg
BMI_BANDS: Final = (20.0, 25.0, 30.0, 35.0)  # kg/m2
CHOLESTEROL_BANDS: Final = (4.0, 5.0, 6.0, 7.0)  # mmol/L
_THIRD: Final = {"lab": ("total_cholesterol_mmol", 6.0), "nonlab": ("bmi", 25.0)}
_MIDDLES: Final = {"lab": (3.5, 1.0), "nonlab": (17.5, 5.0)}  # of the first band, and the step


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """Coefficients of one outcome for one sex; `third` is total cholesterol or BMI."""

    mode: str
    sex: str
    outcome: str
    age: float
    third: float
    sbp: float
    smoker: float
    age_third: float
    age_sbp: float
    age_smoker: float
    survival: float
    c0: float
    c1: float
    source: str
    diabetes: float = 0.0
    age_diabetes: float = 0.0

    def risk(self, *, age: float, third: float, sbp: float, smoker: float, dm: float) -> float:
        """Return the recalibrated ten-year risk, 0-1, from centred inputs."""
        lp = (
            (self.age + self.age_third * third + self.age_sbp * sbp) * age
            + (self.smoker + self.age_smoker * age) * smoker
            + (self.diabetes + self.age_diabetes * age) * dm
            + self.third * third
            + self.sbp * sbp
        )
        hazard = _baseline(self.survival) * exp(lp)  # = -ln(1 - r0)
        return 1.0 - exp(-exp(self.c0 + self.c1 * log(hazard)))


@cache
def _baseline(survival: float) -> float:
    """Return the hazard of the reference person."""
    return -log(survival)


@cache
def _equations(mode: str, sex: Sex) -> tuple[Equation, ...]:
    """Return the equations of coronary disease and stroke."""
    rows = read_toml("cardioalert.risk", "who2019.toml")["equation"]
    return tuple(Equation(**r) for r in rows if r["mode"] == mode and r["sex"] == sex)


def lab_percent(sex: Sex, x: Mapping[str, float]) -> float:
    """Return the exact ten-year risk in percent, with total cholesterol and diabetes."""
    return _percent("lab", sex, x)


def nonlab_percent(sex: Sex, x: Mapping[str, float]) -> float:
    """Return the exact ten-year risk in percent, with BMI."""
    return _percent("nonlab", sex, x)


def _percent(mode: str, sex: Sex, x: Mapping[str, float]) -> float:
    """Combine coronary disease and stroke."""
    name, center = _THIRD[mode]
    free = 1.0
    for equation in _equations(mode, sex):
        free *= 1.0 - equation.risk(
            age=x["age"] - 60.0,
            third=x[name] - center,
            sbp=x["sbp"] - 120.0,
            smoker=x["smoker"],
            dm=x["diabetes"] if mode == "lab" else 0.0,
        )
    return 100.0 * (1.0 - free)


def lab_cell(sex: Sex, x: Mapping[str, float]) -> int:
    """Return the cell of the printed laboratory chart, percent."""
    third = band(x["total_cholesterol_mmol"], CHOLESTEROL_BANDS)
    return cell("lab", sex, _column(x), third, bool(x["diabetes"]))


def nonlab_cell(sex: Sex, x: Mapping[str, float]) -> int:
    """Return the cell of the printed non-laboratory chart, percent."""
    return cell("nonlab", sex, _column(x), band(x["bmi"], BMI_BANDS), False)


def _column(x: Mapping[str, float]) -> tuple[bool, int, int]:
    """Return smoking and the bands of age and blood pressure."""
    return bool(x["smoker"]), band(x["age"], AGE_BANDS), band(x["sbp"], SBP_BANDS)


def band(value: float, starts: tuple[float, ...]) -> int:
    """Return the number of the band `value` lies in; a band holds its lower border.

    Examples
    --------
    >>> band(139.9, SBP_BANDS), band(140.0, SBP_BANDS)
    (1, 2)
    """
    return bisect_right(starts, value)


@cache
def cell(mode: str, sex: Sex, column: tuple[bool, int, int], third: int, diabetes: bool) -> int:
    """Return one chart cell, percent, by the numbers of its bands (from 0).

    `column` is (smoker, age band, blood pressure band), `third` the band of cholesterol or BMI.
    """
    smoker, age, sbp = column
    first, step = _MIDDLES[mode]
    middle = {
        "age": 42.5 + 5.0 * age,
        "sbp": 110.0 + 20.0 * sbp,
        _THIRD[mode][0]: first + step * third,
        "smoker": float(smoker),
        "diabetes": float(diabetes),
    }
    return int(round_half_up(_percent(mode, sex, middle)))
