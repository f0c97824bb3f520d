"""The whole interface against its own description: hundreds of requests nobody thought of.

    CARDIOALERT_SCHEMATHESIS_EXAMPLES=200 pytest tests/flow/test_schemathesis.py

asks for more of them than the few that the suite has time for.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest

pytest.importorskip("schemathesis", reason="needs schemathesis")
pytest.importorskip("fastapi", reason="needs cardioalert[server]")

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from cardioalert.care import accounts, booking, records
from cardioalert.care.desk import OPERATOR, Actor, Desk
from cardioalert.care.slots import slots_of
from cardioalert.care.times import as_text, local
from cardioalert.rest.app import create_app
from cardioalert.security.limits import Limiter, Rule
from cardioalert.security.policy import ROLES
from cardioalert.store.clinic_tables import Clinic
from cardioalert.store.engine import Store
from cardioalert.store.types import now_utc
from tests.made_report import built_content

EXAMPLES = int(os.environ.get("CARDIOALERT_SCHEMATHESIS_EXAMPLES", "6"))
PASSWORD = "otliq qoʻshin 71"
# Where a request that fits the schema may be refused with 422, because no schema can say the rule.
CODE_RULE = "the last character of a ticket code checks the others"
CANNOT_BE_SAID = {
    "list_clinics": "latitude and longitude come together; a region has several names",
    "list_bookings": CODE_RULE,
    "show_booking": CODE_RULE,
    "confirm_booking": CODE_RULE,
    "move_booking": CODE_RULE,
    "cancel_booking": CODE_RULE,
    "booking_calendar": CODE_RULE,
    "booking_qr": CODE_RULE,
    "fhir_slots": "a time has a prefix and any precision, and ranges have an end after their begin",
    "send_code": "a number is a telephone if the country gave it out",
    "change_me": "a number is a telephone if the country gave it out; dates lie in the past",
}
LEFT_ALONE = {"erase_me", "close_session"}  # they end the session that all the others need


@dataclass
class Served:
    """A server with somebody of every role, and things that are really there."""

    schema: object
    headers: dict[str, dict[str, str]]
    known: dict[str, list[str]]


@pytest.fixture(scope="module")
def served(template, tmp_path_factory) -> Served:
    folder = tmp_path_factory.mktemp("schemathesis")
    shutil.copy(template[0], folder / "care.db")
    desk = Desk(Store(f"sqlite:///{folder / 'care.db'}"), template[1], files=folder / "files")
    app = create_app(desk)
    app.state.limiter = Limiter({name: Rule(10_000_000, 1) for name in Limiter().rules})
    headers, patient = {"nobody": {}}, ""
    for number, role in enumerate(ROLES):
        login = f"+99890100{number:04}"
        clinic = None if role in ("patient", "relative") else "demo-samarkand-1"
        account = accounts.add_account(
            desk, OPERATOR, login=login, role=role, password=PASSWORD, clinic_id=clinic
        )
        patient = patient or str(account.patient_id)
        tokens = accounts.sign_in(desk, login=login, password=PASSWORD)
        headers[role] = {"Authorization": f"Bearer {tokens.access}"}
    return Served(
        schemathesis.openapi.from_asgi("/v1/openapi.json", app), headers, known(desk, patient)
    )


def known(desk: Desk, patient: str) -> dict[str, list[str]]:
    """Make a visit and an analysis, and return what can be asked for."""
    now = now_utc()
    with desk.store.reading() as session:
        clinic = session.get(Clinic, "demo-tashkent-1")
        day = local(now).date()
        times = slots_of(
            session, clinic, service="ecg", first=day, last=day + timedelta(days=13), now=now
        )
    slots = [slot.id for slot in times]
    made = booking.make(desk, OPERATOR, booking.Request(slot_id=slots[0], patient_id=patient))
    whose = Actor(id="x", role="patient", patient_id=patient)
    records.add_file(desk, whose, patient, b"x", kind="record")
    answer = records.Answer(built_content(), b"jpeg")
    assert records.run_job(desk, lambda data, about: answer, owner="w")
    with desk.store.reading() as session:
        analysis = records.analyses(session, patient)[0].id
    return {
        "slot": slots, "code": [made.booking.code], "analysis": [analysis],
        "patient": [patient], "clinic": ["demo-tashkent-1"], "at": [as_text(now)],
    }  # fmt: skip


def operations(served: Served) -> list[object]:
    found = [result.ok() for result in served.schema.get_all_operations()]
    return [one for one in found if one.definition.raw["operationId"] not in LEFT_ALONE]


def test_no_request_breaks_the_description(served):
    """Random requests by every role: no 5xx, no answer that is not as described."""
    found = operations(served)
    assert len(found) > 45
    assert CANNOT_BE_SAID.keys() < {one.definition.raw["operationId"] for one in found}
    failed = {}
    for operation in found:
        try:
            ask(served, operation)
        except (Exception, BaseExceptionGroup) as error:  # one report on all of them
            failed[operation.label] = "\n".join(map(str, getattr(error, "exceptions", [error])))
    assert not failed, "\n\n".join(f"{name}: {text}" for name, text in failed.items())


def ask(served: Served, operation) -> None:
    """Send one operation many requests, half of them with things that are there."""
    properties = {
        "slot_id": "slot", "code": "code", "analysis_id": "analysis", "patient_id": "patient",
        "clinic_id": "clinic", "location_id": "clinic", "appointment_id": "code",
    }  # fmt: skip

    keys = (f"{operation.label} {number}"[-100:] for number in count())
    named = operation.definition.raw["operationId"] in CANNOT_BE_SAID
    left_out = [positive_data_acceptance] if named else []

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(
        case=operation.as_strategy(), role=st.sampled_from(sorted(served.headers)),
        real=st.booleans(), number=st.integers(0, 20),
    )  # fmt: skip
    def send(case, role, real, number):
        if real:
            for name in case.path_parameters or {}:
                values = served.known.get(properties.get(name, ""), ())
                if values:
                    case.path_parameters[name] = values[number % len(values)]
            if isinstance(case.body, dict) and "slot" in case.body:
                case.body["slot"] = served.known["slot"][number % len(served.known["slot"])]
        if "Idempotency-Key" in (case.headers or {}):
            # One thing, one key: a key that comes with another body is refused, as it should be.
            case.headers["Idempotency-Key"] = next(keys)
        case.call_and_validate(headers=served.headers[role], excluded_checks=left_out)

    send()
