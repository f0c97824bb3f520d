"""The European scores: SCORE2, SCORE2-OP (70-89 years) and SCORE2-Diabetes.

Eur Heart J 2021;42:2439 (doi:10.1093/eurheartj/ehab309), 2021;42:2455 (ehab312) and
2023;44:2544 (ehad260). SCORE2-OP uses the published rounded coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import exp, log
from typing import Final

from cardioalert.domain.patient import Sex
from cardioalert.tables import read_csv

REGIONS: Final = ("low", "moderate", "high", "very-high")
UZBEKISTAN: Final = "very-high"
_WORDS: Final = frozenset({"family", "sex", "region", "source"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """Coefficients of one score for one sex; 0 where the score has no such term."""

    family: str
    sex: str
    age: float
    smoker: float
    sbp: float
    diabetes: float
    cholesterol: float
    hdl: float
    age_smoker: float
    age_sbp: float
    age_diabetes: float
    age_cholesterol: float
    age_hdl: float
    age_at_diagnosis: float
    hba1c: float
    egfr: float
    egfr2: float
    age_hba1c: float
    age_egfr: float
    mean: float
    survival: float
    source: str

    def predictor(
        self, *, age: float, sbp: float, cholesterol: float, hdl: float, smoker: float, dm: float
    ) -> float:
        """Return the linear predictor of the terms all three scores share."""
        return (
            self.age * age
            + (self.smoker + self.age_smoker * age) * smoker
            + (self.sbp + self.age_sbp * age) * sbp
            + (self.diabetes + self.age_diabetes * age) * dm
            + (self.cholesterol + self.age_cholesterol * age) * cholesterol
            + (self.hdl + self.age_hdl * age) * hdl
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Recalibration of one score for one sex in one region."""

    family: str
    region: str
    sex: str
    k1: float
    k2: float
    source: str


@cache
def _equation(family: str, sex: Sex) -> Equation:
    """Return the coefficients of one score."""
    rows = read_csv("cardioalert.risk", "score2.csv")
    row = next(r for r in rows if r["family"] == family and r["sex"] == sex)
    return Equation(**{k: v if k in _WORDS else float(v) for k, v in row.items()})  # type: ignore[arg-type]


@cache
def _region(family: str, region: str, sex: Sex) -> Region:
    """Return the recalibration of one score."""
    rows = read_csv("cardioalert.risk", "score2_regions.csv")
    found = [r for r in rows if (r["family"], r["region"], r["sex"]) == (family, region, sex)]
    if not found:
        raise ValueError(f"region {region!r} is none of {', '.join(REGIONS)}")
    return Region(**{k: v if k in _WORDS else float(v) for k, v in found[0].items()})  # type: ignore[arg-type]


def score2_percent(sex: Sex, x: Mapping[str, float], region: str = UZBEKISTAN) -> float:
    """Return the ten-year risk in percent, 40-69 years without diabetes."""
    equation = _equation("score2", sex)
    return _calibrate(equation, _shared(equation, x, dm=0.0), region)


def score2_op_percent(sex: Sex, x: Mapping[str, float], region: str = UZBEKISTAN) -> float:
    """Return the ten-year risk in percent, 70-89 years."""
    equation = _equation("score2-op", sex)
    lp = equation.predictor(
        age=x["age"] - 73.0,
        sbp=x["sbp"] - 150.0,
        cholesterol=x["total_cholesterol_mmol"] - 6.0,
        hdl=x["hdl_mmol"] - 1.4,
        smoker=x["smoker"],
        dm=x["diabetes"],
    )
    return _calibrate(equation, lp, region)


def score2_diabetes_percent(sex: Sex, x: Mapping[str, float], region: str = UZBEKISTAN) -> float:
    """Return the ten-year risk in percent, 40-69 years with type 2 diabetes."""
    equation = _equation("score2-diabetes", sex)
    age = (x["age"] - 60.0) / 5.0
    hba1c = (x["hba1c_mmol_mol"] - 31.0) / 9.34
    egfr = (log(x["egfr"]) - 4.5) / 0.15
    lp = (
        _shared(equation, x, dm=1.0)
        + equation.age_at_diagnosis * (x["age_at_diabetes_diagnosis"] - 50.0) / 5.0
        + (equation.hba1c + equation.age_hba1c * age) * hba1c
        + (equation.egfr + equation.age_egfr * age + equation.egfr2 * egfr) * egfr
    )
    return _calibrate(equation, lp, region)


def _shared(equation: Equation, x: Mapping[str, float], *, dm: float) -> float:
    """Center and scale as SCORE2 and SCORE2-Diabetes do."""
    return equation.predictor(
        age=(x["age"] - 60.0) / 5.0,
        sbp=(x["sbp"] - 120.0) / 20.0,
        cholesterol=x["total_cholesterol_mmol"] - 6.0,
        hdl=(x["hdl_mmol"] - 1.3) / 0.5,
        smoker=x["smoker"],
        dm=dm,
    )


def _calibrate(equation: Equation, lp: float, region: str) -> float:
    """Turn the linear predictor into the percent of one region."""
    k = _region(equation.family, region, Sex(equation.sex))
    hazard = -log(equation.survival) * exp(lp - equation.mean)  # = -ln(1 - r0)
    return 100.0 * (1.0 - exp(-exp(k.k1 + k.k2 * log(hazard))))
