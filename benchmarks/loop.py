"""Time each step of the hospital loop against the software of others, and draw it in the docs.

    python -m benchmarks.loop --rounds 5 [--write]

The cart is dcmtk, the archive Orthanc, the FHIR server and the HIS Medplum's (Debian and npm
packages, installed by `.ci/run`). Processor time is that of this program only; the clock also
counts the others and whatever else the machine does.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pydicom

from cardioalert import pipeline
from cardioalert.care import booking, patients, records, slots
from cardioalert.care.desk import OPERATOR, Actor, Desk
from cardioalert.care.opening import open_desk
from cardioalert.formats.dicom_file import build_dataset
from cardioalert.hospital.dicom.network import Server
from cardioalert.hospital.dicom.objects import to_bytes
from cardioalert.hospital.hl7v2.building import Address
from cardioalert.hospital.hl7v2.sending import Destination
from cardioalert.hospital.journal import Journal
from cardioalert.hospital.office import Office
from cardioalert.hospital.peers import DicomPeer, FhirPeer, Hl7Peer
from cardioalert.hospital.reception import Reception
from tests.built_ecg import built_record
from tests.peers.running import node, program, running_orthanc

PAGE = Path(__file__).parents[1] / "docs/how-to/connect_a_hospital.md"
BEGIN, END = "<!-- loop: written by benchmarks/loop.py -->", "<!-- end of loop -->"
CLINIC = "demo-samarkand-1"

STEPS = (
    ("book", "the app books a visit"),
    ("tell", "booking to the HIS, HL7 SIU^S12 (Medplum)"),
    ("worklist", "the cart asks for its worklist, C-FIND (dcmtk)"),
    ("store", "the cart stores its ECG, C-STORE (dcmtk)"),
    ("analyze", "analysis, patient told, PDF made, results queued"),
    ("hl7", "result to the HIS, HL7 ORU^R01 with PDF (Medplum)"),
    ("fhir", "booking and result to the FHIR server, transaction bundles (Medplum)"),
    ("dicom", "ECG and PDF to the archive, C-STORE (Orthanc)"),
    ("stow", "the same to its DICOMweb, STOW-RS (Orthanc)"),
)


class Times:
    """Seconds of each step, by the clock and of this processor."""

    def __init__(self) -> None:
        self.clock: dict[str, list[float]] = defaultdict(list)
        self.processor: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        clock, processor = time.perf_counter(), time.process_time()
        yield
        self.clock[name].append(time.perf_counter() - clock)
        self.processor[name].append(time.process_time() - processor)


def analyze(data: bytes, _person: Any) -> records.Answer:
    return records.Answer(pipeline.analyze(data).to_dict())


def first_slot(desk: Desk) -> str:
    with desk.store.reading() as session:
        clinic = session.get(booking.Clinic, CLINIC)
        assert clinic
        found = slots.next_free(session, clinic, service="ecg", now=desk.now())
    assert found
    return found.id


def one_round(office: Office, server: Server, folder: Path, times: Times) -> None:
    """Go once around."""
    desk, journal = office.reception.desk, office.journal
    his, fhir, dicom, stow = office.peers
    with desk.store.writing() as session:
        person = patients.register(desk, session, {"name": "Каримова Нодира Анваровна"}).id
    slot = first_slot(desk)
    with times.step("book"):
        ticket = booking.make(desk, OPERATOR, booking.Request(slot_id=slot, patient_id=person))
    with times.step("tell"):
        office.announce()
        assert his.deliver(journal) == 1
    found = folder / ticket.booking.code
    found.mkdir()
    keys = ("PatientName", "PatientID", "StudyInstanceUID")
    words = [word for key in keys for word in ("-k", key)]
    words += ["-k", f"AccessionNumber={ticket.booking.code}"]
    address = ["127.0.0.1", str(server.port)]
    with times.step("worklist"):
        command = [program("findscu"), "-W", "-X", "-od", str(found), *words, *address]
        subprocess.run(command, check=True)
    (entry,) = [pydicom.dcmread(path) for path in found.iterdir()]
    ecg = build_dataset(built_record())
    ecg.ContentTime = f"{datetime.now(tz=UTC):%H%M%S}"  # no two ECGs are the same bytes
    for keyword in (*keys, "AccessionNumber"):
        setattr(ecg, keyword, entry.get(keyword))
    path = found / "cart.dcm"
    path.write_bytes(to_bytes(ecg))
    with times.step("store"):
        subprocess.run([program("storescu"), *address, str(path)], check=True)
    with times.step("analyze"):
        assert office.work() == 1, journal.received()[-1].note
    for name, peer, count in (
        ("hl7", his, 1),
        ("fhir", fhir, 2),
        ("dicom", dicom, 2),
        ("stow", stow, 2),
    ):
        with times.step(name):
            sent = peer.deliver(journal, until=time.monotonic() + 300)
        assert sent == count, (name, [one.note for one in journal.outbox() if one.note])


def measure(rounds: int) -> Times:
    """Run the loop some times; the first round loads what is loaded once and is not counted."""
    times = Times()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        desk = open_desk(f"sqlite:///{folder / 'care.db'}", folder / "keys.json")
        orthanc = stack.enter_context(running_orthanc(folder))
        his = stack.enter_context(node("hl7_server.mjs"))
        fhir = stack.enter_context(node("fhir_server.mjs"))
        assert his.stdout
        assert fhir.stdout
        his_port, fhir_port = int(his.stdout.readline()), int(fhir.stdout.readline())
        peers = [
            Hl7Peer(
                destination=Destination(host="127.0.0.1", port=his_port),
                address=Address(receiver="HIS"),
            ),
            FhirPeer(url=f"http://127.0.0.1:{fhir_port}/"),
            DicomPeer(address=f"ORTHANC@127.0.0.1:{orthanc[0]}"),
            DicomPeer(address=f"http://127.0.0.1:{orthanc[1]}/dicom-web"),
        ]
        actor = Actor(id="loop", role="integration", clinic_id=CLINIC)
        reception = Reception(desk=desk, actor=actor, analyze=analyze)
        journal = Journal(desk.store, desk.vault, clinic_id=CLINIC)
        office = Office(reception=reception, journal=journal, peers=peers)
        server = stack.enter_context(
            Server(office.keep_dicom, port=0, scheduled=reception.scheduled)
        )
        one_round(office, server, folder, Times())
        for _round in range(rounds):
            one_round(office, server, folder, times)
        desk.store.close()
    return times


def table(times: Times) -> str:
    """Return the steps as a table."""
    rows = ["| step | processor, s | clock, s |", "| --- | ---: | ---: |"]
    for name, text in STEPS:
        rows.append(
            f"| {text} | {median(times.processor[name]):.3f} | {median(times.clock[name]):.2f} |"
        )
    whole = [sum(parts) for parts in zip(*times.processor.values(), strict=True)]
    clock = [sum(parts) for parts in zip(*times.clock.values(), strict=True)]
    rows.append(f"| **all** | **{median(whole):.3f}** | **{median(clock):.2f}** |")
    return "\n".join(rows)


def diagram(times: Times) -> str:
    """Draw who talks to whom, with the median time of each step by the clock."""
    t = {name: f"{median(values):.2f} s" for name, values in times.clock.items()}
    return f"""```text
 patient's app          CardioAlert                 hospital
      |                      |                          |
      |--- books ----------->|              {t["book"]:>9}   |
      |                      |--- SIU^S12 ------------->| HIS            {t["tell"]:>9}
      |                      |<-- worklist? ------------| cart, C-FIND   {t["worklist"]:>9}
      |                      |<-- ECG ------------------| cart, C-STORE  {t["store"]:>9}
      |<-- "result ready" ---| analysis     {t["analyze"]:>9}   |
      |                      |--- ORU^R01, PDF -------->| HIS            {t["hl7"]:>9}
      |                      |--- FHIR bundle --------->| FHIR server    {t["fhir"]:>9}
      |                      |--- ECG, PDF ------------>| PACS, C-STORE  {t["dicom"]:>9}
      |                      |--- ECG, PDF ------------>| PACS, STOW-RS  {t["stow"]:>9}
```"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    times = measure(options.rounds)
    day = datetime.now(tz=UTC).date()
    text = (
        f"{diagram(times)}\n\nMedians of {options.rounds} counted round(s) on {day}, "
        f"`python -m benchmarks.loop --rounds {options.rounds}`. Processor time is CardioAlert's "
        "own; the clock also counts the other programs and whatever else ran on the machine.\n\n"
        f"{table(times)}"
    )
    print(text)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        before, _begin, rest = page.partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
