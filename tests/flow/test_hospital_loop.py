"""The loop: booking, worklist, the cart's ECG, analysis, the hospital's copies, the patient.

Everything outside of this program is somebody else's: dcmtk is the cart, Medplum the FHIR server
and the HL7 receiver.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from sqlmodel import select

from tests.peers.running import node, program

pytest.importorskip("pynetdicom", reason="the extra hospital is not installed")
pytest.importorskip("hl7apy", reason="the extra hospital is not installed")
httpx = pytest.importorskip("httpx", reason="the extra hospital is not installed")

from cardioalert import pipeline  # noqa: E402
from cardioalert.care import booking, patients, records  # noqa: E402
from cardioalert.care.booking import Request  # noqa: E402
from cardioalert.care.desk import Actor  # noqa: E402
from cardioalert.errors import InvalidRecordError  # noqa: E402
from cardioalert.formats.dicom_file import build_dataset  # noqa: E402
from cardioalert.hospital.deliveries import deliver  # noqa: E402
from cardioalert.hospital.dicom.network import Server  # noqa: E402
from cardioalert.hospital.dicom.objects import to_bytes  # noqa: E402
from cardioalert.hospital.fhir import client  # noqa: E402
from cardioalert.hospital.fhir.export import bundle  # noqa: E402
from cardioalert.hospital.hl7v2.answering import Answerer  # noqa: E402
from cardioalert.hospital.hl7v2.building import Address, oru  # noqa: E402
from cardioalert.hospital.hl7v2.message import Charset, Message  # noqa: E402
from cardioalert.hospital.hl7v2.sending import Destination, Sender  # noqa: E402
from cardioalert.hospital.journal import Journal  # noqa: E402
from cardioalert.hospital.reception import Reception  # noqa: E402
from cardioalert.store.record_tables import Message as Note  # noqa: E402
from tests.built_ecg import built_record  # noqa: E402

SLOT = "demo-samarkand-1-ecg.20261130T0400Z"
HOSPITAL = Actor(id="cart", role="integration", clinic_id="demo-samarkand-1")


def analyze(data: bytes, patient: Any) -> records.Answer:
    return records.Answer(pipeline.analyze(data).to_dict())


@pytest.fixture
def person(sqlite_desk: Any) -> str:
    """A patient with a Cyrillic name."""
    values = {"name": "Каримова Нодира Анваровна", "sex": "female", "birth_date": "1985-03-05"}
    with sqlite_desk.store.writing() as session:
        return str(patients.register(sqlite_desk, session, values, patient_id="p-1").id)


def notes(desk: Any) -> list[str]:
    with desk.store.reading() as session:
        return sorted(row.template for row in session.exec(select(Note)).all())


@pytest.fixture
def fhir_server() -> Iterator[str]:
    with node("fhir_server.mjs") as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/"


def test_from_booking_to_result(
    sqlite_desk: Any, person: str, fhir_server: str, tmp_path: Path
) -> None:
    desk = replace(sqlite_desk, files=tmp_path / "files")
    ticket = booking.make(desk, HOSPITAL, Request(slot_id=SLOT, patient_id=person))
    journal = Journal(tmp_path / "journal")

    def to_hospital(result: Any) -> None:
        document = json.dumps(bundle(result)).encode()
        journal.enqueue("fhir", str(result.key("fhir")), document)
        message = oru(result, Address(receiver="HIS"))
        journal.enqueue("hl7", Message(message).get("MSH", 10), message.encode())

    reception = Reception(desk=desk, actor=HOSPITAL, analyze=analyze, results=[to_hospital])
    received: list[Any] = []
    folder = tmp_path / "received"
    folder.mkdir()
    with Server(
        folder, port=0, scheduled=reception.scheduled,
        received=lambda path: received.append(reception.take_dicom(path)),
    ) as server:  # fmt: skip
        # The cart asks for its worklist ...
        out = tmp_path / "worklist"
        out.mkdir()
        keys = ["PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID"]
        words = [word for key in keys for word in ("-k", key)]
        words += [
            "-k",
            "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate=20261130",
        ]
        address = ["127.0.0.1", str(server.port)]
        subprocess.run(
            [program("findscu"), "-W", "-X", "-od", str(out), *words, *address], check=True
        )
        (entry,) = [pydicom.dcmread(path) for path in out.iterdir()]
        assert str(entry.PatientName) == "Каримова^Нодира^Анваровна"
        assert entry.AccessionNumber == ticket.booking.code
        # ... records, and sends what it has recorded with what it was told.
        ecg = build_dataset(built_record())
        for keyword in ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID"):
            setattr(ecg, keyword, entry.get(keyword))
        path = tmp_path / "cart.dcm"
        path.write_bytes(to_bytes(ecg))
        subprocess.run([program("storescu"), *address, str(path)], check=True)
        subprocess.run([program("storescu"), *address, str(path)], check=True)  # and again
    assert len(list(folder.glob("*.dcm"))) == 1
    assert [result.order for result in received] == [ticket.booking.code] * 2
    # The patient hears that the result is there, once; the visit is closed.
    assert [name for name in notes(desk) if name.startswith("result")] in (
        ["result-ready"], ["result-urgent"],
    )  # fmt: skip
    with desk.store.reading() as session:
        assert booking.show(session, ticket.booking.code).booking.status == "completed"
    # The hospital gets it once, as FHIR and as HL7.
    sent = deliver(journal, "fhir", lambda body: client.send(json.loads(body), fhir_server))
    assert sent == 1  # although the cart sent its ECG twice
    with httpx.Client(base_url=fhir_server) as browser:
        found = browser.get("/Patient", params={"name": "Каримова"}).json()["entry"]
        assert len(found) == 1
        rate = browser.get("/Observation", params={"code": "8867-4"}).json()["entry"]
        value = rate[0]["resource"]["valueQuantity"]["value"]
        assert value == received[0].analysis["measurements"]["heart_rate_bpm"]["value"]
    with node("hl7_server.mjs") as process:
        assert process.stdout
        peer = Destination(host="127.0.0.1", port=int(process.stdout.readline()))
        (queued,) = [one for one in journal.outbox() if one.destination == "hl7"]
        journal.enqueue(peer.name, f"{queued.control_id}-1", queued.body)
        Sender(peer, journal).deliver()
        got = json.loads(process.stdout.readline())
    assert "Каримова" in got["name"]


def test_an_ecg_of_another_person_is_not_filed(
    sqlite_desk: Any, person: str, tmp_path: Path
) -> None:
    ticket = booking.make(sqlite_desk, HOSPITAL, Request(slot_id=SLOT, patient_id=person))
    reception = Reception(
        desk=replace(sqlite_desk, files=tmp_path), actor=HOSPITAL, analyze=analyze
    )
    data = io.BytesIO(to_bytes(build_dataset(built_record()))).getvalue()
    with pytest.raises(InvalidRecordError, match="another patient"):
        reception.take_ecg(data, number=ticket.booking.code, patient_id="p-2")
    with pytest.raises(InvalidRecordError, match="no known booking"):
        reception.take_ecg(data, number="", patient_id=person)
    assert "result-ready" not in notes(sqlite_desk)


def siu(control_id: str, event: str, *, code: str = "X-1", at: str = "20261130090000") -> bytes:
    return (
        f"MSH|^~\\&|HIS|H|CARDIOALERT|E|20261126||SIU^{event}|{control_id}|P|2.5.1"
        "||||||UNICODE UTF-8\r"
        f"SCH|{code}||||||||||^^15^{at}\rPID|1||4711^^^H||Каримова^Нодира||19850305|F\r"
    ).encode()


def test_appointments_of_the_hospital_become_bookings(sqlite_desk: Any, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    answerer = Answerer(journal, Charset())
    reception = Reception(
        desk=replace(sqlite_desk, files=tmp_path), actor=HOSPITAL, analyze=analyze
    )
    for message in (siu("1", "S12"), siu("1", "S12"), siu("2", "S12", at="20261129090000")):
        answerer.answer(message)
    reception.work_off(journal, Charset())
    done, failed = journal.received()
    assert (done.state, failed.state) == ("done", "failed"), (done.note, failed.note)
    status, code = done.note.split()
    assert status == "booked"
    assert [one.number for one in reception.scheduled()] == [code]
    assert reception.scheduled()[0].person.family == "Каримова"
    answerer.answer(siu("3", "S15", code=code))
    assert reception.work_off(journal, Charset()) == 1
    assert reception.scheduled() == []
    assert reception.work_off(journal, Charset()) == 0
