"""The loop: booking, worklist, the cart's ECG, analysis, the hospital's copies, the patient.

Everything outside of this program is somebody else's: dcmtk is the cart, Orthanc the archive,
Medplum the FHIR server and the HL7 receiver.
"""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from sqlmodel import select

from tests.peers.running import node, program, running_orthanc

pytest.importorskip("pynetdicom", reason="the extra hospital is not installed")
pytest.importorskip("hl7apy", reason="the extra hospital is not installed")
httpx = pytest.importorskip("httpx", reason="the extra hospital is not installed")

from cardioalert import pipeline  # noqa: E402
from cardioalert.care import booking, patients, records  # noqa: E402
from cardioalert.care.booking import Request  # noqa: E402
from cardioalert.care.desk import Actor, Desk  # noqa: E402
from cardioalert.errors import InvalidRecordError  # noqa: E402
from cardioalert.formats.dicom_file import build_dataset  # noqa: E402
from cardioalert.formats.registry import write_record  # noqa: E402
from cardioalert.hospital import appointments  # noqa: E402
from cardioalert.hospital.appointments import work_off  # noqa: E402
from cardioalert.hospital.dicom.network import Server  # noqa: E402
from cardioalert.hospital.dicom.objects import to_bytes  # noqa: E402
from cardioalert.hospital.dicom.web import Web  # noqa: E402
from cardioalert.hospital.hl7v2.answering import Answerer  # noqa: E402
from cardioalert.hospital.hl7v2.building import Address  # noqa: E402
from cardioalert.hospital.hl7v2.message import Charset, Message  # noqa: E402
from cardioalert.hospital.hl7v2.sending import Destination  # noqa: E402
from cardioalert.hospital.journal import Journal, rows_of  # noqa: E402
from cardioalert.hospital.office import Office  # noqa: E402
from cardioalert.hospital.peers import DicomPeer, FhirPeer, Hl7Peer  # noqa: E402
from cardioalert.hospital.reception import Reception  # noqa: E402
from cardioalert.store import audit  # noqa: E402
from cardioalert.store.record_tables import Message as Note  # noqa: E402
from cardioalert.store.traffic_tables import Inbound, Outbound  # noqa: E402
from tests.built_ecg import built_record  # noqa: E402

SLOT = "demo-samarkand-1-ecg.20261130T0400Z"
CLINIC = "demo-samarkand-1"
HOSPITAL = Actor(id="cart", role="integration", clinic_id=CLINIC)
APP = Actor(id="app", role="patient", patient_id="p-1")


def analyze(data: bytes, patient: Any) -> records.Answer:
    return records.Answer(pipeline.analyze(data).to_dict())


def registered(desk: Desk) -> str:
    """A patient with a Cyrillic name."""
    values = {"name": "Каримова Нодира Анваровна", "sex": "female", "birth_date": "1985-03-05"}
    with desk.store.writing() as session:
        return patients.register(desk, session, values, patient_id="p-1").id


def notes(desk: Any) -> list[str]:
    with desk.store.reading() as session:
        return sorted(row.template for row in session.exec(select(Note)).all())


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A PACS of others: its DICOM and its HTTP port."""
    with running_orthanc(tmp_path) as ports:
        yield ports


@pytest.fixture
def fhir_server() -> Iterator[str]:
    with node("fhir_server.mjs") as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/"


def wait_until(
    ready: Callable[[], object], *, why: Callable[[], object], seconds: float = 240.0
) -> None:
    """Wait for what the office does in its own threads."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, why()
        time.sleep(0.05)


