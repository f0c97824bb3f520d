"""The number the Ministry of Health questionnaire computes itself.

The form reads a printed grid that differs from the published WHO chart in 79 of 700 cells
(`tables/national_grid_differences.csv`) and starts its top BMI band at 36. What we send has to
agree with the form, because a renderer computes it again; our own result stays the WHO chart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cardioalert.domain.patient import Sex
from cardioalert.risk.categories import category_of
from cardioalert.risk.questionnaire import body_mass_index
from cardioalert.risk.who2019 import AGE_BANDS, SBP_BANDS, band, cell
from cardioalert.tables import read_csv, read_toml

_AGES: Final = (40.0, 75.0)
_AGE_NAMES: Final = ("40-44", "45-49", "50-54", "55-59", "60-64", "65-69", "70-74")
_SBP_NAMES: Final = ("<120", "120-139", "140-159", "160-179", ">=180")
_BMI_NAMES: Final = ("<20", "20-24", "25-29", "30-34", ">=35")
_SEX_LETTERS: Final = {Sex.MALE: "M", Sex.FEMALE: "F"}
_Cell = tuple[str, bool, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormScore:
    """What the form shows; None where it gives no score (sex, age or an open question)."""

    percent: int | None
    category: str | None


@cache
def form() -> dict[str, Any]:
    """Return the codes and texts of the form."""
    return read_toml("cardioalert.risk", "national_form.toml")


@cache
def _differences() -> dict[_Cell, int]:
    """Return the cells of the form that are not those of WHO."""
    return {
        (r["sex"], r["smoker"] == "1", r["age_band"], r["sbp_band"], r["bmi_band"]): int(
            r["ministry_percent"]
        )
        for r in read_csv("cardioalert.risk", "national_grid_differences.csv")
    }


def form_score(sex: Sex | None, x: Mapping[str, float]) -> FormScore:
    """Compute the score as the form does: BMI unrounded, from height and weight when given."""
    if sex is None or not {"age", "sbp", "smoker", "bmi"} <= x.keys():
        return FormScore(percent=None, category=None)
    if not _AGES[0] <= x["age"] < _AGES[1]:
        return FormScore(percent=None, category=None)
    bmi = form_bmi(x)
    bands = (band(x["age"], AGE_BANDS), band(x["sbp"], SBP_BANDS))
    percent = form_cell(sex, bool(x["smoker"]), bands, band(bmi, tuple(form()["bmi_bands"])))
    return FormScore(
        percent=percent, category=category_of("moh-uz", percent, age=x["age"]).category
    )


def form_bmi(x: Mapping[str, float]) -> float:
    """Return the BMI the form computes, kg/m2, or the one given when it cannot."""
    if "height_cm" in x and "weight_kg" in x:
        return body_mass_index(height_cm=x["height_cm"], weight_kg=x["weight_kg"])
    return x["bmi"]


def form_cell(sex: Sex, smoker: bool, bands: tuple[int, int], bmi: int) -> int:
    """Return one cell of the form's grid by the numbers of its bands (age, pressure; BMI)."""
    age, sbp = bands
    names = (_SEX_LETTERS[sex], smoker, _AGE_NAMES[age], _SBP_NAMES[sbp], _BMI_NAMES[bmi])
    published = cell("nonlab", sex, (smoker, age, sbp), bmi, False)
    return _differences().get(names, published)
