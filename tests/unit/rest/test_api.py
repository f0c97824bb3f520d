"""The server: who may do what, errors as problems, bookings, uploads, nothing personal leaks."""

from __future__ import annotations

import io
import json
import logging
import struct
import zipfile
import zlib
from dataclasses import replace

import pytest

pytest.importorskip("fastapi", reason="needs cardioalert[server]")

from fastapi.testclient import TestClient
from PIL import Image

from cardioalert.care import accounts, booking, patients, reaching, records
from cardioalert.care.desk import OPERATOR, Actor
from cardioalert.rest.app import create_app, openapi
from cardioalert.security.limits import Limiter, Rule
from cardioalert.security.logs import JsonLines
from cardioalert.security.policy import ROLES, actions
from tests.made_report import built_content

SLOT = "demo-samarkand-1-ecg.20261202T0400Z"
PASSWORD = "otliq qoʻshin 71"
CANARY = {"name": "Kanareyka Qushboyeva", "pinfl": "41507850000017", "birth_date": "1985-07-15"}


@pytest.fixture
def served(sqlite_desk, tmp_path):
    desk = replace(sqlite_desk, files=tmp_path / "files")
    app = create_app(desk)
    app.state.limiter = Limiter({name: Rule(10_000, 1) for name in Limiter().rules})
    with TestClient(app, raise_server_exceptions=False) as client:
        yield desk, client


def as_role(desk, client, role, number, clinic_id=None):
    """Headers of somebody of a role; and the patient an account of a patient is."""
    login = f"+99890100{number:04}"
    account = accounts.add_account(
        desk, OPERATOR, login=login, role=role, password=PASSWORD, clinic_id=clinic_id
    )
    tokens = accounts.sign_in(desk, login=login, password=PASSWORD)
    return {"Authorization": f"Bearer {tokens.access}"}, account


