"""Clinics, free times and visits in FHIR: accepted by the gate in both versions, in every state."""

from __future__ import annotations

from datetime import date

import pytest

pytest.importorskip("fhir.resources", reason="needs cardioalert[hospital]")

from cardioalert.care import booking, clinics
from cardioalert.care.desk import OPERATOR
from cardioalert.care.slots import slots_of
from cardioalert.hospital.fhir import scheduling
from cardioalert.hospital.fhir.importing import import_resources
from cardioalert.hospital.fhir.validate import validate
from cardioalert.store.clinic_tables import Resource
from cardioalert.store.visit_tables import Status

SLOT = "demo-samarkand-1-ecg.20261202T0400Z"
VERSIONS = ("r4b", "r5")


@pytest.fixture
def ticket(sqlite_desk):
    return booking.make(
        sqlite_desk,
        OPERATOR,
        booking.Request(slot_id=SLOT, patient_id="p1", register_patient=True),
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status", list(Status))
def test_a_booking_is_a_valid_appointment_in_every_state(ticket, version, status):
    ticket.booking.status = status
    written = scheduling.appointment(ticket, version=version)
    assert validate(written, version=version) == []
    assert written["id"] == ticket.booking.code
    assert written["start"] == "2026-12-02T09:00:00+05:00"
    assert written["status"] == scheduling.APPOINTMENT_STATUS[status]
    read = import_resources(written).visits[0]  # by our own reader of what hospitals send
    assert (read.number, read.status) == (ticket.booking.code, written["status"])
    assert (read.patient, read.place) == ("Patient/p1", "Location/demo-samarkand-1")
    assert read.start == ticket.booking.slot_start


@pytest.mark.parametrize("version", VERSIONS)
def test_places_rooms_and_times_are_valid(sqlite_desk, ticket, version):
    day = date(2026, 12, 2)
    with sqlite_desk.store.reading() as session:
        found = clinics.get(session, "demo-samarkand-1", now=sqlite_desk.now())
        room = session.get(Resource, "demo-samarkand-1-ecg")
        times = slots_of(
            session, found.clinic, service="ecg", first=day, last=day, now=sqlite_desk.now()
        )
    place = scheduling.location(found, version=version)
    assert "DEMO" in place["description"]
    assert "telecom" not in place
    assert "contact" not in place
    free = [one for one in times if one.free]
    assert len(free) == len(times) - 1
    written = [
        place,
        scheduling.schedule(room, found.clinic, version=version),
        *(scheduling.slot(one, version=version) for one in times),
        *(scheduling.proposal(one, found.clinic, version=version) for one in free[:3]),
    ]
    for resource in written:
        assert validate(resource, version=version) == [], resource
    assert [r["status"] for r in written if r.get("id") == SLOT] == ["busy"]
    address = {"base": "https://example.uz/fhir", "query": "Slot?status=free"}
    note = scheduling.outcome("information", "not-supported", "practitioner is not looked at")
    bundle = scheduling.searchset(written, **address, outcome=note)
    assert validate(bundle, version=version) == []
    assert bundle["total"] == len(written)
    assert validate(scheduling.searchset([], **address), version=version) == []
