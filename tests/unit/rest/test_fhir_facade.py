"""The FHIR facade: find, hold, book as IHE Scheduling has them, over the same bookings."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="needs cardioalert[server]")
pytest.importorskip("fhir.resources", reason="needs cardioalert[hospital]")

from fastapi.testclient import TestClient

from cardioalert.care import accounts, booking
from cardioalert.care.desk import OPERATOR
from cardioalert.hospital.fhir.validate import validate
from cardioalert.rest.app import create_app

SLOT = "demo-samarkand-1-ecg.20261202T0400Z"
DAY = "start=2026-12-02T00:00:00%2B05:00&end=2026-12-03T00:00:00%2B05:00"
PASSWORD = "otliq qoʻshin 71"


@pytest.fixture
def client(sqlite_desk):
    with TestClient(create_app(sqlite_desk), raise_server_exceptions=False) as client:
        yield client


def signed_in(desk, role, number, clinic=None):
    login = f"+99890100{number:04}"
    account = accounts.add_account(
        desk, OPERATOR, login=login, role=role, password=PASSWORD, clinic_id=clinic
    )
    tokens = accounts.sign_in(desk, login=login, password=PASSWORD)
    return {"Authorization": f"Bearer {tokens.access}"}, account


def operation(client, name, reference, headers, **more):
    parameters = [{"name": "appointment-reference", "valueReference": {"reference": reference}}]
    parameters += [{"name": k.replace("_", "-"), "valueReference": {"reference": v}}
                   for k, v in more.items()]  # fmt: skip
    body = {"resourceType": "Parameters", "parameter": parameters}
    return client.post(f"/fhir/Appointment/${name}", json=body, headers=headers)


def checked(answer, status=200):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    assert validate(answer.json(), version="r4b") == []
    return answer.json()


def test_find_hold_book(sqlite_desk, client):
    headers, account = signed_in(sqlite_desk, "patient", 1)
    path = f"/fhir/Appointment/$find?{DAY}&location-reference=Location/demo-samarkand-1"
    found = checked(client.get(f"{path}&practitioner=Practitioner/1&_count=5"))
    times = [one["resource"] for one in found["entry"] if one["search"]["mode"] == "match"]
    assert found["total"] == len(times) == 5
    assert {one["status"] for one in times} == {"proposed"}
    note = found["entry"][-1]["resource"]
    assert "practitioner" in note["issue"][0]["diagnostics"]
    proposed = next(one for one in times if one["id"] == SLOT)
    slot = checked_one(client, proposed["slot"][0]["reference"])
    assert slot["status"] == "free"
    assert checked_one(client, slot["schedule"]["reference"])["active"]
    place = proposed["participant"][0]["actor"]["reference"]
    assert "DEMO" in checked_one(client, place)["name"]

    held = checked(operation(client, "hold", f"Appointment/{SLOT}", headers))
    held = held["entry"][0]["resource"]
    assert held["status"] == "pending"
    stranger, _ = signed_in(sqlite_desk, "patient", 2)
    refused = checked(operation(client, "hold", f"Appointment/{SLOT}", stranger), 409)
    issue = refused["issue"][0]
    assert (issue["severity"], issue["code"]) == ("fatal", "not-found")  # ITI-116
    assert issue["details"]["coding"][0]["code"] == "slot-taken"
    assert checked_one(client, f"Slot/{SLOT}")["status"] == "busy"
    assert operation(client, "book", f"Appointment/{held['id']}", stranger).status_code == 404

    booked = checked(operation(client, "book", f"Appointment/{held['id']}", headers))
    visit = booked["entry"][0]["resource"]
    assert (visit["status"], visit["id"]) == ("booked", held["id"])
    with sqlite_desk.store.reading() as session:
        row = booking.show(session, held["id"]).booking
    assert (row.status, row.patient_id) == ("booked", account.patient_id)
    listed = checked(client.get("/fhir/Appointment", headers=headers))
    assert [one["resource"]["id"] for one in listed["entry"]] == [visit["id"]]
    assert checked(client.get("/fhir/Appointment", headers=stranger))["total"] == 0


def checked_one(client, reference):
    return checked(client.get(f"/fhir/{reference}"))


def test_a_clinics_system_books_for_a_patient_it_names(sqlite_desk, client):
    _, account = signed_in(sqlite_desk, "patient", 1)
    system, _ = signed_in(sqlite_desk, "integration", 3, "demo-samarkand-1")
    elsewhere, _ = signed_in(sqlite_desk, "integration", 4, "demo-nukus-1")
    person = f"Patient/{account.patient_id}"
    wish = ("book", f"Appointment/{SLOT}")
    assert operation(client, *wish, elsewhere, patient_reference=person).status_code in (403, 404)
    visit = checked(operation(client, *wish, system, patient_reference=person))["entry"][0]
    assert visit["resource"]["participant"][0]["actor"]["reference"] == person
    doctor, _ = signed_in(sqlite_desk, "doctor", 5, "demo-samarkand-1")
    later = "Appointment/demo-samarkand-1-ecg.20261202T0440Z"
    # The policy table lets a doctor read bookings and not make them.
    refused = operation(client, "book", later, doctor, patient_reference=person)
    assert refused.status_code in (403, 404)


def test_slots_of_a_room_and_errors_as_outcomes(sqlite_desk, client):
    query = "schedule=Schedule/demo-samarkand-1-ecg&start=ge2026-12-02&start=lt2026-12-03&_count=9"
    found = checked(client.get(f"/fhir/Slot?{query}&status=free"))
    assert found["total"] == 9
    listed = checked(client.get("/fhir/Schedule?actor=Location/demo-samarkand-1"))
    assert "demo-samarkand-1-ecg" in [one["resource"]["id"] for one in listed["entry"]]
    assert client.get("/fhir/metadata").json()["fhirVersion"] == "4.0.1"
    for path, status in (
        ("Location/none", 404), ("Slot/none", 404), ("Schedule/none", 404), ("Nothing", 404),
        ("Appointment", 401), ("Slot?schedule=Schedule/demo-samarkand-1-ecg&start=xx1", 422),
        ("Appointment/$find?start=2026-12-02&end=2027-12-02", 422),
    ):  # fmt: skip
        assert checked(client.get(f"/fhir/{path}"), status)["resourceType"] == "OperationOutcome"
    assert checked(client.post("/fhir/Appointment/$find", json={}), 422)