def routes(client):
    document = client.get("/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            yield method, path, described


def test_every_route_has_a_row_of_the_policy_and_a_stable_name(served):
    _, client = served
    found = list(routes(client))
    assert len(found) > 25
    names = [described["operationId"] for _, _, described in found]
    assert len(set(names)) == len(names)
    for _, path, described in found:
        assert described["x-policy"] in actions(), path
        assert "{" not in described["operationId"]


def test_nobody_uses_a_route_that_is_not_public(served):
    _, client = served
    for method, path, described in routes(client):
        if actions()[described["x-policy"]].public:
            continue
        answer = client.request(method, path.replace("{", "").replace("}", ""))
        assert answer.status_code in (401, 422), path
        if answer.status_code == 422:  # the body is looked at first
            continue
        assert '"sign-in"' in answer.text


def test_the_matrix_of_roles_and_relations(served):
    """Own, granted, treating, and nothing to do with the patient: as the table says."""
    desk, client = served
    own, account = as_role(desk, client, "patient", 1)
    subject = account.patient_id
    slot = booking.make(desk, OPERATOR, booking.Request(slot_id=SLOT, patient_id=subject))
    people = {"own": ("patient", own)}
    for number, role in enumerate(ROLES, start=10):
        clinic = None if role in ("patient", "relative") else "demo-samarkand-1"
        near, _ = as_role(desk, client, role, number, clinic)
        people[f"{role} here"] = (role, near)
        if clinic:
            far, _ = as_role(desk, client, role, number + 20, "demo-nukus-1")
            people[f"{role} elsewhere"] = (role, far)
    granted, relative = as_role(desk, client, "relative", 60)
    reaching.set_consent(desk, OPERATOR, subject, f"share:account:{relative.id}", granted=True)
    people["relative granted"] = ("relative", granted)
    reads = {
        "patient.read": f"/v1/patients/{subject}",
        "record.read": f"/v1/analyses?patient={subject}",
        "booking.read": f"/v1/bookings/{slot.booking.code}",
    }
    for who, (role, headers) in people.items():
        relations = {
            "own": {"own"}, "relative granted": {"granted"},
        }.get(who, {"treating", "clinic"} if who.endswith(" here") and role not in (
            "patient", "relative") else set())  # fmt: skip
        for action, path in reads.items():
            allowed = bool(relations.intersection(actions()[action].relations(role)))
            answer = client.get(path, headers=headers)
            assert (answer.status_code == 200) is allowed, (who, action, answer.text)
            if not allowed:
                assert answer.status_code in (403, 404)
                assert subject not in answer.text


def test_break_glass_opens_one_patient_and_is_written_down(served):
    desk, client = served
    own, account = as_role(desk, client, "patient", 1)
    doctor, _ = as_role(desk, client, "doctor", 2, "demo-nukus-1")
    path = f"/v1/patients/{account.patient_id}"
    assert client.get(path, headers=doctor).status_code == 404
    body = {"patient": account.patient_id, "reason": "unconscious, brought by ambulance"}
    assert client.post("/v1/break-glass", json=body, headers=doctor).status_code == 201
    assert client.get(path, headers=doctor).status_code == 200
    rows = client.get("/v1/me/access", headers=own).json()["rows"]
    assert {"glass.break", "patient.read"} <= {row["action"] for row in rows}
    assert client.post("/v1/break-glass", json=body, headers=own).status_code in (403, 404)


def test_book_move_cancel_with_etags_and_keys(served):
    desk, client = served
    headers, _ = as_role(desk, client, "patient", 1)
    first = client.post(
        "/v1/bookings", json={"slot": SLOT}, headers=headers | {"Idempotency-Key": "k"}
    )
    assert first.status_code == 201
    again = client.post(
        "/v1/bookings", json={"slot": SLOT}, headers=headers | {"Idempotency-Key": "k"}
    )
    assert again.json()["code"] == first.json()["code"]
    other = {"slot": "demo-samarkand-1-ecg.20261202T0420Z"}
    wrong = client.post("/v1/bookings", json=other, headers=headers | {"Idempotency-Key": "k"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "idempotency-key-reused")
    stranger, _ = as_role(desk, client, "patient", 2)
    taken = client.post("/v1/bookings", json={"slot": SLOT}, headers=stranger)
    assert (taken.status_code, taken.json()["code"]) == (409, "slot-taken")
    assert taken.headers["content-type"] == "application/problem+json"
    path = f"/v1/bookings/{first.json()['code']}"
    assert client.get(path, headers=stranger).status_code == 404
    moved = client.post(
        f"{path}/move", json=other, headers=headers | {"If-Match": first.headers["etag"]}
    )
    assert moved.status_code == 200
    late = client.post(f"{path}/cancel", headers=headers | {"If-Match": first.headers["etag"]})
    assert (late.status_code, late.json()["code"]) == (409, "changed-meanwhile")
    assert client.get(f"{path}/ticket.ics", headers=headers).content.startswith(b"BEGIN:VCALENDAR")
    assert client.get(f"{path}/ticket.png", headers=headers).content[:4] == b"\x89PNG"
    assert client.post(f"{path}/cancel", headers=headers).json()["status"] == "cancelled"
    assert [b["code"] for b in client.get("/v1/bookings", headers=headers).json()["bookings"]]


def test_free_times_are_sent_again_only_when_they_changed(served):
    desk, client = served
    path = "/v1/clinics/demo-samarkand-1/slots?day=2026-12-02"
    first = client.get(path)
    assert SLOT in {slot["id"] for slot in first.json()["slots"]}
    known = {"If-None-Match": first.headers["etag"]}
    again = client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    booking.make(
        desk, OPERATOR, booking.Request(slot_id=SLOT, patient_id="p1", register_patient=True)
    )
    changed = client.get(path, headers=known)
    assert changed.status_code == 200
    assert SLOT not in {slot["id"] for slot in changed.json()["slots"]}
    for day in ("2026-02-30", "20261202", "0000-01-01"):
        assert client.get(path[:-10] + day).status_code == 422


def test_an_upload_becomes_an_analysis(served):
    desk, client = served
    headers, _ = as_role(desk, client, "patient", 1)
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, format="JPEG")
    files = {"file": ("../../etc/passwd", out.getvalue(), "image/jpeg")}
    sent = client.post("/v1/ecg", files=files, headers=headers)
    assert sent.status_code == 202
    answer = records.Answer({"overall": "normal", "urgency": "green"}, b"jpeg")
    assert records.run_job(desk, lambda data, patient: answer, owner="w")
    job = client.get(sent.headers["location"], headers=headers).json()
    assert job["status"] == "done"
    path = f"/v1/analyses/{job['analysis']}"
    assert client.get(path, headers=headers).json()["analysis"]["overall"] == "normal"
    assert client.get(f"{path}/overlay.jpg", headers=headers).content == b"jpeg"
    stranger, _ = as_role(desk, client, "patient", 2)
    for other in (path, sent.headers["location"], f"{path}/overlay.jpg"):
        assert client.get(other, headers=stranger).status_code == 404
    assert len(client.get("/v1/analyses", headers=headers).json()["analyses"]) == 1
    assert (
        client.get("/v1/me/messages", headers=headers).json()["messages"][0]["template"]
        == "result-ready"
    )


@pytest.mark.parametrize(
    ("data", "status"), [(b"PK\x03\x04zip", 415), (b"", 422), (b"\xff\xd8\xff broken", 422)]
)
def test_bad_uploads_are_refused(served, data, status):
    desk, client = served
    headers, _ = as_role(desk, client, "patient", 1)
    answer = client.post("/v1/ecg", files={"file": ("x.jpg", data)}, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_too_large_too_often_unknown_and_wrong_method_are_problems(served):
    _, client = served
    large = client.post("/v1/session/code", content=b"x" * 200_000)
    assert (large.status_code, large.json()["code"]) == (413, "too-large")
    assert client.get("/v1/nothing").json()["code"] == "not-found"
    assert client.put("/v1/clinics").json()["code"] == "method-not-allowed"
    assert client.put("/v1/bookings").headers["allow"] == "GET, POST"
    client.app.state.limiter = Limiter({"sign-in": Rule(1, 60), "any": Rule(1000, 1)})
    body = {"login": "+998901234567", "password": "x"}
    assert client.post("/v1/session/password", json=body).status_code == 401
    often = client.post("/v1/session/password", json=body)
    assert often.status_code == 429
    assert int(often.headers["retry-after"]) > 0


def test_unknown_fields_are_refused_and_values_are_not_repeated(served):
    desk, client = served
    headers, _ = as_role(desk, client, "patient", 1)
    answer = client.patch("/v1/me", json={"name": "Kanareyka", "role": "doctor"}, headers=headers)
    assert answer.status_code == 422
    assert "Kanareyka" not in answer.text
    assert "doctor" not in answer.text


def test_a_guest_can_book_and_read_in_three_languages(served):
    _, client = served
    token = client.post("/v1/session/guest").json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "ru"}
    assert (
        client.post("/v1/bookings", json={"slot": SLOT, "hold": True}, headers=headers).status_code
        == 201
    )
    found = client.get("/v1/clinics?latitude=41.3&longitude=69.25", headers=headers).json()
    assert found["emergency"] == "103"
    assert found["clinics"][0]["name"].startswith("ДЕМО")
    slots = client.get("/v1/clinics/demo-samarkand-1/slots?day=2026-12-02", headers=headers).json()
    assert slots["demo"]
    assert SLOT not in [slot["id"] for slot in slots["slots"]]


def test_health_metrics_and_headers(served):
    _, client = served
    client.get("/v1/clinics/secret-name")
    assert client.get("/health/ready").json() == {"status": "ready"}
    text = client.get("/metrics").text
    assert 'route="/v1/clinics/{clinic_id}",status="404"' in text
    assert "secret-name" not in text
    headers = client.get("/health/live").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "max-age" in headers["strict-transport-security"]


def test_a_crash_is_a_plain_500(served, monkeypatch):
    _, client = served

    def crash(*_words, **_more):
        raise RuntimeError("Kanareyka +998901239876")

    monkeypatch.setattr("cardioalert.care.clinics.search", crash)
    answer = client.get("/v1/clinics")
    assert answer.status_code == 500
    assert "Kanareyka" not in answer.text


def test_a_canary_is_in_no_log_error_or_address(served, caplog):
    desk, client = served
    headers, account = as_role(desk, client, "patient", 9876)
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append(JsonLines().format(record))

    keeper = Keep()
    logging.getLogger().addHandler(keeper)
    logging.getLogger("cardioalert").setLevel(logging.DEBUG)
    try:
        assert client.patch("/v1/me", json=CANARY, headers=headers).status_code == 200
        answers = []
        for method, path, _ in routes(client):
            plain = path.replace("{patient_id}", "nobody").replace("{", "").replace("}", "")
            answers.append(client.request(method, plain, headers=headers, json={**CANARY, "x": 1}))
    finally:
        logging.getLogger().removeHandler(keeper)
    text = "\n".join(lines) + "\n".join(a.text for a in answers if a.status_code >= 400)
    text += "\n".join(str(a.request.url) for a in answers)
    assert len(lines) > 20
    for value in (*CANARY.values(), "901009876", "Kanareyka"):
        assert value not in text
    with desk.store.reading() as session:
        row = session.get(patients.Patient, account.patient_id)
    assert "Kanareyka" not in json.dumps(row.model_dump(mode="python"), default=repr)


def test_the_committed_description_is_that_of_the_program(served, checkout):
    _, client = served
    committed = json.loads((checkout / "docs" / "reference" / "openapi.json").read_text())
    described = client.get("/v1/openapi.json").json()
    assert described | {"info": 0} == committed | {"info": 0}, (
        "cardioalert openapi > docs/reference/openapi.json"
    )


def photo(exif: bool = False, size: tuple[int, int] = (60, 40), form: str = "JPEG") -> bytes:
    out = io.BytesIO()
    told = Image.Exif()
    if exif:
        told.get_ifd(0x8825)[2] = (41.0, 18.0, 40.0)  # GPSLatitude
        told[0x010F] = "Kanareyka camera"
    Image.new("RGB", size, "white").save(out, format=form, exif=told)
    return out.getvalue()


def test_symptoms_are_kept_sealed_with_the_file_and_reach_its_analysis(served):
    desk, client = served
    headers, _account = as_role(desk, client, "patient", 1)
    heard = []

    def analyze(_data, person):
        heard.append(person.symptoms)
        return records.Answer({"urgency": "red"})

    def send(*symptoms):
        return client.post(
            "/v1/ecg", headers=headers, files={"file": ("a", photo(), "image/jpeg")},
            data={"symptoms": symptoms},
        )  # fmt: skip

    assert send("chest-pain", "hunger").status_code == 422
    first = send("syncope", "chest-pain", "syncope")
    assert records.run_job(desk, analyze, owner="w")
    assert send("chest-pain", "syncope").json()["id"] == first.json()["id"]
    other = send()  # the same picture without complaints is another question
    assert other.json()["id"] != first.json()["id"]
    assert records.run_job(desk, analyze, owner="w")
    assert heard == [("chest-pain", "syncope"), ()]
    kept = [file.read_bytes() for file in desk.files.parent.iterdir() if file.is_file()]
    assert kept
    assert not [data for data in kept if b"chest-pain" in data]


def test_names_of_visits_are_told_only_to_those_who_may_read_the_patient(served):
    desk, client = served
    own, account = as_role(desk, client, "patient", 1)
    client.patch("/v1/me", json=CANARY, headers=own)
    booking.make(desk, OPERATOR, booking.Request(slot_id=SLOT, patient_id=account.patient_id))
    told = {}
    for number, role in enumerate(("nurse", "doctor", "clinic_admin", "integration"), start=2):
        headers, _ = as_role(desk, client, role, number, "demo-samarkand-1")
        (plain,) = client.get("/v1/bookings", headers=headers).json()["bookings"]
        assert plain["patient_name"] == ""
        (named,) = client.get("/v1/bookings?names=true", headers=headers).json()["bookings"]
        told[role] = named["patient_name"]
    name = CANARY["name"]
    assert told == {"nurse": name, "doctor": name, "clinic_admin": name, "integration": ""}
    rows = client.get("/v1/me/access", headers=own).json()["rows"]
    seen = [row["role"] for row in rows if row["action"] == "patient.read"]
    assert {"clinic_admin", "doctor", "nurse"} <= set(seen)
    assert "integration" not in seen


def test_an_upload_that_is_sent_again_is_answered_as_before(served):
    desk, client = served
    headers, _ = as_role(desk, client, "patient", 1)
    keyed = headers | {"Idempotency-Key": "upload-1"}
    first = client.post("/v1/ecg", files={"file": ("a.jpg", photo())}, headers=keyed)
    again = client.post("/v1/ecg", files={"file": ("a.jpg", photo())}, headers=keyed)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replay"] == "1"
    other = client.post("/v1/ecg", files={"file": ("a.jpg", photo(size=(61, 40)))}, headers=keyed)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    stranger, _ = as_role(desk, client, "patient", 2)
    keyed = stranger | {"Idempotency-Key": "upload-1"}
    theirs = client.post("/v1/ecg", files={"file": ("a.jpg", photo())}, headers=keyed)
    assert theirs.json()["id"] != first.json()["id"]


def test_a_quiz_with_a_key_is_kept_once_and_a_refused_one_may_be_mended(served):
    desk, client = served
    headers, _ = as_role(desk, client, "patient", 1)
    keyed = headers | {"Idempotency-Key": "quiz"}
    answers = {"age": 55, "sex": "male", "smoker": True}
    assert client.post("/v1/quiz", json={"age": "old"}, headers=keyed).status_code == 422
    first = client.post("/v1/quiz", json=answers, headers=keyed)
    assert first.status_code == 201
    assert client.post("/v1/quiz", json=answers, headers=keyed).json() == first.json()
    assert len(client.get("/v1/me/export", headers=headers).json()["quiz_results"]) == 1


def bomb() -> bytes:
    """A PNG of 100 megapixels in 100 kB."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * 10_001) for _ in range(10_000)) + packer.flush()
    head = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/ecg.csv", b"\0" * 5_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (bomb(), 413, "picture-size"),
        (zipped(), 415, "unknown-format"),
        (b"MZ" + b"\0" * 100, 415, "unknown-format"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, 422, "corrupt-file"),
    ],
    ids=["100 megapixels", "zip bomb", "program", "damaged"],
)
def test_hostile_uploads_are_refused_and_the_next_is_taken(served, data, status, code):
    desk, client = served
    headers, _ = as_role(desk, client, "patient", 1)
    answer = client.post("/v1/ecg", files={"file": ("../../x.png", data)}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not list(desk.files.glob("*")) if desk.files.exists() else True
    good = client.post("/v1/ecg", files={"file": ("x.jpg", photo())}, headers=headers)
    assert good.status_code == 202


def test_what_is_hidden_in_a_photo_is_gone_and_names_lead_nowhere(served, tmp_path):
    """EXIF with a place, and a polyglot: a JPEG that is also an archive with a script in it."""
    desk, client = served
    headers, account = as_role(desk, client, "patient", 1)
    sent = photo(exif=True) + zipped() + b"<script>alert(1)</script>"
    name = "../../../../../tmp/evil.jpg"
    answer = client.post("/v1/ecg", files={"file": (name, sent)}, headers=headers)
    assert answer.status_code == 202
    kept = list(desk.files.iterdir())
    assert [len(one.name) for one in kept] == [32]
    with desk.store.reading() as session:
        patient = session.get(patients.Patient, account.patient_id)
    stored = records.read_file(desk, patient, kept[0].name)
    assert stored.startswith(b"\xff\xd8\xff")
    for hidden in (b"Exif", b"Kanareyka", b"PK\x03\x04", b"script", b"GPS"):
        assert hidden not in stored
    assert not Image.open(io.BytesIO(stored)).getexif()
    assert not list(tmp_path.rglob("*evil*"))


def stored_analysis(desk, patient_id, number):
    """An analysis of this patient that is done; its identifier."""
    whose = Actor(id="x", role="patient", patient_id=patient_id)
    records.add_file(desk, whose, patient_id, b"ecg %d" % number, kind="record")
    answer = records.Answer(built_content())
    assert records.run_job(desk, lambda data, about: answer, owner="w")
    with desk.store.reading() as session:
        return records.analyses(session, patient_id)[0].id


def test_reports_and_comparison_of_stored_analyses(served):
    desk, client = served
    headers, account = as_role(desk, client, "patient", 1)
    first = stored_analysis(desk, account.patient_id, 1)
    second = stored_analysis(desk, account.patient_id, 2)
    path = f"/v1/analyses/{second}"
    page = client.get(f"{path}/report.html", headers=headers)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in page.headers["content-security-policy"]
    assert "sandbox" in page.headers["content-security-policy"]
    assert page.text.count("<path") > 12  # the leads are drawn: the signal was kept
    pdf = client.get(f"{path}/report.pdf?previous={first}", headers=headers)
    assert pdf.content.startswith(b"%PDF")
    changes = client.get(f"{path}/comparison?previous={first}", headers=headers)
    assert changes.status_code == 200
    assert len(changes.json()["values"]["rows"]) > 5
    assert changes.json()["values"]["marks"].count("changed") == 0  # the same ECG
    assert second in client.get(path, headers=headers).headers["etag"]
    stranger, other = as_role(desk, client, "patient", 2)
    theirs = stored_analysis(desk, other.patient_id, 3)
    for tail in ("/report.html", "/report.pdf", f"/comparison?previous={first}"):
        assert client.get(f"{path}{tail}", headers=stranger).status_code == 404
    mixed = client.get(f"{path}/comparison?previous={theirs}", headers=headers)
    assert mixed.status_code == 404


def test_a_profile_changed_meanwhile_is_not_overwritten(served):
    desk, client = served
    headers, _ = as_role(desk, client, "patient", 1)
    seen = client.get("/v1/patients/me", headers=headers).headers["etag"]
    first = client.patch("/v1/me", json={"sex": "male"}, headers=headers | {"If-Match": seen})
    assert first.status_code == 200
    late = client.patch("/v1/me", json={"sex": "female"}, headers=headers | {"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (409, "changed-meanwhile")
    assert client.get("/v1/patients/me", headers=headers).headers["etag"] == first.headers["etag"]


def test_the_old_description_is_valid_and_says_the_same(served, checkout):
    validator = pytest.importorskip("openapi_spec_validator", reason="needs its library")
    committed = json.loads((checkout / "docs" / "reference" / "openapi-3.0.json").read_text())
    made = openapi("3.0")
    assert made | {"info": 0} == committed | {"info": 0}, "cardioalert openapi --version 3.0"
    validator.validate(made)
    validator.validate(openapi("3.1"))
    assert made["openapi"].startswith("3.0")
    text = json.dumps(made)
    for new in ('"null"', '"const"', '"contentMediaType"'):
        assert new not in text
    names = [
        {one["operationId"] for path in document["paths"].values() for one in path.values()}
        for document in (made, openapi("3.1"))
    ]
    assert names[0] == names[1]
    job = made["components"]["schemas"]["Job"]["properties"]["analysis"]
    assert (job["type"], job["nullable"]) == ("string", True)
