"""Normal limits of the measurements, for the table of a report.

They are those an ECG must keep to be called normal, so that the table never contradicts the
findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from cardioalert.domain.clinical import Measured
from cardioalert.domain.measures import Measure
from cardioalert.domain.patient import Patient
from cardioalert.interpret.normal import ranges

ADULT_AGE: Final = 18.0  # years
SAME_LIMITS: Final = {"qtc_bazett": "qtc_fridericia", "qtc_framingham": "qtc_fridericia"}
"""Measures that share the limits of another."""

Side = Literal["within", "below", "above"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is normal for one person, in the unit people read; the limits themselves are normal."""

    low: float
    high: float

    def side(self, value: float) -> Side:
        """Tell on which side of the limits a value lies."""
        if value < self.low:
            return "below"
        return "above" if value > self.high else "within"


def limits_for(patient: Patient) -> dict[str, Limits]:
    """Return the limits for a person by measure name; none for children, whose limits differ."""
    if patient.age is not None and patient.age < ADULT_AGE:
        return {}
    limits = {
        row.measure: Limits(low=row.at_least, high=row.upper(patient.sex)) for row in ranges()
    }
    same = {name: limits[other] for name, other in SAME_LIMITS.items() if other in limits}
    return limits | same


def side_of(measured: Measured, measure: Measure, limits: Limits | None) -> Side | None:
    """Tell on which side of its limits a measurement lies, judged as it is printed."""
    if measured.value is None or limits is None:
        return None
    return limits.side(round(measured.value * measure.factor, measure.decimals))
