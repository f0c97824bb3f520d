"""AHA PREVENT: risk of five outcomes over 10 and 30 years.

Khan et al., Circulation 2024;149:430, doi:10.1161/CIRCULATIONAHA.123.067626. Derived in the United
States; not calibrated for Uzbekistan. The social deprivation index is not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from math import exp, log
from typing import Final

from cardioalert.domain.patient import Sex
from cardioalert.risk.questionnaire import units
from cardioalert.tables import read_csv

OUTCOMES: Final = ("cvd", "ascvd", "heart-failure", "chd", "stroke")
AGE_BELOW_30_YEARS: Final = 60.0  # the 30-year equations hold for 30-59 years
_NORMAL_HBA1C: Final = 5.3  # percent, where the HbA1c terms are centred
_WORDS: Final = frozenset({"model", "years", "sex", "outcome", "source"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """Coefficients of one outcome; the names are those of `_terms`."""

    model: str
    years: str
    sex: str
    outcome: str
    source: str
    age: float
    age2: float
    non_hdl: float
    hdl: float
    sbp_low: float
    sbp_high: float
    diabetes: float
    smoker: float
    bmi_low: float
    bmi_high: float
    egfr_low: float
    egfr_high: float
    treatment: float
    statin: float
    treatment_sbp: float
    statin_non_hdl: float
    age_non_hdl: float
    age_hdl: float
    age_sbp: float
    age_diabetes: float
    age_smoker: float
    age_bmi: float
    age_egfr: float
    hba1c_diabetes: float
    hba1c_no_diabetes: float
    ln_uacr: float
    constant: float


@cache
def _coefficients(model: str, years: int, sex: Sex, outcome: str) -> tuple[float, ...]:
    """Return the coefficients in the order of `_terms`."""
    rows = read_csv("cardioalert.risk", "prevent.csv")
    key = (model, str(years), sex.value, outcome)
    row = next(r for r in rows if (r["model"], r["years"], r["sex"], r["outcome"]) == key)
    equation = Equation(**{k: v if k in _WORDS else float(v) for k, v in row.items()})  # type: ignore[arg-type]
    names = [field.name for field in fields(Equation) if field.name not in _WORDS]
    return tuple(getattr(equation, name) for name in names)


def model_for(x: Mapping[str, float]) -> str:
    """Name the ten-year model the answers allow: `uacr` before `hba1c` before `base`.

    With both, the published full model would need the deprivation index, which is not defined
    outside the United States; the urine albumin says more about heart and kidney.
    """
    if "uacr_mg_g" in x:
        return "uacr"
    return "hba1c" if "hba1c_mmol_mol" in x else "base"


def percent(sex: Sex, x: Mapping[str, float]) -> float:
    """Return the ten-year risk of cardiovascular disease in percent."""
    return _risk(model_for(x), 10, sex, "cvd", _terms(x))


def ascvd_percent(sex: Sex, x: Mapping[str, float]) -> float:
    """Return the ten-year risk of atherosclerotic disease in percent."""
    return _risk(model_for(x), 10, sex, "ascvd", _terms(x))


def all_outcomes(sex: Sex, x: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Return percent by horizon (`10`, and `30` under 60 years) and outcome."""
    terms = _terms(x)
    model = model_for(x)
    result = {"10": {o: _risk(model, 10, sex, o, terms) for o in OUTCOMES}}
    if x["age"] < AGE_BELOW_30_YEARS:
        result["30"] = {o: _risk("base", 30, sex, o, terms) for o in OUTCOMES}
    return result


def _risk(model: str, years: int, sex: Sex, outcome: str, terms: tuple[float, ...]) -> float:
    """Return one risk in percent."""
    coefficients = _coefficients(model, years, sex, outcome)
    lp = sum(b * t for b, t in zip(coefficients, terms, strict=True))
    return 100.0 / (1.0 + exp(-lp))


def _terms(x: Mapping[str, float]) -> tuple[float, ...]:
    """Center and scale the inputs, in the order of `Equation`."""
    age = (x["age"] - 55.0) / 10.0
    non_hdl = x["total_cholesterol_mmol"] - x["hdl_mmol"] - 3.5
    hdl = (x["hdl_mmol"] - 1.3) / 0.3
    sbp_low = (min(x["sbp"], 110.0) - 110.0) / 20.0
    sbp_high = (max(x["sbp"], 110.0) - 130.0) / 20.0
    bmi_low = (min(x["bmi"], 30.0) - 25.0) / 5.0
    bmi_high = (max(x["bmi"], 30.0) - 30.0) / 5.0
    egfr_low = (min(x["egfr"], 60.0) - 60.0) / -15.0
    egfr_high = (max(x["egfr"], 60.0) - 90.0) / -15.0
    dm, smoker = x["diabetes"], x["smoker"]
    treated, statin = x["on_bp_treatment"], x["on_statin"]
    hba1c = _hba1c_percent(x["hba1c_mmol_mol"]) - _NORMAL_HBA1C if "hba1c_mmol_mol" in x else 0.0
    return (
        age,
        age * age,
        non_hdl,
        hdl,
        sbp_low,
        sbp_high,
        dm,
        smoker,
        bmi_low,
        bmi_high,
        egfr_low,
        egfr_high,
        treated,
        statin,
        treated * sbp_high,
        statin * non_hdl,
        age * non_hdl,
        age * hdl,
        age * sbp_high,
        age * dm,
        age * smoker,
        age * bmi_high,
        age * egfr_low,
        hba1c * dm,
        hba1c * (1.0 - dm),
        log(x["uacr_mg_g"]) if "uacr_mg_g" in x else 0.0,
        1.0,
    )


def _hba1c_percent(mmol_mol: float) -> float:
    """Turn mmol/mol (IFCC) into percent (NGSP)."""
    unit = units()["hba1c_percent"]
    return (mmol_mol - unit.offset) / unit.factor
