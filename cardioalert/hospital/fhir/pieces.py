"""The small parts FHIR resources are made of, and where R4B and R5 write them differently."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import Sex
from cardioalert.hospital.fhir.rules import Version
from cardioalert.hospital.result import LOCAL_SYSTEM, PINFL_SYSTEM, Document, Person
from cardioalert.terminology.lookup import UCUM, Code

Json = dict[str, Any]

TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem/"
ABSENT: Final = f"{TERMINOLOGY}data-absent-reason"
DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
APPLICATION: Final[Json] = {"coding": [{"system": DCM, "code": "110150", "display": "Application"}]}
MICROVOLTS_PER_MILLIVOLT: Final = 1000.0
MISSING_SAMPLE: Final = "E"
UZ_PROFILES: Final = "https://dhp.uz/fhir/core/StructureDefinition/"


def coding(code: Code) -> Json:
    """Write a code."""
    return {"system": code.system, "code": code.code, "display": code.display}


def concept(codes: Iterable[Code], text: str = "") -> Json:
    """Write a concept with one or more codes."""
    written: Json = {}
    if found := [coding(code) for code in codes]:
        written["coding"] = found
    if text:
        written["text"] = text
    return written


def moment(at: datetime) -> str:
    """Write a time to the second, with its offset."""
    return at.isoformat(timespec="seconds")


def quantity(value: float, *, unit: str, code: str) -> Json:
    """Write a quantity in UCUM."""
    return {"value": value, "unit": unit, "system": UCUM, "code": code}


def absent(reason: str) -> Json:
    """Say why there is no value: `unknown`, `error` or `not-performed`."""
    return {"coding": [{"system": ABSENT, "code": reason}]}


def attachment(document: Document) -> Json:
    """Write a file."""
    return {
        "contentType": document.media_type,
        "data": base64.b64encode(document.data).decode("ascii"),
        "title": document.title,
    }


def sampled_data(row: NDArray[np.float32], *, sampling_rate: float, version: Version) -> Json:
    """Write one lead as whole microvolts; a sample that is missing is `E`.

    Parameters
    ----------
    row : float array, shape (samples,), mV
    sampling_rate : float, Hz
    version : `r4b` or `r5`
    """
    microvolts = np.round(row.astype(np.float64) * MICROVOLTS_PER_MILLIVOLT)
    numbers = [MISSING_SAMPLE if np.isnan(value) else str(int(value)) for value in microvolts]
    period = round(1000.0 / sampling_rate, 9)
    period = int(period) if period == int(period) else period
    origin = quantity(0, unit="uV", code="uV")
    times = {"period": period} if version == "r4b" else {"interval": period, "intervalUnit": "ms"}
    return {"origin": origin, **times, "factor": 1, "dimensions": 1, "data": " ".join(numbers)}


def patient(person: Person, *, key: str, version: Version, national: bool) -> Json:
    """Write a patient; for the national guide the patronymic goes into `suffix`."""
    identifier: Json = {"system": person.system, "value": person.identifier or key}
    if person.system == PINFL_SYSTEM:
        identifier |= {
            "use": "official",
            "type": {"coding": [{"system": f"{TERMINOLOGY}v2-0203", "code": "NI"}]},
        }
    elif national:
        identifier |= {
            "system": "https://dhp.uz/fhir/core/sid/pid/uz/mrt",
            "use": "temp",
            "type": {"coding": [{"system": f"{TERMINOLOGY}v2-0203", "code": "MR"}]},
        }
    resource: Json = {"resourceType": "Patient", "identifier": [identifier], "active": True}
    name: Json = {}
    if person.full_name:
        name = {"use": "official", "text": person.full_name}
        given = [one for one in (person.given,) if one]
        if person.family:
            name["family"] = person.family
        if person.patronymic and national:
            name["suffix"] = [person.patronymic]
        elif person.patronymic:
            given.append(person.patronymic)
        if given:
            name["given"] = given
        resource["name"] = [name]
    if person.sex is not None:
        resource["gender"] = "male" if person.sex is Sex.MALE else "female"
    if person.birth_date is not None:
        resource["birthDate"] = person.birth_date.isoformat()
    return resource


def practitioner(person: Person) -> Json:
    """Write the clinician who signs."""
    resource: Json = {"resourceType": "Practitioner"}
    if person.identifier:
        resource["identifier"] = [{"system": person.system, "value": person.identifier}]
    name: Json = {"text": person.full_name}
    if person.family:
        name["family"] = person.family
    if person.given:
        name["given"] = [person.given]
    return resource | {"name": [name]}


def software(*, release: str, version: Version) -> Json:
    """Write CardioAlert as a device."""
    kind = {
        "coding": [{"system": "http://snomed.info/sct", "code": "706687001", "display": "Software"}]
    }
    device: Json = {
        "resourceType": "Device",
        "identifier": [{"system": LOCAL_SYSTEM, "value": f"cardioalert/{release}"}],
        "status": "active",
        "manufacturer": "CardioAlert",
        "version": [{"value": release}],
    }
    if version == "r4b":
        names = [{"name": "CardioAlert", "type": "user-friendly-name"}]
        return device | {"deviceName": names, "type": kind}
    return device | {
        "name": [{"value": "CardioAlert", "type": "user-friendly-name"}],
        "type": [kind],
    }