@pytest.mark.filterwarnings("ignore")  # pydicom and pynetdicom warn of what others write
def test_from_booking_to_result(
    desk: Desk, fhir_server: str, orthanc: tuple[int, int], tmp_path: Path
) -> None:
    """On each database. A cart (dcmtk), a PACS (Orthanc), a FHIR server and a HIS (Medplum)."""
    desk = replace(desk, files=tmp_path / "files")
    person = registered(desk)
    ticket = booking.make(desk, APP, Request(slot_id=SLOT, patient_id=person))
    journal = Journal(desk.store, desk.vault, clinic_id=CLINIC)
    pacs = Web(f"http://127.0.0.1:{orthanc[1]}/dicom-web")
    with node("hl7_server.mjs") as his:
        assert his.stdout
        peers = [
            FhirPeer(url=fhir_server),
            Hl7Peer(
                destination=Destination(host="127.0.0.1", port=int(his.stdout.readline())),
                address=Address(receiver="HIS"),
            ),
            DicomPeer(address=f"ORTHANC@127.0.0.1:{orthanc[0]}"),
            DicomPeer(address=pacs.url),
        ]
        reception = Reception(desk=desk, actor=HOSPITAL, analyze=analyze)
        office = Office(reception=reception, journal=journal, peers=peers, pause=0.1)
        with (
            office,
            Server(
                office.keep_dicom, port=0, scheduled=reception.scheduled, arrived=office.wake
            ) as server,
        ):
            # The hospital's calendar hears of the booking ...
            told = json.loads(his.stdout.readline())
            assert told["type"].startswith("SIU^S12")
            assert told["name"] == "Каримова^Нодира^Анваровна"
            # ... and the cart asks for its worklist ...
            entry = ask_for_worklist(server.port, tmp_path)
            assert str(entry.PatientName) == "Каримова^Нодира^Анваровна"
            assert entry.AccessionNumber == ticket.booking.code
            # ... records, and sends what it has recorded with what it was told, twice.
            path = recorded_by_cart(entry, tmp_path)
            for _time in range(2):
                words = ["127.0.0.1", str(server.port), str(path)]
                subprocess.run([program("storescu"), *words], check=True)
            wait_until(
                lambda: [one.state for one in journal.received()] == ["done"],
                why=lambda: [(one.state, one.note) for one in journal.received()],
            )
            wait_until(
                lambda: [one.state for one in journal.outbox()] == ["sent"] * 8,
                why=lambda: rows_of(journal.outbox()),
            )
            result_at_his = json.loads(his.stdout.readline())
    assert result_at_his["type"] == "ORU^R01^ORU_R01"
    assert "Каримова" in result_at_his["name"]
    # The patient hears that the result is there, once; the visit is closed.
    assert len([name for name in notes(desk) if name.startswith("result")]) == 1
    with desk.store.reading() as session:
        assert booking.show(session, ticket.booking.code).booking.status == "completed"
    # Every peer has everything once: booking and result; twice ECG and report.
    assert Counter(one.destination for one in journal.outbox()) == {
        fhir_server: 2, peers[1].name: 2, peers[2].name: 2, peers[3].name: 2,
    }  # fmt: skip
    with httpx.Client(base_url=fhir_server) as browser:
        found = browser.get("/Patient", params={"name": "Каримова"}).json()["entry"]
        assert len(found) == 1
        (visit,) = browser.get("/Appointment").json()["entry"]
        assert visit["resource"]["identifier"][0]["value"] == ticket.booking.code
        rate = browser.get("/Observation", params={"code": "8867-4"}).json()["entry"]
        bpm = rate[0]["resource"]["valueQuantity"]["value"]
    assert 55 < bpm < 65
    # The archive holds cart's study with our ECG, its measurements, and the report as PDF.
    time.sleep(0.3)  # Orthanc indexes in the background
    (study,) = pacs.find_studies(AccessionNumber=ticket.booking.code)
    assert study.StudyInstanceUID == entry.StudyInstanceUID
    objects = {str(one.Modality): one for one in pacs.fetch_study(str(study.StudyInstanceUID))}
    assert set(objects) == {"ECG", "DOC"}
    values = {
        one.ConceptNameCodeSequence[0].CodeValue: float(one.NumericValue)
        for one in objects["ECG"].WaveformAnnotationSequence
        if "ConceptNameCodeSequence" in one
    }
    assert values["2:16770"] == bpm
    assert bytes(objects["DOC"].EncapsulatedDocument).startswith(b"%PDF-")
    check_database(desk)


