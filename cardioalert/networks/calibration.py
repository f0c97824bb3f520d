"""From the scores of the ensemble's members to calibrated probabilities and verdicts.

The numbers stand in `cardioalert_models/tables/interpretation.toml`, which the training writes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.opinion import Call, InputKind, Verdict
from cardioalert.dsp import Floats
from cardioalert.tables import read_toml

PACKAGE: Final = "cardioalert_models"
TABLE: Final = "interpretation.toml"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """One network of the ensemble, for one kind of input.

    Attributes
    ----------
    name : of its card
    weight : float array, shape (statements,)
        Share in the blend; 0 where what was measured decides alone.
    mean, spread : float arrays, shape (statements,)
        Of its scores, so that members of different kinds can be averaged.
    """

    name: str
    weight: Floats
    mean: Floats
    spread: Floats

    def standardized(self, scores: NDArray[np.floating[Any]]) -> Floats:
        """Return scores of mean 0 and spread 1."""
        return (scores - self.mean) / self.spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one statement, or a group of them, is decided.

    Attributes
    ----------
    code : PTB-XL statement, or the name of a group
    members : statements of a group; empty for a statement
    slope, intercept : of the logistic calibration (Platt)
    present_from, possible_from, absent_below : probability
        Limits of the verdicts; NaN where there were too few examples to state an error.
    listed : bool
        Whether its probability is handed on.
    """

    code: str
    slope: float
    intercept: float
    members: tuple[str, ...] = ()
    present_from: float = math.nan
    possible_from: float = math.nan
    absent_below: float = math.nan
    listed: bool = True

    def verdict(self, probability: float) -> Verdict:
        """Return what a probability means."""
        if probability >= self.present_from:
            return "present"
        if probability >= self.possible_from:
            return "possible"
        return "absent" if probability < self.absent_below else "undecided"

    @property
    def decides(self) -> bool:
        """Tell whether there were enough examples to state an error."""
        return not math.isnan(self.present_from)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """Everything that turns scores into an opinion, for one kind of input.

    Attributes
    ----------
    statements : columns of the scores
    members : tuple of Member
    most_disagreement : float
        Spread between the members beyond which the record is unlike those learned from.
    """

    statements: tuple[str, ...]
    members: tuple[Member, ...]
    outcomes: tuple[Outcome, ...]
    most_disagreement: float

    def blend(self, scores: Mapping[str, NDArray[np.floating[Any]]]) -> Floats:
        """Return the weighted mean of standardized scores, shape (statements,).

        Members without a score do not count.
        """
        heard = [member for member in self.members if member.name in scores]
        total: Floats = np.sum([member.weight for member in heard], axis=0)
        blended: Floats = np.sum(
            [member.weight * member.standardized(scores[member.name]) for member in heard], axis=0
        )
        mean: Floats = blended / total
        return mean

    def disagreement(self, scores: Mapping[str, NDArray[np.floating[Any]]]) -> float:
        """Return how far the members are apart; 1.0 is the limit."""
        heard = [each for each in self.members if each.name in scores]
        apart = np.std([each.standardized(scores[each.name]) for each in heard], axis=0)
        return float(apart.mean()) / self.most_disagreement

    def probabilities(self, blended: Floats) -> dict[str, float]:
        """Return the calibrated probability of every outcome, groups after statements."""
        found: dict[str, float] = {}
        for outcome in self.outcomes:
            if outcome.members:
                score = _logit(1.0 - math.prod(1.0 - found[code] for code in outcome.members))
            else:
                score = float(blended[self.statements.index(outcome.code)])
            found[outcome.code] = _sigmoid(outcome.slope * score + outcome.intercept)
        return found

    def calls(self, probabilities: Mapping[str, float]) -> dict[str, Call]:
        """Return the verdicts of those outcomes that had enough examples."""
        return {
            outcome.code: Call(
                probability=probabilities[outcome.code],
                verdict=outcome.verdict(probabilities[outcome.code]),
                present_from=outcome.present_from,
                possible_from=outcome.possible_from,
            )
            for outcome in self.outcomes
            if outcome.decides
        }


@cache
def calibration(kind: InputKind) -> Calibration:
    """Return the calibration of one kind of input."""
    return read_calibration(read_toml(PACKAGE, TABLE), kind)


def read_calibration(table: Mapping[str, Any], kind: InputKind) -> Calibration:
    """Return the calibration of one kind of input from the parsed table."""
    own = table[kind]
    outcomes = [
        Outcome(**{**row, "members": tuple(row.get("members", ()))}) for row in own["outcome"]
    ]
    return Calibration(
        statements=tuple(table["statements"]),
        members=tuple(
            Member(
                name=row["name"],
                weight=np.array(row["weight"]),
                mean=np.array(row["mean"]),
                spread=np.array(row["spread"]),
            )
            for row in own["member"]
        ),
        outcomes=tuple(outcomes),
        most_disagreement=own["most_disagreement"],
    )


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(logit, -40.0), 40.0)))


def _logit(probability: float) -> float:
    kept = min(max(probability, 1e-6), 1.0 - 1e-6)
    return math.log(kept / (1.0 - kept))
