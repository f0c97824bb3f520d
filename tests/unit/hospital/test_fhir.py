"""FHIR out, through the gate, into a server of others, and back."""

from __future__ import annotations

import copy
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest

from cardioalert.care import booking, clinics, patients
from cardioalert.care.booking import Request
from cardioalert.care.desk import Actor, Desk
from cardioalert.domain.record import STANDARD_LEADS
from cardioalert.errors import NotAllowedError, PeerError
from cardioalert.formats.registry import kind_of, read_record
from cardioalert.hospital.fhir import rules
from cardioalert.hospital.fhir.export import bundle, counts
from cardioalert.hospital.fhir.importing import import_resources
from cardioalert.hospital.fhir.validate import guess_version, validate
from cardioalert.hospital.fhir.visits import visit_bundle
from cardioalert.hospital.libraries import library
from cardioalert.hospital.result import Person
from cardioalert.risk.assess import assess
from cardioalert.risk.fhir import read_response
from cardioalert.risk.questionnaire import read_answers
from cardioalert.store.clinic_tables import Resource
from tests.peers.running import node
from tests.unit.hospital.made_result import NODIRA, made_result

pytest.importorskip("fhir.resources", reason="fhir.resources is not installed")
fhirpathpy = pytest.importorskip("fhirpathpy", reason="fhirpathpy is not installed")

MODES = (("r4b", False), ("r5", False), ("r5", True))


@pytest.mark.parametrize(("version", "national"), MODES)
def test_bundle_passes_the_gate(version: Any, national: bool) -> None:
    for result in (
        made_result(),
        made_result(signed_by=Person(family="Усманов", given="Тимур")),
        made_result(record=None, photo=None, report=None, recorded_at=None, person=Person()),
    ):
        document = bundle(result, version=version, national=national)
        assert validate(document, version=version) == []
        if result.record is not None:
            assert guess_version(document) == version


def test_every_resource_of_one_analysis() -> None:
    document = bundle(made_result())
    assert counts(document) == {
        "Patient": 1, "Device": 1, "Organization": 1, "DocumentReference": 1, "Observation": 15,
        "DiagnosticReport": 1, "RiskAssessment": 2, "Provenance": 1, "AuditEvent": 1,
    }  # fmt: skip
    by_kind = {e["resource"]["resourceType"]: e["resource"] for e in document["entry"]}
    report = by_kind["DiagnosticReport"]
    assert report["status"] == "preliminary"
    assert "performer" not in report
    assert report["presentedForm"][0]["contentType"] == "application/pdf"
    assert [c["text"] for c in report["conclusionCode"]] == ["Atrial fibrillation"]


def observation(document: dict[str, Any], code: str) -> dict[str, Any]:
    for entry in document["entry"]:
        resource = entry["resource"]
        codes = resource.get("code", {}).get("coding", ())
        if resource["resourceType"] == "Observation" and code in [one["code"] for one in codes]:
            found: dict[str, Any] = resource
            return found
    raise AssertionError(code)


def test_values_have_units_and_what_is_missing_is_not_zero() -> None:
    document = bundle(made_result())
    qt = observation(document, "8634-8")
    assert [one["code"] for one in qt["code"]["coding"]] == ["8634-8", "147232"]
    assert qt["valueQuantity"] == {
        "value": 402.0, "unit": "ms", "system": "http://unitsofmeasure.org", "code": "ms",
    }  # fmt: skip
    t_axis = observation(document, "8638-9")
    assert "valueQuantity" not in t_axis
    assert t_axis["dataAbsentReason"]["coding"][0]["code"] == "unknown"


def test_signing_makes_it_final() -> None:
    document = bundle(made_result(signed_by=Person(family="Усманов", given="Тимур")))
    report = next(
        e["resource"]
        for e in document["entry"]
        if e["resource"]["resourceType"] == "DiagnosticReport"
    )
    assert report["status"] == "final"
    assert "performer" in report