def check_database(desk: Desk) -> None:
    """Nothing that names the patient stands there in the clear, and the audit is whole."""
    with desk.store.reading() as session:
        bodies = [row.body for row in session.exec(select(Inbound)).all()]
        bodies += [row.body for row in session.exec(select(Outbound)).all()]
    assert not any("Каримова".encode() in body for body in bodies)
    with desk.store.reading() as session:
        assert audit.verify(session, desk.vault.ring.audit.keys).broken_at is None


def ask_for_worklist(port: int, folder: Path) -> Any:
    """Return the one entry that dcmtk gets."""
    out = folder / "worklist"
    out.mkdir()
    keys = ["PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID"]
    words = [word for key in keys for word in ("-k", key)]
    words += ["-k", "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate=20261130"]
    command = [program("findscu"), "-W", "-X", "-od", str(out), *words, "127.0.0.1", str(port)]
    subprocess.run(command, check=True)
    (entry,) = [pydicom.dcmread(path) for path in out.iterdir()]
    return entry


def recorded_by_cart(entry: Any, folder: Path) -> Path:
    """Return an ECG that carries what the worklist said."""
    ecg = build_dataset(built_record())
    for keyword in ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID"):
        setattr(ecg, keyword, entry.get(keyword))
    path = folder / "cart.dcm"
    path.write_bytes(to_bytes(ecg))
    return path


def oru_of_cart(code: str, number: str, control_id: str = "R1") -> bytes:
    """An ORU with an ECG file in it, as a HIS passes it on."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ecg.xml"
        write_record(built_record(), path)
        data = base64.b64encode(path.read_bytes()).decode()
    return (
        f"MSH|^~\\&|HIS|H|CARDIOALERT|E|20261130||ORU^R01|{control_id}|P|2.5.1"
        "||||||UNICODE UTF-8\r"
        f"PID|1||{number}^^^H||Каримова^Нодира||19850305|F\r"
        f"OBR|1|{code}||11524-6^EKG study^LN\r"
        f"OBX|1|ED|11524-6^EKG study^LN||^application^xml^Base64^{data}||||||F\r"
    ).encode()


def test_an_order_and_an_ecg_from_the_hospital(desk: Desk, tmp_path: Path) -> None:
    """SIU, then ORU: the result goes back under the hospital's own numbers."""
    desk = replace(desk, files=tmp_path / "files")
    journal = Journal(desk.store, desk.vault, clinic_id=CLINIC)
    his = Hl7Peer(
        destination=Destination(host="127.0.0.1", port=1), address=Address(receiver="HIS")
    )
    reception = Reception(desk=desk, actor=HOSPITAL, analyze=analyze, with_report=False)
    office = Office(reception=reception, journal=journal, peers=[his])
    answerer = Answerer(journal, Charset())
    answerer.answer(siu("1", "S12", code="APP-9"))
    answerer.answer(oru_of_cart("APP-9", "4711"))
    answerer.answer(oru_of_cart("APP-9", "4712", "R2"))  # somebody else's number
    assert office.work() == 2
    booked, analysed, refused = journal.received()
    assert booked.note.startswith("booked ")
    assert analysed.note == booked.note.replace("booked", "analysed")
    assert (refused.state, refused.note.split(":")[0]) == ("failed", "invalid-record")
    assert office.announce() == 0  # the hospital knows its own appointment
    (letter,) = [one for one in journal.outbox() if one.state == "pending"]
    message = Message(letter.body.decode())
    assert message.get("PID", 3) == "4711"
    assert message.get("PID", 3, 4) == "H"
    assert message.get("OBR", 2) == "APP-9"
    assert [name for name in notes(desk) if name.startswith("result")]
    # An ECG without an order, of a patient the hospital has told of, is analysed, too.
    answerer.answer(oru_of_cart("", "4711", "R3"))
    assert office.work() == 1
    assert journal.received()[-1].note == "analysed, without a booking"


