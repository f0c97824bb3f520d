"""Framingham 2008 general cardiovascular risk: an older score, shown beside others only.

D'Agostino et al., Circulation 2008;117:743, doi:10.1161/CIRCULATIONAHA.107.699579.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import exp, log
from typing import Final

from cardioalert.domain.patient import Sex
from cardioalert.risk.questionnaire import units
from cardioalert.tables import read_csv

_WORDS: Final = frozenset({"model", "sex", "source"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """Coefficients of one model for one sex."""

    model: str
    sex: str
    ln_age: float
    ln_total_cholesterol: float
    ln_hdl: float
    ln_bmi: float
    ln_sbp_untreated: float
    ln_sbp_treated: float
    smoker: float
    diabetes: float
    mean: float
    survival: float
    source: str

    def shared(self, x: Mapping[str, float]) -> float:
        """Sum the terms both models have."""
        sbp = self.ln_sbp_treated if x["on_bp_treatment"] else self.ln_sbp_untreated
        return (
            self.ln_age * log(x["age"])
            + sbp * log(x["sbp"])
            + self.smoker * x["smoker"]
            + self.diabetes * x["diabetes"]
        )

    def percent(self, total: float) -> float:
        """Turn the sum into a ten-year risk in percent."""
        return 100.0 * (1.0 - exp(log(self.survival) * exp(total - self.mean)))


@cache
def _equation(model: str, sex: Sex) -> Equation:
    """Return the coefficients."""
    rows = read_csv("cardioalert.risk", "framingham2008.csv")
    row = next(r for r in rows if r["model"] == model and r["sex"] == sex)
    return Equation(**{k: v if k in _WORDS else float(v) for k, v in row.items()})  # type: ignore[arg-type]


def lab_percent(sex: Sex, x: Mapping[str, float]) -> float:
    """Return the ten-year risk in percent, with lipids."""
    equation = _equation("lab", sex)
    factor = units()["total_cholesterol_mg_dl"].factor
    lipids = equation.ln_total_cholesterol * log(x["total_cholesterol_mmol"] / factor)
    lipids += equation.ln_hdl * log(x["hdl_mmol"] / factor)
    return equation.percent(equation.shared(x) + lipids)


def bmi_percent(sex: Sex, x: Mapping[str, float]) -> float:
    """Return the ten-year risk in percent, with BMI."""
    equation = _equation("bmi", sex)
    return equation.percent(equation.shared(x) + equation.ln_bmi * log(x["bmi"]))
