"""The result of the risk test, and its JSON `cardioalert.risk/1`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cardioalert.i18n import translate as _
from cardioalert.risk import texts
from cardioalert.risk.advice import NextSteps
from cardioalert.risk.categories import Category
from cardioalert.risk.numbers import round_half_up
from cardioalert.risk.questionnaire import Answers, inputs
from cardioalert.risk.scores import Score
from cardioalert.risk.what_if import Change, RiskAge

SCHEMA: Final = "cardioalert.risk/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one score says.

    Attributes
    ----------
    exact : float
        Percent of the equation, unrounded; points (the least possible) for a points score.
    cell : int, optional
        The cell of the printed chart: the headline where there is one.
    category : Category
        Of the headline.
    category_exact : Category
        Of the equation; differs from `category` near the borders of chart cells.
    highest : int, optional
        Points if every open question turned out worst.
    """

    score: Score
    exact: float
    category: Category
    category_exact: Category
    cell: int | None = None
    highest: int | None = None

    @property
    def headline(self) -> float:
        """The number to show: the cell, or the percent to the score's decimals."""
        if self.cell is not None:
            return self.cell
        return round_half_up(self.exact, self.score.decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that must be said beside a result; `code` is stable."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskResult:
    """The result of one risk test.

    Attributes
    ----------
    estimate : Estimate, optional
        None when no score applies.
    not_applicable : tuple of str
        Codes of why not; empty when there is an estimate.
    used : mapping from input name to value
        What the score was computed from, in the library's units.
    imputed : tuple of str
        Of these, questions left open and taken as "no".
    missing : mapping from score to inputs
        What would have to be answered for a score that fits better.
    secondary : tuple of Estimate
        Other scores that fit the answers.
    details : mapping
        Of single scores: PREVENT's outcomes, the number of the national form.
    """

    answers: Answers
    steps: NextSteps
    estimate: Estimate | None = None
    not_applicable: tuple[str, ...] = ()
    used: Mapping[str, float] = field(default_factory=dict)
    imputed: tuple[str, ...] = ()
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    risk_age: RiskAge | None = None
    secondary: tuple[Estimate, ...] = ()
    notes: tuple[Note, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document `cardioalert.risk/1`."""
        document: dict[str, Any] = {"schema": SCHEMA}
        if self.answers.id:
            document["id"] = self.answers.id
        if self.answers.score != "auto":
            document["score_requested"] = self.answers.score
        document |= _estimate(self.estimate)
        document |= {
            **_risk_age(self.risk_age),
            "inputs_used": {name: _number(name, value) for name, value in self._inputs()},
            "inputs_imputed": list(self.imputed),
            "inputs_unknown": list(self.answers.unknown),
            "missing": {score: list(names) for score, names in self.missing.items()},
            "not_applicable": list(self.not_applicable),
            "advice": [{"code": a.code, "text": a.text} for a in self.steps.advice],
            "next_step": {"code": self.steps.next_step.code, "text": self.steps.next_step.text},
            "what_if": [self._change(change) for change in self.changes],
            "secondary": [_estimate(estimate) for estimate in self.secondary],
            "notes": [{"code": note.code, "text": note.text} for note in self.notes],
            "details": dict(self.details),
            "disclaimer": _(texts.DISCLAIMER),
        }
        if self.not_applicable:
            document["error"] = {
                "code": "not-applicable",
                "message": self.refusal,
                "hint": self.steps.next_step.text,
            }
        return document

    @property
    def refusal(self) -> str:
        """Why no score applies, for people; empty when one does."""
        return " ".join(texts.reason_text(code, self.answers) for code in self.not_applicable)

    def _inputs(self) -> list[tuple[str, Any]]:
        """Return the inputs in the order they are read: age and sex first."""
        if self.estimate is None:
            return []
        rest = ((name, value) for name, value in self.used.items() if name != "age")
        return [("age", self.used["age"]), ("sex", self.answers.sex_code), *rest]

    def _change(self, change: Change) -> dict[str, Any]:
        """Return one entry of `what_if`."""
        new = {name: _number(name, value) for name, value in change.inputs.items()}
        if "bmi" in change.inputs and "height_cm" in self.answers.values:
            meters = self.answers.values["height_cm"] / 100.0
            new["weight_kg"] = round_half_up(change.inputs["bmi"] * meters**2, 1)
        assert self.estimate is not None
        after = _figures(self.estimate.score, change.exact, change.cell)
        before = _figures(self.estimate.score, self.estimate.exact, self.estimate.cell)
        return {
            "code": change.code,
            "text": _(texts.CHANGES[change.code]),
            "change": new,
            **after,
            "category": change.category.category,
            "difference": {k: round_half_up(v - before[k], 2) for k, v in after.items()},
        }


def _figures(score: Score, exact: float, cell: int | None) -> dict[str, float]:
    """Return the numbers of a result, rounded as they are printed."""
    if score.points:
        return {"points": int(exact)}
    headline = cell if cell is not None else round_half_up(exact, score.decimals)
    return {"percent": headline, "percent_exact": round_half_up(exact, 2)}


def _estimate(estimate: Estimate | None) -> dict[str, Any]:
    """Return what one score says; nulls when there is none."""
    if estimate is None:
        return dict.fromkeys(
            ("score", "version", "region", "percent", "percent_exact", "category"), None
        )
    score = estimate.score
    found: dict[str, Any] = {
        "score": score.id,
        "version": score.version,
        "region": score.region,
        "mode": "points" if score.points else "chart" if estimate.cell is not None else "equation",
        "horizon_years": score.horizon or None,
        "percent": None,
        "percent_exact": None,
    }
    found |= _figures(score, estimate.exact, estimate.cell)
    if estimate.highest is not None:
        found["points_at_most"] = estimate.highest
    return found | {
        "category": estimate.category.category,
        "category_exact": estimate.category_exact.category,
        "category_differs": estimate.category.category != estimate.category_exact.category,
        "thresholds_version": f"{estimate.category.scheme}/{estimate.category.version}",
    }


def _risk_age(age: RiskAge | None) -> dict[str, Any]:
    """Return the risk age in whole years, and whether it is where the score's ages end."""
    if age is None:
        return {"risk_age": None, "risk_age_bound": None}
    return {"risk_age": int(round_half_up(age.years)), "risk_age_bound": age.bound or "equal"}


def _number(name: str, value: Any) -> Any:
    """Return a value as JSON shows it: true and false, whole numbers without decimals."""
    known = inputs().get(name)
    if known is None:
        return value
    if known.kind == "yes-no":
        return bool(value)
    if value == int(value):
        return int(value)
    rounded = round_half_up(value, 4)
    return int(rounded) if rounded.is_integer() else rounded
