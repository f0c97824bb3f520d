"""Booking in FHIR: clinics, rooms, free times and visits as their resources, R4B or R5.

One mapping for everybody who speaks FHIR of bookings: the facade of the REST server, which follows
IHE ITI FHIR Scheduling 1.0 (R4), and what is sent to hospitals. Ids are our own: a booking's is its
ticket code, a slot's is what `care/slots.py` calls it, and a time that was only proposed has the id
of its slot. No name of a patient is ever written here: a reference is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

from cardioalert.care.booking import Ticket
from cardioalert.care.clinics import Found
from cardioalert.care.directory import services
from cardioalert.care.offers import Slot
from cardioalert.care.times import local
from cardioalert.hospital.fhir.pieces import TERMINOLOGY, Json, moment
from cardioalert.hospital.fhir.rules import Version
from cardioalert.hospital.result import LOCAL_SYSTEM
from cardioalert.i18n import translate as _
from cardioalert.store.clinic_tables import Clinic, Resource
from cardioalert.store.visit_tables import Status

SERVICE_SYSTEM: Final = f"{LOCAL_SYSTEM}.1"
TICKET_SYSTEM: Final = f"{LOCAL_SYSTEM}.2"
ERROR_SYSTEM: Final = f"{LOCAL_SYSTEM}.3"
APPOINTMENT_STATUS: Final = {
    Status.HELD: "pending", Status.PENDING: "pending", Status.BOOKED: "booked",
    Status.ARRIVED: "arrived", Status.COMPLETED: "fulfilled", Status.NO_SHOW: "noshow",
    Status.CANCELLED: "cancelled", Status.EXPIRED: "cancelled",
}  # fmt: skip
"""IHE calls a held time `pending`, as FHIR calls one the clinic has not confirmed yet."""
_UNCERTAIN: Final = ("pending", "proposed")
_REASON: Final = f"{TERMINOLOGY}appointment-cancellation-reason"


def service_type(code: str, *, version: Version = "r4b") -> list[Json]:
    """Write a service such as `ecg`; R5 wraps it."""
    written: Json = {
        "coding": [{"system": SERVICE_SYSTEM, "code": code}],
        "text": _(services()[code]["title"]),
    }
    return [written] if version == "r4b" else [{"concept": written}]


def location(found: Found, *, version: Version = "r4b", language: str = "en") -> Json:
    """Write a clinic; one that was invented says so in name and description."""
    clinic = found.clinic
    resource: Json = {
        "resourceType": "Location", "id": clinic.id, "status": "active", "mode": "instance",
        "identifier": [{"system": LOCAL_SYSTEM, "value": clinic.id}],
        "name": found.name(language),
    }  # fmt: skip
    if clinic.demo:
        resource["description"] = _("DEMO: this clinic does not exist.")
    if clinic.address:
        resource["address"] = {"text": clinic.address, "country": "UZ"}
    if clinic.latitude is not None and clinic.longitude is not None:
        resource["position"] = {"longitude": clinic.longitude, "latitude": clinic.latitude}
    phones = [
        {"system": "phone", "value": one.number}
        for one in found.phones
        if one.verified and not clinic.demo
    ]
    if phones:
        resource |= {"telecom": phones} if version == "r4b" else {"contact": [{"telecom": phones}]}
    if clinic.hours and version == "r4b":
        resource["availabilityExceptions"] = clinic.hours  # OSM syntax, for people
    return resource


def schedule(resource: Resource, clinic: Clinic, *, version: Version = "r4b") -> Json:
    """Write a room or device that is booked."""
    written: Json = {
        "resourceType": "Schedule", "id": resource.id, "active": clinic.active,
        "identifier": [{"system": LOCAL_SYSTEM, "value": resource.id}],
        "serviceType": service_type(resource.service, version=version),
        "actor": [{"reference": f"Location/{clinic.id}", "display": clinic.name}],
    }  # fmt: skip
    if version == "r5":
        written["name"] = resource.name or resource.id
    return written


def slot(one: Slot, *, version: Version = "r4b") -> Json:
    """Write a time that can be booked, or that no place is left of."""
    return {
        "resourceType": "Slot", "id": one.id,
        "identifier": [{"system": LOCAL_SYSTEM, "value": one.id}],
        "serviceType": service_type(one.service, version=version),
        "schedule": {"reference": f"Schedule/{one.resource_id}"},
        "status": "free" if one.free else "busy",
        "start": moment(local(one.start)), "end": moment(local(one.end)),
    }  # fmt: skip


def proposal(one: Slot, clinic: Clinic, *, version: Version = "r4b") -> Json:
    """Write a free time as an appointment that could be made: what `$find` answers."""
    return _appointment(
        identifier=one.id, status="proposed", service=one.service, slot_id=one.id,
        start=moment(local(one.start)), end=moment(local(one.end)), clinic=clinic, version=version,
    )  # fmt: skip


def appointment(ticket: Ticket, *, version: Version = "r4b") -> Json:
    """Write a booking."""
    booking = ticket.booking
    status = APPOINTMENT_STATUS[Status(booking.status)]
    written = _appointment(
        identifier=booking.code, status=status, service=booking.service,
        slot_id=f"{booking.resource_id}.{booking.slot_start:%Y%m%dT%H%MZ}",
        start=moment(local(booking.slot_start)), end=moment(local(booking.slot_end)),
        clinic=ticket.clinic, version=version, patient_id=booking.patient_id,
    )  # fmt: skip
    written["identifier"] = [{"system": TICKET_SYSTEM, "value": booking.code}]
    written["meta"] = {
        "versionId": str(booking.version), "lastUpdated": moment(local(booking.changed_at)),
    }  # fmt: skip
    written["created"] = moment(local(booking.created_at))
    if status == "cancelled":
        name = "cancelationReason" if version == "r4b" else "cancellationReason"
        why = "hold-expired" if booking.status == Status.EXPIRED else "cancelled"
        written[name] = {"coding": [{"system": _REASON, "code": "other"}], "text": why}
    return written


def _appointment(
    *, identifier: str, status: str, service: str, slot_id: str, start: str, end: str,
    clinic: Clinic, version: Version, patient_id: str = "",
) -> Json:  # fmt: skip
    """Write what proposals and bookings have in common."""
    word = "tentative" if status in _UNCERTAIN else "accepted"
    place = {"reference": f"Location/{clinic.id}", "display": clinic.name}
    participant: list[Json] = [{"actor": place, "status": word}]
    written: Json = {
        "resourceType": "Appointment", "id": identifier, "status": status,
        "serviceType": service_type(service, version=version),
        "start": start, "end": end, "slot": [{"reference": f"Slot/{slot_id}"}],
        "requestedPeriod": [{"start": start, "end": end}],
    }  # fmt: skip
    if patient_id:
        person = {"reference": f"Patient/{patient_id}"}
        participant.insert(0, {"actor": person, "status": "accepted"})
        if version == "r5":
            written["subject"] = person
    if clinic.demo:
        note = _("DEMO: this clinic does not exist.")
        written |= {"comment": note} if version == "r4b" else {"note": [{"text": note}]}
    return written | {"participant": participant}


def searchset(
    resources: Iterable[Json], *, base: str, query: str, outcome: Json | None = None
) -> Json:
    """Write what was found, with a note on what was not understood.

    Parameters
    ----------
    base : address of the server, such as `https://example.uz/fhir`
    query : what was asked for, such as `Slot?status=free`
    outcome : a note
    """
    entries: list[Json] = [
        {
            "fullUrl": f"{base}/{one['resourceType']}/{one['id']}",
            "resource": one,
            "search": {"mode": "match"},
        }
        for one in resources
    ]
    total = len(entries)
    if outcome:
        # It has no id, so no address either; R5 wants one all the same.
        url = uuid5(NAMESPACE_OID, str(outcome)).urn
        entries.append({"fullUrl": url, "resource": outcome, "search": {"mode": "outcome"}})
    found: Json = {
        "resourceType": "Bundle", "type": "searchset", "total": total,
        "link": [{"relation": "self", "url": f"{base}/{query}"}],
    }  # fmt: skip
    return found | ({"entry": entries} if entries else {})


def outcome(severity: str, kind: str, text: str, *, code: str = "") -> Json:
    """Write what went wrong, or what should be known.

    Parameters
    ----------
    severity : fatal, error, warning, information
    kind : of FHIR's issue types, such as `not-found`, `conflict`, `not-supported`
    code : our own stable code
    """
    issue: dict[str, Any] = {"severity": severity, "code": kind, "diagnostics": text}
    if code:
        issue["details"] = {"coding": [{"system": ERROR_SYSTEM, "code": code}]}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
