"""Every role against every route: own patient, shared, at the clinic, of another clinic, nobody.

What is expected is read from the policy table, and what is asked from the description of the
interface: a route that stands in neither list below fails the first test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count, cycle

import pytest

pytest.importorskip("fastapi", reason="needs cardioalert[server]")

from fastapi.testclient import TestClient

from cardioalert.care import accounts, booking, reaching, records
from cardioalert.care.desk import OPERATOR
from cardioalert.rest.app import create_app, openapi
from cardioalert.security.limits import Limiter, Rule
from cardioalert.security.policy import ROLES, actions

PASSWORD = "otliq qoʻshin 71"
HERE, ELSEWHERE = "demo-samarkand-1", "demo-nukus-1"
REFUSED = (401, 403, 404)
ANSWERED = (200, 201, 202, 204, 409, 422)  # let in, whatever came of it then
CSV = b"not an ecg, but let in"

OF_A_PATIENT = {
    "show_patient": ("get", "/v1/patients/{patient}", None),
    "add_ecg": ("post", "/v1/ecg?patient={patient}", "file"),
    "show_job": ("get", "/v1/jobs/{job}", None),
    "list_analyses": ("get", "/v1/analyses?patient={patient}", None),
    "show_analysis": ("get", "/v1/analyses/{analysis}", None),
    "show_overlay": ("get", "/v1/analyses/{analysis}/overlay.jpg", None),
    "show_report": ("get", "/v1/analyses/{analysis}/report.html", None),
    "show_report_pdf": ("get", "/v1/analyses/{analysis}/report.pdf", None),
    "compare_analyses": ("get", "/v1/analyses/{analysis}/comparison?previous={analysis}", None),
    "add_quiz": ("post", "/v1/quiz?patient={patient}", {"age": 50}),
    "make_booking": ("post", "/v1/bookings", {"slot": "{slot}", "patient": "{patient}"}),
    "show_booking": ("get", "/v1/bookings/{code}", None),
    "booking_calendar": ("get", "/v1/bookings/{code}/ticket.ics", None),
    "booking_qr": ("get", "/v1/bookings/{code}/ticket.png", None),
    "confirm_booking": ("post", "/v1/bookings/{code}/confirm", None),
    "move_booking": ("post", "/v1/bookings/{code}/move", {"slot": "{slot}"}),
    "cancel_booking": ("post", "/v1/bookings/{code}/cancel", None),
    "fhir_appointment": ("get", "/fhir/Appointment/{code}", None),
    "fhir_hold": ("post", "/fhir/Appointment/$hold", "fhir"),
    "fhir_book": ("post", "/fhir/Appointment/$book", "fhir"),
    # The last: from here on some may look in an emergency.
    "break_glass": ("post", "/v1/break-glass", {"patient": "{patient}", "reason": "unconscious"}),
}  # fmt: skip
OF_ONESELF = {
    "change_me": ("patch", "/v1/me", {"sex": "male"}),
    "list_consents": ("get", "/v1/me/consents", None),
    "change_consent": ("put", "/v1/me/consents", {"scope": "channel:sms", "granted": True}),
    "add_device": ("post", "/v1/me/devices", {"token": "t"}),
    "list_messages": ("get", "/v1/me/messages", None),
    "export_me": ("get", "/v1/me/export", None),
    "list_access": ("get", "/v1/me/access", None),
    "join_waitlist": ("post", "/v1/waitlist", {"clinic": HERE, "day": "2026-12-02"}),
    "erase_me": ("delete", "/v1/me", None),
}
OF_THEIR_OWN_KIND = {
    "list_bookings",
    "fhir_appointments",
    "close_session",
}  # tested below, each by itself


@dataclass
class Person:
    """Somebody who asks, and how they stand to the subject."""

    role: str
    relations: set[str]
    headers: dict[str, str]


def described() -> dict[str, str]:
    """The policy row of each route."""
    paths = openapi()["paths"].values()
    return {one["operationId"]: one["x-policy"] for path in paths for one in path.values()}


def test_no_route_is_without_a_row():
    rows = described()
    public = {name for name, row in rows.items() if actions()[row].public}
    listed = {*OF_A_PATIENT, *OF_ONESELF, *OF_THEIR_OWN_KIND}
    assert set(rows) - public == listed
    assert not public & listed


@pytest.fixture
def world(sqlite_desk, tmp_path):
    """A server, a patient with a visit and an analysis, and everybody else."""
    desk = replace(sqlite_desk, files=tmp_path / "files")
    app = create_app(desk)
    app.state.limiter = Limiter({name: Rule(10_000_000, 1) for name in Limiter().rules})
    numbers = count()

    def person(role, clinic, relations):
        login = f"+9989010{next(numbers):05}"
        account = accounts.add_account(
            desk, OPERATOR, login=login, role=role, clinic_id=clinic, password=PASSWORD
        )
        token = accounts.sign_in(desk, login=login, password=PASSWORD).access
        return account, Person(role, relations, {"Authorization": f"Bearer {token}"})

    account, own = person("patient", None, {"own"})
    subject = account.patient_id
    made = booking.make(
        desk, OPERATOR, booking.Request(slot_id=f"{HERE}-ecg.20261202T0400Z", patient_id=subject)
    )
    job = records.add_file(desk, OPERATOR, subject, b"x", kind="record")
    assert records.run_job(desk, lambda data, about: records.Answer({}, b"jpeg"), owner="w")
    people = {"nobody": Person("", set(), {}), "own": own}
    people["another patient"] = person("patient", None, set())[1]
    relative, people["relative granted"] = person("relative", None, {"granted"})
    reaching.set_consent(desk, OPERATOR, subject, f"share:account:{relative.id}", granted=True)
    people["relative"] = person("relative", None, set())[1]
    for role in ROLES[2:]:
        people[f"{role} here"] = person(role, HERE, {"treating", "clinic"})[1]
        people[f"{role} elsewhere"] = person(role, ELSEWHERE, set())[1]
    known = {
        "patient": subject, "code": made.booking.code, "job": job.id,
        "analysis": records.job(desk, job.id).result_id,
    }  # fmt: skip
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client, people, known


def sent(client, person, route, known, slot):
    """The answer to one route."""
    method, path, body = route
    known = known | {"slot": slot}
    path = path.format(**known)
    if body == "file":
        return client.request(method, path, files={"file": ("x.csv", CSV)}, headers=person.headers)
    if body == "fhir":
        parameters = [
            ("appointment-reference", f"Appointment/{slot}"),
            ("patient-reference", f"Patient/{known['patient']}"),
        ]
        body = {
            "resourceType": "Parameters",
            "parameter": [{"name": n, "valueReference": {"reference": r}} for n, r in parameters],
        }
    elif isinstance(body, dict):
        body = {k: v.format(**known) if isinstance(v, str) else v for k, v in body.items()}
    more = {} if body is None else {"json": body}
    return client.request(method, path, headers=person.headers, **more)


def test_every_role_on_every_route_of_a_patient(world):
    client, people, known = world
    rows = described()
    slots = cycle(
        f"{HERE}-ecg.202612{day:02}T{hour:02}00Z" for day in (2, 3) for hour in range(5, 12)
    )
    wrong, asked = [], 0
    for name, route in OF_A_PATIENT.items():
        row = actions()[rows[name]]
        # Those who must be refused come first: what others change must not hide it.
        for who, person in sorted(people.items(), key=lambda one: bool(one[1].relations)):
            allowed = bool({*person.relations, "any"}.intersection(row.relations(person.role)))
            answer = sent(client, person, route, known, next(slots))
            asked += 1
            if answer.status_code not in (ANSWERED if allowed else REFUSED):
                wrong.append((name, who, allowed, answer.status_code, answer.text[:100]))
            if not allowed and known["patient"] in answer.text:
                wrong.append((name, who, "tells of the patient"))
    assert not wrong
    assert asked > 250


def test_ones_own_things_are_a_patients(world):
    client, people, known = world
    wrong = []
    for name, route in OF_ONESELF.items():
        for who, person in people.items():
            allowed = person.role == "patient"
            answer = sent(client, person, route, known, "")
            if answer.status_code not in (ANSWERED if allowed else REFUSED):
                wrong.append((name, who, answer.status_code, answer.text[:100]))
    assert not wrong


def test_a_list_of_visits_holds_what_the_caller_may_read(world):
    client, people, known = world
    for who, person in people.items():
        row = actions()["booking.read"]
        allowed = bool(person.relations.intersection(row.relations(person.role)))
        for path in ("/v1/bookings?patient=", "/fhir/Appointment?patient=Patient/"):
            answer = client.get(f"{path}{known['patient']}", headers=person.headers)
            assert (known["code"] in answer.text) is allowed, (who, path)


def test_whoever_signs_out_is_nobody_from_then_on(world):
    client, people, _ = world
    for who, person in people.items():
        status = client.delete("/v1/session", headers=person.headers).status_code
        assert status == (401 if who == "nobody" else 204)
        assert client.get("/v1/bookings", headers=person.headers).status_code == 401