def test_snomed_can_be_left_out() -> None:
    assert "snomed.info/sct" in json.dumps(bundle(made_result())["entry"][5:])
    rest = [
        e for e in bundle(made_result(), snomed=False)["entry"]
        if e["resource"]["resourceType"] != "Device"
    ]  # fmt: skip
    assert "snomed.info/sct" not in json.dumps(rest)


def test_national_guide() -> None:
    document = bundle(made_result(language="uz"), version="r5", national=True)
    patient = document["entry"][0]["resource"]
    assert patient["meta"]["profile"] == [
        "https://dhp.uz/fhir/core/StructureDefinition/uz-core-patient"
    ]
    assert patient["identifier"][0]["type"]["coding"][0]["code"] == "NI"
    assert patient["name"][0]["suffix"] == ["Анваровна"]
    wave = observation(document, "34534-8")
    assert wave["code"]["coding"][0]["system"] == "http://loinc.org"
    assert wave["component"][0]["valueSampledData"]["intervalUnit"] == "ms"
    with pytest.raises(ValueError, match="R5"):
        bundle(made_result(), version="r4b", national=True)


@pytest.mark.parametrize("version", ["r4b", "r5"])
def test_waves_come_back(version: Any, tmp_path: Path) -> None:
    result = made_result()
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(bundle(result, version=version)))
    assert kind_of(path) == "fhir"
    back = read_record(path)
    assert result.record is not None
    assert back.leads == STANDARD_LEADS
    assert back.sampling_rate == 500.0
    assert np.abs(back.signal - result.record.signal).max() <= 0.5e-3 + 1e-6


def test_what_was_sent_can_be_imported() -> None:
    found = import_resources(bundle(made_result()))
    assert list(found.people.values()) == [NODIRA]
    assert len(found.waves) == 1
    assert [one.media_type for one in found.documents] == ["image/jpeg"]


def test_orders_and_visits_of_hospitals(shared_data: Path) -> None:
    fhir = shared_data / "interop/fhir"
    order = import_resources(json.loads((fhir / "us-core/servicerequest-ekg.json").read_text()))
    assert order.orders[0].code
    sample = json.loads((fhir / "sample_ecg_transaction_bundle_R4B_made_by_us.json").read_text())
    found = import_resources(sample)
    assert next(iter(found.people.values())).family == "Иванов"
    assert found.visits[0].status == "booked"
    assert f"{found.visits[0].start}" == "2026-11-24 09:00:00+03:00"
    assert len(found.places) == 2


@pytest.mark.parametrize(("version", "national"), MODES)
def test_the_risk_test_goes_along(version: Any, national: bool) -> None:
    answers = {"age": 55, "sex": "male", "smoker": True, "sbp": 145, "dbp": 90, "height_cm": 175,
               "weight_kg": 82}  # fmt: skip
    result = made_result(record=None, risk=assess(read_answers(answers)))
    document = bundle(result, version=version, national=national)
    assert validate(document, version=version, national=national) == []
    by_kind = {e["resource"]["resourceType"]: e for e in document["entry"]}
    response = by_kind["QuestionnaireResponse"]
    assert response["resource"]["subject"] == {"reference": by_kind["Patient"]["fullUrl"]}
    assert read_response(response["resource"])["sbp"] == 145
    bases = [
        one["resource"]["basis"] for one in document["entry"]
        if one["resource"]["resourceType"] == "RiskAssessment"
    ]  # fmt: skip
    assert [{"reference": response["fullUrl"]}] in bases


RESOLVING = {
    "r4b": {"bdl-10"},
    "r5": {"bdl-10", "dgr-1", "prov-1", "prov-2", "prov-3"},
}
"""Rules that need `resolve()` or `hasValue()`, which fhirpathpy does not have."""


