"""The modality worklist: what is booked, as an ECG cart asks for it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from cardioalert.domain.patient import Sex
from cardioalert.hospital.result import Person

ANY_STATION: Final = "ECG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """One booked ECG.

    Attributes
    ----------
    number : str
        Of the booking; the cart sends it back as accession number.
    person : Person
    start : datetime
    station : str
        AE title of the cart.
    place, description : str
    """

    number: str
    person: Person
    start: datetime
    station: str = ANY_STATION
    place: str = ""
    description: str = "12-lead ECG"

    @property
    def study_uid(self) -> str:
        """UID of the study to be, the same each time it is asked for."""
        return str(generate_uid(entropy_srcs=["booking", self.number]))


def answers(query: Dataset, scheduled: Iterable[Scheduled]) -> Iterator[Dataset]:
    """Yield the entries that match a query."""
    step = next(iter(query.get("ScheduledProcedureStepSequence") or ()), Dataset())
    for one in sorted(scheduled, key=lambda entry: entry.start):
        if matches(one, query, step):
            yield entry_of(one)


def matches(one: Scheduled, query: Dataset, step: Dataset) -> bool:
    """Tell whether an entry matches every key that has a value (PS3.4 C.2.2.2)."""
    return (
        _text(query.get("PatientName"), dicom_name(one.person), fold=True)
        and _text(query.get("PatientID"), one.person.identifier)
        and _text(query.get("AccessionNumber"), one.number)
        and _text(step.get("Modality"), "ECG")
        and _text(step.get("ScheduledStationAETitle"), one.station)
        and _range(step.get("ScheduledProcedureStepStartDate"), f"{one.start:%Y%m%d}")
        and _range(step.get("ScheduledProcedureStepStartTime"), f"{one.start:%H%M%S}")
    )


def _text(wanted: Any, value: str, *, fold: bool = False) -> bool:
    """Match a key with wildcards; names without regard to capitals."""
    pattern = str(wanted or "").strip()
    if not pattern or pattern == "*":
        return True
    if fold:
        pattern, value = pattern.casefold().rstrip("^"), value.casefold()
    pattern = pattern.replace("[", "[[]")
    return fnmatch.fnmatchcase(value, pattern)


def _range(wanted: Any, value: str) -> bool:
    """Match a date or time, or a range of them."""
    text = str(wanted or "").strip().partition(".")[0]
    if not text:
        return True
    if "-" not in text:
        return value.startswith(text)
    first, _, last = text.partition("-")
    return (not first or value >= first) and (not last or value[: len(last)] <= last)


def dicom_name(person: Person) -> str:
    """Write a name as DICOM does: family^given^patronymic."""
    return "^".join((person.family, person.given, person.patronymic)).rstrip("^")


def entry_of(one: Scheduled) -> Dataset:
    """Write one entry."""
    entry = Dataset()
    entry.SpecificCharacterSet = "ISO_IR 192"
    entry.PatientName = dicom_name(one.person)
    entry.PatientID = one.person.identifier
    entry.PatientBirthDate = (
        f"{one.person.birth_date:%Y%m%d}" if one.person.birth_date is not None else ""
    )
    sexes = {Sex.MALE: "M", Sex.FEMALE: "F"}
    entry.PatientSex = sexes[one.person.sex] if one.person.sex is not None else ""
    entry.AccessionNumber = one.number[:16]
    entry.ReferringPhysicianName = ""
    entry.StudyInstanceUID = one.study_uid
    entry.RequestedProcedureID = one.number[:16]
    entry.RequestedProcedureDescription = one.description
    step = Dataset()
    step.Modality = "ECG"
    step.ScheduledStationAETitle = one.station
    step.ScheduledProcedureStepStartDate = f"{one.start:%Y%m%d}"
    step.ScheduledProcedureStepStartTime = f"{one.start:%H%M%S}"
    step.ScheduledPerformingPhysicianName = ""
    step.ScheduledProcedureStepDescription = one.description
    step.ScheduledProcedureStepID = one.number[:16]
    step.ScheduledProcedureStepLocation = one.place[:16]
    entry.ScheduledProcedureStepSequence = [step]
    return entry