def test_an_ecg_of_another_person_is_not_filed(sqlite_desk: Desk, tmp_path: Path) -> None:
    person = registered(sqlite_desk)
    ticket = booking.make(sqlite_desk, APP, Request(slot_id=SLOT, patient_id=person))
    desk = replace(sqlite_desk, files=tmp_path)
    reception = Reception(desk=desk, actor=HOSPITAL, analyze=analyze)
    ecg = build_dataset(built_record())
    ecg.AccessionNumber, ecg.PatientID = ticket.booking.code, "p-2"
    with pytest.raises(InvalidRecordError, match="another patient"):
        reception.take_dicom(to_bytes(ecg))
    ecg.AccessionNumber, ecg.PatientID = "", person
    with pytest.raises(InvalidRecordError, match="no known booking"):
        reception.take_dicom(to_bytes(ecg))
    other = replace(reception, actor=replace(HOSPITAL, clinic_id="demo-tashkent-1"))
    ecg.AccessionNumber = ticket.booking.code
    with pytest.raises(InvalidRecordError, match="no known booking"):
        other.take_dicom(to_bytes(ecg))
    assert not [name for name in notes(sqlite_desk) if name.startswith("result")]


def siu(control_id: str, event: str, *, code: str = "X-1", at: str = "20261130090000") -> bytes:
    return (
        f"MSH|^~\\&|HIS|H|CARDIOALERT|E|20261126||SIU^{event}|{control_id}|P|2.5.1"
        "||||||UNICODE UTF-8\r"
        f"SCH|{code}||||||||||^^15^{at}\rPID|1||4711^^^H||Каримова^Нодира||19850305|F\r"
    ).encode()


def order(control_id: str, control: str, number: str = "O-1") -> bytes:
    return (
        f"MSH|^~\\&|HIS|H|CARDIOALERT|E|20261126||ORM^O01|{control_id}|P|2.5.1\r"
        "PID|1||4712^^^H||Smith^John\r"
        f"ORC|{control}|{number}|||||^^^20261130110000+0500\rOBR|1|{number}||34534-8\r"
    ).encode()


def test_appointments_of_the_hospital_become_bookings(desk: Desk, tmp_path: Path) -> None:
    """On each database."""
    journal = Journal(desk.store, desk.vault, clinic_id=CLINIC)
    answerer = Answerer(journal, Charset())
    reception = Reception(desk=replace(desk, files=tmp_path), actor=HOSPITAL, analyze=analyze)

    def work(*messages: bytes) -> list[tuple[str, str]]:
        before = len(journal.received())
        for message in messages:
            answerer.answer(message)
        work_off(reception, journal, Charset())
        return [(one.state, one.note.partition(" ")[0]) for one in journal.received()[before:]]

    sunday = siu("2", "S12", code="X-2", at="20261129090000")
    assert work(siu("1", "S12"), siu("1", "S12"), sunday) == [
        ("done", "booked"), ("failed", "slot-not-offered:"),
    ]  # fmt: skip
    (entry,) = reception.scheduled()
    assert (entry.person.family, entry.person.identifier) == ("Каримова", "4711")
    assert f"{entry.start:%H:%M}" == "09:00"
    assert work(siu("3", "S13", at="20261130030000+0300")) == [("failed", "slot-not-offered:")]
    assert work(siu("4", "S13", at="20261130080000+0300")) == [("done", "booked")]
    (entry,) = reception.scheduled()
    assert f"{entry.start:%H:%M}" == "10:00"  # eight in Moscow
    assert work(order("5", "NW")) == [("done", "booked")]
    assert {one.person.identifier for one in reception.scheduled()} == {"4711", "4712"}
    assert work(order("6", "SC")) == [("done", "nothing")]
    assert work(order("7", "CA")) == [("done", "cancelled")]
    assert work(siu("8", "S15")) == [("done", "cancelled")]
    assert reception.scheduled() == []
    assert work(siu("9", "S15", code="unknown")) == [("failed", "not-found:")]
    assert work(order("10", "NW")) == [("done", "booked")]  # the number comes again


