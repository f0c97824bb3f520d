"""A booking as a transaction bundle: Location, Schedule, Slot, Patient, Appointment.

The appointment is put where its ticket code is, so that the next news of the same booking changes
it instead of adding another; everything else is created once.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from cardioalert.care.booking import Ticket
from cardioalert.care.clinics import Found
from cardioalert.care.offers import Slot
from cardioalert.care.times import local
from cardioalert.hospital.fhir import pieces, scheduling
from cardioalert.hospital.fhir.pieces import Json
from cardioalert.hospital.fhir.rules import Version
from cardioalert.hospital.result import Person
from cardioalert.store.clinic_tables import Resource


def visit_bundle(
    ticket: Ticket,
    place: Found,
    room: Resource,
    person: Person,
    *,
    version: Version = "r4b",
    national: bool = False,
) -> Json:
    """Return the bundle of one booking.

    Parameters
    ----------
    ticket : Ticket
    place : Found
        Its clinic.
    room : Resource
        What was booked.
    person : Person
        As the hospital knows the patient.
    """
    booking = ticket.booking
    time = Slot(
        resource_id=room.id, clinic_id=room.clinic_id, service=booking.service,
        start=booking.slot_start, end=booking.slot_end, capacity=room.capacity, free=0,
    )  # fmt: skip
    own = {
        "Patient": booking.patient_id,
        "Location": place.clinic.id,
        "Schedule": room.id,
        "Slot": time.id,
    }
    resources = [
        pieces.patient(person, key=booking.patient_id, version=version, national=national),
        scheduling.location(place, version=version),
        scheduling.schedule(room, place.clinic, version=version),
        scheduling.slot(time, version=version),
        scheduling.appointment(ticket, version=version),
    ]
    urls = {f"{kind}/{name}": _url(kind, name) for kind, name in own.items()}
    entries = []
    for one in resources:
        kind = one["resourceType"]
        resource = {key: value for key, value in one.items() if key not in ("id", "meta")}
        first = resource["identifier"][0]
        token = "identifier=" + quote(f"{first['system']}|{first['value']}", safe=":|/")
        if kind == "Appointment":
            request = {"method": "PUT", "url": f"{kind}?{token}"}
            url = _url(kind, booking.code)
        else:
            request = {"method": "POST", "url": kind, "ifNoneExist": token}
            url = urls[f"{kind}/{own[kind]}"]
        entries.append({"fullUrl": url, "resource": _with_urls(resource, urls), "request": request})
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "timestamp": pieces.moment(local(booking.changed_at)),
        "entry": entries,
    }


def _url(kind: str, name: str) -> str:
    return uuid5(NAMESPACE_URL, f"cardioalert-booking/{kind}/{name}").urn


def _with_urls(value: Any, urls: dict[str, str]) -> Any:
    """Let references name the entries of the bundle."""
    if isinstance(value, list):
        return [_with_urls(item, urls) for item in value]
    if isinstance(value, dict):
        return {
            key: urls.get(item, item) if key == "reference" else _with_urls(item, urls)
            for key, item in value.items()
        }
    return value
