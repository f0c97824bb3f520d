"""Normal limits of the measurements, for the table of a report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from cardioalert.domain.clinical import Measured
from cardioalert.domain.measures import Measure
from cardioalert.domain.patient import Patient, Sex
from cardioalert.tables import read_toml

ADULT_AGE: Final = 18.0  # years

Side = Literal["within", "below", "above"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """One row of `tables/limits.toml`, in the unit people read; the limits themselves are normal.

    Attributes
    ----------
    measure : str
    source : str
    sex : Sex, optional
        None where the limits are the same for both.
    low, high : float, optional
        None where there is no limit on that side.
    """

    measure: str
    source: str
    sex: Sex | None = None
    low: float | None = None
    high: float | None = None

    def side(self, value: float) -> Side:
        """Tell on which side of the limits a value lies."""
        if self.low is not None and value < self.low:
            return "below"
        if self.high is not None and value > self.high:
            return "above"
        return "within"


@cache
def all_limits() -> tuple[Limits, ...]:
    """Return every row of the table."""
    return tuple(Limits(**row) for row in read_toml(__package__, "limits.toml")["limits"])


def limits_for(patient: Patient) -> dict[str, Limits]:
    """Return the limits for a person by measure name.

    Without a sex, the stricter upper limit of both is taken. Children get none: theirs differ.
    """
    if patient.age is not None and patient.age < ADULT_AGE:
        return {}
    chosen: dict[str, Limits] = {}
    for row in sorted(all_limits(), key=_strictness):
        if row.sex is None or patient.sex is None or row.sex == patient.sex:
            chosen.setdefault(row.measure, row)
    return chosen


def _strictness(limits: Limits) -> float:
    """Order rows so that the lowest upper limit comes first."""
    return float("inf") if limits.high is None else limits.high


def side_of(measured: Measured, measure: Measure, limits: Limits | None) -> Side | None:
    """Tell on which side of its limits a measurement lies, judged as it is printed."""
    if measured.value is None or limits is None:
        return None
    return limits.side(round(measured.value * measure.factor, measure.decimals))