def test_people_are_corrected_and_never_merged_by_a_machine(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    journal = Journal(sqlite_desk.store, sqlite_desk.vault, clinic_id=CLINIC)
    answerer = Answerer(journal, Charset())
    desk = replace(sqlite_desk, files=tmp_path)
    reception = Reception(desk=desk, actor=HOSPITAL, analyze=analyze)
    answerer.answer(siu("1", "S12"))
    answerer.answer(order("2", "NW"))
    head = "MSH|^~\\&|HIS|H|CARDIOALERT|E|20261126||ADT^{}|{}|P|2.5.1||||||UNICODE UTF-8\r"
    answerer.answer((head.format("A08", "3") + "PID|1||4711^^^H||Каримова^Надира\r").encode())
    answerer.answer((head.format("A08", "4") + "PID|1||9999^^^H||Никто\r").encode())
    answerer.answer(
        (head.format("A40", "5") + "PID|1||4711^^^H||Каримова\rMRG|4712^^^H\r").encode()
    )
    work_off(reception, journal, Charset())
    notes = [(one.state, one.note) for one in journal.received()[2:]]
    assert notes[0] == ("done", "patient corrected")
    assert notes[1] == ("done", "not one of our patients")
    assert notes[2][0] == "failed"
    assert "by hand" in notes[2][1]
    names = {one.person.given for one in reception.scheduled()}
    assert names == {"Надира", "John"}


def test_a_fault_of_ours_stops_no_message_behind_it(
    sqlite_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(sqlite_desk.store, sqlite_desk.vault, clinic_id=CLINIC)
    desk = replace(sqlite_desk, files=tmp_path)
    reception = Reception(desk=desk, actor=HOSPITAL, analyze=analyze)

    def faulty(data: bytes, patient: Any) -> records.Answer:
        raise ZeroDivisionError

    monkeypatch.setattr(appointments, "PAUSE_S", 0.0)
    answerer = Answerer(journal, Charset())
    answerer.answer(siu("1", "S12", code="APP-9"))
    answerer.answer(oru_of_cart("APP-9", "4711"))
    answerer.answer(order("2", "NW"))
    work_off(replace(reception, analyze=faulty), journal, Charset())
    states = [(one.state, one.attempts) for one in journal.received()]
    assert states == [("done", 1), ("failed", 1), ("done", 1)]
    assert "worker-died" in journal.received()[1].note
    assert journal.retry_failed() == 1
    work_off(reception, journal, Charset())
    assert [one.state for one in journal.received()] == ["done"] * 3


def test_bookings_of_the_app_are_told_once_each(sqlite_desk: Desk, tmp_path: Path) -> None:
    desk, person = sqlite_desk, registered(sqlite_desk)
    journal = Journal(desk.store, desk.vault, clinic_id=CLINIC)
    his = Hl7Peer(
        destination=Destination(host="127.0.0.1", port=1), address=Address(receiver="HIS")
    )
    office = Office(
        reception=Reception(desk=desk, actor=HOSPITAL, analyze=analyze),
        journal=journal, peers=[his],
    )  # fmt: skip

    def told() -> list[tuple[str, str]]:
        office.announce()
        office.announce()
        new = [Message(one.body.decode()) for one in journal.outbox() if one.body]
        journal.retry_dead()
        for one in journal.outbox():
            journal.mark_sent(one.number)
        journal.purge()
        return [(one.get("MSH", 9, 2), one.get("SCH", 11, 4)[:12]) for one in new]

    ticket = booking.hold(desk, APP, Request(slot_id=SLOT, patient_id=person))
    assert told() == []
    code = booking.confirm(desk, APP, ticket.booking.code).booking.code
    assert told() == [("S12", "202611300900")]
    assert told() == []
    other = "demo-samarkand-1-ecg.20261130T0500Z"
    booking.move(desk, APP, code, other)
    assert told() == [("S13", "202611301000")]
    booking.move(desk, APP, code, SLOT)
    assert told() == [("S13", "202611300900")]
    booking.cancel(desk, APP, code)
    assert told() == [("S15", "202611300900")]
    assert told() == []
