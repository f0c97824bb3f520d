"""The scores: what each needs, whom it fits, and the function that computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from cardioalert.domain.patient import Sex
from cardioalert.risk import framingham, prevent, score2, who2019
from cardioalert.risk.categories import Category, category_of
from cardioalert.tables import read_toml

Inputs = Mapping[str, float]
"""Answers by input name, in the library's units; yes is 1.0."""

EQUATIONS: Final[Mapping[str, Callable[[Sex, Inputs], float]]] = MappingProxyType(
    {
        "who2019-lab": who2019.lab_percent,
        "who2019-nonlab": who2019.nonlab_percent,
        "score2": score2.score2_percent,
        "score2-op": score2.score2_op_percent,
        "score2-diabetes": score2.score2_diabetes_percent,
        "prevent": prevent.percent,
        "framingham2008-lab": framingham.lab_percent,
        "framingham2008-bmi": framingham.bmi_percent,
    }
)
"""Percent, unrounded, by score."""

CHARTS: Final[Mapping[str, Callable[[Sex, Inputs], int]]] = MappingProxyType(
    {"who2019-lab": who2019.lab_cell, "who2019-nonlab": who2019.nonlab_cell}
)
"""The cell of the printed chart, for scores whose headline it is."""

BASES: Final[Mapping[str, Callable[[Sex, Inputs], float]]] = MappingProxyType(
    {"prevent": prevent.ascvd_percent}
)
"""What the category is read from, where it is not the headline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One score; the fields are those of `tables/scores.toml`.

    Attributes
    ----------
    horizon : int, years
    age_from, age_below : float, years
    needs : tuple of str
        Inputs it cannot do without, besides age and sex.
    unanswered_as_no : tuple of str
        Of these, what may be taken as "no" when nothing better fits; always reported.
    optional : tuple of str
        Inputs it uses when they are there.
    diabetes : `any`, `required` or `excluded`
    thresholds : str
        Scheme of `tables/thresholds.csv`.
    limits : mapping from input name to (low, high)
        Range in which the authors allow the equation.
    points : bool
        Whether the result is points and not a percentage.
    risk_age : bool
        Whether a risk age can be read from the equation.
    notes : tuple of str
        Codes of what must be said beside every result.
    """

    id: str
    version: str
    region: str
    horizon: int
    age_from: float
    age_below: float
    needs: tuple[str, ...]
    thresholds: str
    decimals: int
    source: str
    unanswered_as_no: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    diabetes: str = "any"
    automatic: bool = True
    points: bool = False
    risk_age: bool = False
    notes: tuple[str, ...] = ()
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def exact(self, sex: Sex, x: Inputs) -> float:
        """Return the percent of the equation, unrounded."""
        return EQUATIONS[self.id](sex, x)

    def cell(self, sex: Sex, x: Inputs) -> int | None:
        """Return the chart cell, or None for a score without a chart."""
        chart = CHARTS.get(self.id)
        return None if chart is None else chart(sex, x)

    def category(self, value: float, sex: Sex, x: Inputs) -> Category:
        """Return the category of a percentage or of points of this person."""
        basis = BASES.get(self.id)
        return category_of(self.thresholds, value if basis is None else basis(sex, x), age=x["age"])


@cache
def scores() -> Mapping[str, Score]:
    """Return the scores by id, best first."""
    rows = read_toml("cardioalert.risk", "scores.toml")["score"]
    return {row["id"]: Score(**{k: _frozen(v) for k, v in row.items()}) for row in rows}


def _frozen(value: Any) -> Any:
    """Turn the lists of a TOML row into tuples."""
    return tuple(value) if isinstance(value, list) else value