@pytest.mark.parametrize("version", ["r4b", "r5"])
def test_all_other_published_rules_are_evaluated(
    version: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is skipped in silence: each FHIRPath rule of what we write is run, or named here."""
    keys = {
        rule[1]: rule[0]
        for elements in rules.types(version).values()
        for element in elements.values()
        for rule in element.get("rules", ())
    }
    ran, skipped = set[str](), set[str]()

    class Watched:
        """fhirpathpy, watched."""

        def compile(self, expression: str, model: Any) -> Any:
            run = fhirpathpy.compile(expression, model)

            def watched(*values: Any) -> Any:
                try:
                    answer = run(*values)
                except Exception:
                    skipped.add(keys[expression])
                    raise
                ran.add(keys[expression])
                return answer

            return watched

    monkeypatch.setattr(
        "cardioalert.hospital.fhir.validate.library",
        lambda name: Watched() if name == "fhirpathpy" else library(name),
    )
    risk = assess(read_answers({"age": 55, "sex": "male", "smoker": True, "sbp": 145, "bmi": 27}))
    assert validate(bundle(made_result(risk=risk), version=version), version=version) == []
    assert skipped == RESOLVING[version]
    assert {"obs-6", "obs-7", "qty-3", "att-1"} <= ran


@pytest.mark.parametrize("version", ["r4b", "r5"])
def test_bookings_pass_the_gate_in_every_state(version: Any, sqlite_desk: Desk) -> None:
    for document in visit_bundles(sqlite_desk, version):
        assert validate(document, version=version) == []


def visit_bundles(desk: Desk, version: Any) -> list[dict[str, Any]]:
    """One booking: made, moved, cancelled."""
    actor = Actor(id="app", role="patient", patient_id="p-1")
    with desk.store.writing() as session:
        patients.register(desk, session, {"name": "Каримова Нодира"}, patient_id="p-1")
    slot = "demo-samarkand-1-ecg.20261130T0{}00Z"
    made = booking.make(desk, actor, Request(slot_id=slot.format(4), patient_id="p-1"))
    steps = [made, booking.move(desk, actor, made.booking.code, slot.format(5))]
    steps.append(booking.cancel(desk, actor, made.booking.code))
    with desk.store.reading() as session:
        place = clinics.get(session, "demo-samarkand-1", now=desk.now())
        room = session.get(Resource, made.booking.resource_id)
        assert room is not None
    return [visit_bundle(one, place, room, NODIRA, version=version) for one in steps]


# ---- The gate ------------------------------------------------------------------------------------


def test_the_broken_samples_are_rejected_and_the_good_accepted(shared_data: Path) -> None:
    path = shared_data / "interop/fhir/validator_mutation_cases.json"
    verdicts = {
        name: bool(validate(case, version="r4b"))
        for name, case in json.loads(path.read_text()).items()
    }
    assert verdicts == {name: not name.startswith("ok-") for name in verdicts}
    assert Counter(verdicts.values()) == {True: 19, False: 4}


def test_us_core_examples_are_accepted(shared_data: Path) -> None:
    for path in sorted((shared_data / "interop/fhir/us-core").glob("*.json")):
        assert validate(json.loads(path.read_text()), version="r4b") == [], path.name


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["entry"][3]["resource"].update(status="brilliant"),
        lambda d: d["entry"][4]["resource"].update(subject={"reference": "urn:uuid:nobody"}),
        lambda d: d["entry"][4]["resource"].update(note=[]),
        lambda d: d["entry"][4]["resource"].update(component=None),
        lambda d: d["entry"][0]["resource"].update(birthDate="1985-13-05"),
        lambda d: d.update(type="parcel"),
        lambda d: d["entry"][0].update(resource={"resourceType": "Cat"}),
    ],
)
def test_faults_inside_a_bundle_are_found(change: Any) -> None:
    document = copy.deepcopy(bundle(made_result()))
    change(document)
    assert validate(document, version="r4b")


# ---- Servers -------------------------------------------------------------------------------------


@pytest.fixture
def medplum() -> Iterator[str]:
    """An R4 server of others."""
    with node("fhir_server.mjs") as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/"


def test_a_server_of_others_takes_the_bundle_once(medplum: str) -> None:
    client = pytest.importorskip("cardioalert.hospital.fhir.client")
    httpx = pytest.importorskip("httpx", reason="httpx is not installed")
    document = bundle(made_result())
    first = client.send(document, medplum)
    second = client.send(document, medplum)
    assert first == second
    with httpx.Client(base_url=medplum) as browser:
        people = browser.get("/Patient", params={"name": "Каримова"}).json()["entry"]
        assert len(people) == 1
        found = browser.get("/Observation", params={"code": "8634-8"}).json()["entry"]
        assert [one["resource"]["valueQuantity"]["value"] for one in found] == [402.0]
        subject = found[0]["resource"]["subject"]["reference"]
        assert subject == f"Patient/{people[0]['resource']['id']}"
        waves = browser.get("/Observation", params={"code": "131328"}).json()
    back = read_record(json.dumps(waves).encode())
    assert np.abs(back.signal - made_result().record.signal).max() <= 0.5e-3 + 1e-6


def test_a_booking_that_changes_stays_one_appointment(medplum: str, sqlite_desk: Desk) -> None:
    client = pytest.importorskip("cardioalert.hospital.fhir.client")
    httpx = pytest.importorskip("httpx", reason="httpx is not installed")
    seen = []
    with httpx.Client(base_url=medplum) as browser:
        for document in visit_bundles(sqlite_desk, "r4b"):
            client.send(document, medplum)
            (entry,) = browser.get("/Appointment").json()["entry"]
            seen.append((entry["resource"]["status"], entry["resource"]["start"][11:16]))
        counts_there = [
            len(browser.get(f"/{kind}").json()["entry"])
            for kind in ("Patient", "Location", "Schedule", "Slot")
        ]
    assert seen == [("booked", "09:00"), ("booked", "10:00"), ("cancelled", "10:00")]
    assert counts_there == [1, 1, 1, 2]


class TokenServer(BaseHTTPRequestHandler):
    """Gives a token to whoever signs with the known key, and takes bundles with it."""

    public_key: Any = None
    failures = 0
    seen: list[dict[str, Any]] = []  # noqa: RUF012 - shared by all handlers of a test

    def do_POST(self) -> None:
        jwt = pytest.importorskip("jwt")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/oauth/token":
            form = parse_qs(body.decode())
            claims = jwt.decode(
                form["client_assertion"][0],
                self.public_key,
                algorithms=["RS384", "ES384"],
                audience=f"http://127.0.0.1:{self.server.server_address[1]}/oauth/token",
            )
            known = claims["iss"] == claims["sub"] == "cardioalert"
            self.answer(200 if known else 401, {"access_token": "secret"} if known else {})
        elif self.headers.get("Authorization") != "Bearer secret":
            self.answer(401, {})
        elif type(self).failures > 0:
            type(self).failures -= 1
            self.answer(503, {})
        else:
            document = json.loads(body)
            self.seen.append(document)
            response = {"response": {"status": "201", "location": "X/1"}}
            self.answer(200, {"entry": [response] * len(document["entry"])})

    def answer(self, status: int, document: dict[str, Any]) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *values: object) -> None:
        pass


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_private_key_jwt(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jwt", reason="PyJWT is not installed")
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415

    from cardioalert.hospital.fhir import client  # noqa: PLC0415

    key: Any = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP384R1())
    )
    path = tmp_path / "key.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    monkeypatch.setattr(client, "PAUSES_S", (0.01, 0.01))
    handler = type(
        "Handler", (TokenServer,), {"public_key": key.public_key(), "seen": [], "failures": 2}
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    document = bundle(made_result(record=None))
    try:
        good = client.Credentials(
            token_url=f"{base}/oauth/token", client_id="cardioalert", key_file=path
        )
        assert len(client.send(document, base, good)) == len(document["entry"])  # after two 503
        assert handler.seen == [document]
        stranger = client.Credentials(
            token_url=f"{base}/oauth/token", client_id="stranger", key_file=path
        )
        with pytest.raises(NotAllowedError):
            client.send(document, base, stranger)
        with pytest.raises(NotAllowedError):
            client.send(document, base)
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(PeerError):
        client.send(document, base)
