"""The person behind an ECG: only what changes limits or urgency."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cardioalert.errors import InvalidRecordError
from cardioalert.i18n import translate as _

OLDEST_AGE = 125.0  # years


class Sex(StrEnum):
    """Sex as the limits of the criteria use it."""

    MALE = "male"
    FEMALE = "female"


class Symptom(StrEnum):
    """Symptoms that change how urgent a finding is."""

    CHEST_PAIN = "chest-pain"
    BREATHLESSNESS = "breathlessness"
    SYNCOPE = "syncope"
    WEAKNESS = "weakness"  # sudden weakness of face, arm or speech
    PALPITATIONS = "palpitations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is known about the person.

    Attributes
    ----------
    age : float, years, optional
    sex : Sex, optional
    symptoms : tuple of Symptom
    """

    age: float | None = None
    sex: Sex | None = None
    symptoms: tuple[Symptom, ...] = ()

    def __post_init__(self) -> None:
        """Refuse ages no person has."""
        if self.age is not None and not 0 <= self.age <= OLDEST_AGE:
            raise InvalidRecordError(
                _(
                    "age {age} is not between 0 and {oldest_age:g} years",
                    age=self.age,
                    oldest_age=OLDEST_AGE,
                )
            )
