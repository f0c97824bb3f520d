"""Read what hospitals send as FHIR, R4 or R5: people, orders, appointments, places, documents.

Unknown elements are ignored and unknown resources are listed, so that a sender learns what was not
taken. A document is taken with its own hash checked where it names one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from cardioalert.domain.patient import Sex
from cardioalert.errors import CorruptFileError, InvalidRecordError
from cardioalert.hospital.result import PINFL_SYSTEM, Document, Person
from cardioalert.i18n import translate as _

RECORDS: Final = ("Observation",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A request for an ECG.

    Attributes
    ----------
    number : str
    status : str
    patient : str
        Reference as sent.
    code, display : str
    """

    number: str
    status: str
    patient: str
    code: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An appointment; times have a zone."""

    number: str
    status: str
    start: datetime | None
    end: datetime | None
    patient: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A clinic, room or service."""

    name: str
    kind: str
    latitude: float | None
    longitude: float | None


@dataclass(slots=True, kw_only=True)
class Imported:
    """All that was understood."""

    people: dict[str, Person] = field(default_factory=dict)  # by reference
    orders: list[Order] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    waves: list[Mapping[str, Any]] = field(default_factory=list)  # Observations with SampledData
    ignored: list[str] = field(default_factory=list)


def import_resources(document: Any) -> Imported:
    """Read a resource or a bundle.

    Raises
    ------
    InvalidRecordError
        It is no FHIR resource.
    CorruptFileError
        An attachment is damaged.
    """
    if not isinstance(document, dict) or "resourceType" not in document:
        raise InvalidRecordError(_("the document is no FHIR resource: resourceType is missing"))
    found = Imported()
    for url, resource in _resources(document):
        _take(found, url, resource)
    return found


def _resources(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each resource with what references call it."""
    if document["resourceType"] != "Bundle":
        yield f"{document['resourceType']}/{document.get('id', '')}", document
        return
    for entry in document.get("entry") or ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and "resourceType" in resource:
            own = f"{resource['resourceType']}/{resource['id']}" if "id" in resource else ""
            yield own or str(entry.get("fullUrl") or ""), resource


def _take(found: Imported, url: str, resource: Mapping[str, Any]) -> None:
    """Read one resource."""
    kind = resource["resourceType"]
    if kind == "Patient":
        found.people[url] = read_patient(resource)
    elif kind == "ServiceRequest":
        found.orders.append(_order(resource))
    elif kind == "Appointment":
        found.visits.append(_visit(resource))
    elif kind in ("Location", "HealthcareService"):
        position = resource.get("position") or {}
        found.places.append(
            Place(
                name=str(resource.get("name") or ""),
                kind=kind,
                latitude=_number(position.get("latitude")),
                longitude=_number(position.get("longitude")),
            )
        )
    elif kind == "DocumentReference":
        found.documents += _documents(resource)
    elif kind == "Observation" and any(
        "valueSampledData" in one for one in (resource, *(resource.get("component") or ()))
    ):
        found.waves.append(resource)
    else:
        found.ignored.append(url or kind)


def read_patient(resource: Mapping[str, Any]) -> Person:
    """Read a person; a PINFL goes before any other identifier."""
    identifiers = [one for one in resource.get("identifier") or () if one.get("value")]
    identifiers.sort(key=lambda one: one.get("system") != PINFL_SYSTEM)
    first = identifiers[0] if identifiers else {}
    name: Mapping[str, Any] = next(iter(resource.get("name") or ()), {})
    given = [str(one) for one in name.get("given") or ()]
    suffix = [str(one) for one in name.get("suffix") or ()]
    sexes = {"male": Sex.MALE, "female": Sex.FEMALE}
    return Person(
        identifier=str(first.get("value") or ""),
        system=str(first.get("system") or ""),
        family=str(name.get("family") or ""),
        given=given[0] if given else "",
        patronymic=" ".join(suffix or given[1:]),
        birth_date=_date(resource.get("birthDate")),
        sex=sexes.get(str(resource.get("gender"))),
    )


def _order(resource: Mapping[str, Any]) -> Order:
    """Read an order; R5 wraps its code in `concept`."""
    code = resource.get("code") or {}
    code = code.get("concept") or code
    coding: Mapping[str, Any] = next(iter(code.get("coding") or ()), {})
    return Order(
        number=_identifier(resource),
        status=str(resource.get("status") or ""),
        patient=str((resource.get("subject") or {}).get("reference") or ""),
        code=str(coding.get("code") or ""),
        display=str(coding.get("display") or code.get("text") or ""),
    )


def _visit(resource: Mapping[str, Any]) -> Visit:
    """Read an appointment."""
    actors = [
        str((one.get("actor") or {}).get("reference") or "")
        for one in resource.get("participant") or ()
    ]
    people = [one for one in actors if "Patient/" in one or one.startswith("urn:")]
    places = [one for one in actors if "Location/" in one or "HealthcareService/" in one]
    subject = str((resource.get("subject") or {}).get("reference") or "")  # R5
    return Visit(
        number=_identifier(resource),
        status=str(resource.get("status") or ""),
        start=_moment(resource.get("start")),
        end=_moment(resource.get("end")),
        patient=subject or (people[0] if people else ""),
        place=places[0] if places else "",
    )


def _documents(resource: Mapping[str, Any]) -> Iterator[Document]:
    """Yield the files that came inline."""
    for content in resource.get("content") or ():
        attachment = content.get("attachment") or {}
        if "data" not in attachment:
            continue
        try:
            data = base64.b64decode(str(attachment["data"]), validate=True)
        except binascii.Error as error:
            raise CorruptFileError(_("an attachment is no base64: {error}", error=error)) from error
        told = attachment.get("hash")
        if (
            told
            and base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
            != told
        ):
            raise CorruptFileError(_("an attachment does not have the hash that it names"))
        yield Document(
            data=data,
            media_type=str(attachment.get("contentType") or "application/octet-stream"),
            title=str(attachment.get("title") or ""),
        )


def _identifier(resource: Mapping[str, Any]) -> str:
    """Return the first identifier, else the id."""
    first: Mapping[str, Any] = next(iter(resource.get("identifier") or ()), {})
    return str(first.get("value") or resource.get("id") or "")


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _date(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _moment(text: Any) -> datetime | None:
    """Read an instant; one without a zone says nothing."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None
