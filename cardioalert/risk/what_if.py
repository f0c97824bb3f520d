"""What would change the risk most, and the age the risk is like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cardioalert.domain.patient import Sex
from cardioalert.risk import interheart
from cardioalert.risk.categories import Category
from cardioalert.risk.scores import Inputs, Score, scores
from cardioalert.tables import read_toml

_STEPS: Final = 9  # halvings of the age range: finer than a tenth of a year
_ALL: Final = "all-together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A value a person can reach."""

    code: str
    input: str
    value: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The result after one change.

    Attributes
    ----------
    code : str
        Stable name, such as `quit-smoking`.
    inputs : mapping from input name to its new value
    exact : float
        Percent of the equation, unrounded; or points.
    cell : int, optional
        The chart cell, percent.
    category : Category
    """

    code: str
    inputs: Mapping[str, float]
    exact: float
    category: Category
    cell: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAge:
    """The age at which a person without risk factors has the same risk.

    `bound` is `at-least` or `at-most` where the score's age range ends, empty otherwise.
    """

    years: float
    bound: str = ""


@cache
def targets() -> tuple[Target, ...]:
    """Return the targets."""
    return tuple(Target(**row) for row in _table()["target"])


@cache
def _table() -> dict[str, Any]:
    """Return the whole table."""
    return read_toml("cardioalert.risk", "targets.toml")


def what_if(score: Score, sex: Sex, x: Inputs) -> tuple[Change, ...]:
    """Compute the score again with each target; only what lowers it, the largest effect first.

    The last entry reaches all targets at once. A change that would raise the risk is left out: the
    published equations have corners where, for example, the effect of smoking reverses in the
    oldest men (SCORE2-OP above 87 years).
    """
    before = score.exact(sex, x)
    useful = {t.code: {t.input: t.value} for t in targets() if x.get(t.input, 0.0) > t.value}
    useful = {code: change for code, change in useful.items() if next(iter(change)) in score.needs}
    changes = [_change(score, sex, x, code, change) for code, change in useful.items()]
    changes = sorted((c for c in changes if c.exact < before), key=lambda change: change.exact)
    everything: dict[str, float] = {}
    for change in changes:
        for name, value in change.inputs.items():
            everything[name] = min(value, everything.get(name, value))
    if len(everything) > 1:
        changes.append(_change(score, sex, x, _ALL, everything))
    return tuple(changes)


def _change(score: Score, sex: Sex, x: Inputs, code: str, change: Mapping[str, float]) -> Change:
    """Compute one change."""
    after = {**x, **change}
    exact, cell = score.exact(sex, after), score.cell(sex, after)
    category = score.category(exact if cell is None else cell, sex, after)
    return Change(code=code, inputs=change, exact=exact, cell=cell, category=category)


def points_what_if(score: Score, sex: Sex, x: Inputs) -> tuple[Change, ...]:
    """Count the INTERHEART points again without each habit, the largest effect first."""
    before = interheart.points(sex, x).low
    habits = {i.change: {i.input: 1.0 - i.answer} for i in interheart.items() if i.change}
    habits["quit-smoking"] = {"smoker": 0.0, "former_smoker": 1.0}
    changes = []
    for code, change in habits.items():
        name = next(iter(change))
        after = interheart.points(sex, {**x, **change}).low
        if name in x and after < before:
            category = score.category(after, sex, x)
            changes.append(Change(code=code, inputs=change, exact=after, category=category))
    return tuple(sorted(changes, key=lambda change: change.exact))


@cache  # halving meets the same 513 ages again and again
def _reference_risk(score_id: str, sex: Sex, age: float) -> float:
    """Return the risk of the reference person at one age."""
    score = scores()[score_id]
    values = _table()["reference_person"]["values"]
    reference = {name: value for name, value in values.items() if name in score.needs}
    return score.exact(sex, {**reference, "age": age})


def risk_age(score: Score, sex: Sex, x: Inputs) -> RiskAge | None:
    """Find the age at which the reference person of `tables/targets.toml` has this risk."""
    if not score.risk_age:
        return None
    risk = score.exact(sex, x)
    low, high = score.age_from, score.age_below
    if _reference_risk(score.id, sex, low) > risk:
        return RiskAge(years=low, bound="at-most")
    if _reference_risk(score.id, sex, high) <= risk:
        return RiskAge(years=high, bound="at-least")
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if _reference_risk(score.id, sex, middle) > risk:
            high = middle
        else:
            low = middle
    return RiskAge(years=(low + high) / 2.0)
