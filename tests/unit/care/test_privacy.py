"""What is personal stays sealed; a patient can take everything, and be forgotten."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from cardioalert_cli.app import main

from cardioalert.care import accounts, booking, patients, privacy, reaching, records
from cardioalert.care.desk import OPERATOR
from cardioalert.errors import GridNotFoundError, NotFoundError, SealedDataError, SignInError
from cardioalert.security import keys
from cardioalert.security.sealing import Vault
from cardioalert.store import audit, upkeep
from cardioalert.store.people_tables import Patient
from cardioalert.store.record_tables import Job

CANARY = {
    "name": "Kanareyka Qushboyeva", "phone": "+998901239876", "email": "kanareyka@example.org",
    "pinfl": "41507850000017", "birth_date": "1985-07-15",
}  # fmt: skip
TRACES = (b"Kanareyka", b"kanareyka", b"Qushboyeva", b"901239876", b"41507850000017", b"1985-07-15")
SLOT = "demo-samarkand-1-ecg.20261202T0400Z"


@pytest.fixture
def held(sqlite_desk, tmp_path):
    """A patient with an account, a visit, a file, an analysis, a quiz result and a phone."""
    desk = replace(sqlite_desk, files=tmp_path / "files")
    account = accounts.add_account(
        desk, OPERATOR, login=CANARY["phone"], role="patient", password="kanareyka 123 xyz",
        values=CANARY,
    )  # fmt: skip
    patient = account.patient_id
    booking.make(desk, OPERATOR, booking.Request(slot_id=SLOT, patient_id=patient))
    records.add_file(desk, OPERATOR, patient, b"ecg of Kanareyka", kind="picture")
    answer = records.Answer({"urgency": "red", "who": "Kanareyka"}, b"overlay Kanareyka")
    assert records.run_job(desk, lambda data, _patient: answer, owner="w1")
    records.add_quiz(desk, OPERATOR, patient, {"answers": "Kanareyka"})
    reaching.add_device(desk, OPERATOR, patient, "device-Kanareyka")
    return desk, patient


def test_nothing_personal_stands_in_the_database_or_a_file_in_clear(held, tmp_path):
    desk, _ = held
    desk.store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"demo-samarkand-1" in content
    for trace in TRACES:
        assert trace not in content


def test_the_command_line_prints_nothing_personal_it_was_not_asked_for(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("CARDIOALERT_DATA_DIR", str(tmp_path))
    document = json.dumps(CANARY).encode()
    for words in (
        ["user", "patient", "p1"],
        ["user", "show", "nobody"],
        ["book", "list"],
        ["db", "check"],
        ["audit", "history", "p1"],
        ["keys", "status"],
        ["user", "patient", "4150785"],
    ):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(document)))
        main(words)
    printed = "".join(capsys.readouterr()).encode()
    for trace in TRACES:
        assert trace not in printed


def test_a_value_moved_to_another_patient_does_not_open(held):
    desk, patient = held
    with desk.store.writing() as session:
        other = patients.register(desk, session, {"name": "Other"})
        other.name = session.get(Patient, patient).name
        other.data_key = session.get(Patient, patient).data_key
        session.add(other)
        with pytest.raises(SealedDataError):
            patients.open_person(desk, other)


def test_patients_are_found_in_any_spelling_through_the_index(held):
    desk, patient = held
    for name in ("qushboyeva", "Қушбоева", "KANAREYKA"):
        assert [person.id for person in patients.find(desk, OPERATOR, name=name)] == [patient]
    assert patients.find(desk, OPERATOR, name="Somebody") == []
    assert [p.id for p in patients.find(desk, OPERATOR, phone="90 123 98 76")] == [patient]


def test_export_holds_everything(held):
    desk, patient = held
    document = privacy.export(desk, OPERATOR, patient)
    assert document["patient"]["name"] == CANARY["name"]
    for part in ("bookings", "analyses", "quiz_results", "messages", "files"):
        assert len(document[part]) >= 1, part


def test_the_access_history_names_who_did_what(held):
    desk, patient = held
    privacy.export(desk, OPERATOR, patient)
    with desk.store.reading() as session:
        history = privacy.access_history(session, patient)
    assert history[0]["action"] == "export.read"
    assert {row["action"] for row in history} >= {
        "account.add",
        "booking.booked",
        "record.add",
        "quiz.add",
    }


def test_the_forgotten_are_gone_also_from_a_backup(held, tmp_path):
    desk, patient = held
    upkeep.backup(desk.store, tmp_path / "before.db")
    with desk.store.reading() as session:
        before = session.get(Patient, patient)
    privacy.erase(desk, OPERATOR, patient)
    assert list((tmp_path / "files").iterdir()) == []
    with pytest.raises(SignInError):
        accounts.sign_in(desk, login=CANARY["phone"], password="kanareyka 123 xyz")
    with pytest.raises(NotFoundError), desk.store.reading() as session:
        patients.get(session, patient)
    assert patients.find(desk, OPERATOR, name="Kanareyka") == []
    with desk.store.reading() as session:
        (visit,) = booking.list_bookings(session, patient_id=patient)
        assert visit.booking.status == "cancelled"
        verdict = audit.verify(session, desk.vault.ring.audit.keys)
        with pytest.raises(SealedDataError):
            patients.open_person(desk, Patient(**{**before.model_dump(), "data_key": None}))
    assert verdict.broken_at is None


def test_keys_rotate_while_values_stay_readable(held, tmp_path):
    desk, patient = held
    path = tmp_path / "keys.json"
    keys.write(path, desk.vault.ring)
    later = replace(desk, vault=Vault(keys.rotate(path, "encryption")))
    assert privacy.key_status(later) == {"encryption-1": 1, "encryption-2": 0}
    assert privacy.rewrap_all(later) == 1
    assert privacy.key_status(later) == {"encryption-1": 0, "encryption-2": 1}
    with later.store.reading() as session:
        row = patients.get(session, patient)
        assert patients.open_person(later, row).name == CANARY["name"]
        assert len(records.analyses(session, patient)) == 1


def test_a_failing_file_is_a_failed_job_and_one_that_kills_its_worker_is_given_up(held, clock):
    desk, patient = held
    job = records.add_file(desk, OPERATOR, patient, b"another", kind="picture")

    def refuse(data, _patient):
        raise GridNotFoundError("no grid")

    def die(data, _patient):
        raise KeyboardInterrupt

    records.run_job(desk, refuse, owner="w1")
    with desk.store.reading() as session:
        assert session.get(Job, job.id).error_code == "grid-not-found"
    deadly = records.add_file(desk, OPERATOR, patient, b"deadly", kind="picture")
    for _ in range(records.MOST_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            records.run_job(desk, die, owner="w1")
        clock.forward(minutes=6)
    assert not records.run_job(desk, die, owner="w1")
    with desk.store.reading() as session:
        assert session.get(Job, deadly.id).error_code == "worker-died"


def test_the_same_file_is_analyzed_once(held):
    desk, patient = held
    first = records.add_file(desk, OPERATOR, patient, b"same", kind="picture")
    assert records.add_file(desk, OPERATOR, patient, b"same", kind="picture").id == first.id
