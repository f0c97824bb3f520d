"""DICOM objects by dciodvfy; the network against dcmtk and Orthanc."""

from __future__ import annotations

import errno
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from cardioalert.errors import InvalidRecordError, PeerError
from cardioalert.formats.registry import kind_of, read_record, write_record
from cardioalert.hospital.dicom import network, objects, store, worklist
from cardioalert.hospital.dicom.folder import Folder
from cardioalert.hospital.dicom.worklist import Scheduled
from cardioalert.hospital.result import Person
from tests.peers.running import free_port, program, running_orthanc
from tests.unit.formats.made_records import made_record, printed_3x4
from tests.unit.hospital.made_result import NODIRA, made_result

pytest.importorskip("pynetdicom", reason="pynetdicom is not installed")

NAME = "Каримова^Нодира^Анваровна"
BOOKED = (
    Scheduled(number="B-1", person=NODIRA, start=datetime(2026, 11, 27, 9, 0)),
    Scheduled(number="B-2", person=Person(family="Smith", identifier="2"),
              start=datetime(2026, 11, 27, 9, 15), station="CART2"),
    Scheduled(number="B-3", person=Person(family="Smit", identifier="3"),
              start=datetime(2026, 11, 28, 9, 0)),
)  # fmt: skip


# ---- Objects -------------------------------------------------------------------------------------


def verify(path: Path) -> None:
    done = subprocess.run(
        [program("dciodvfy"), str(path)], capture_output=True, text=True, check=False
    )
    assert "Error" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    "record",
    [made_record(), made_record(seconds=40), made_record(sampling_rate=100.0), printed_3x4()],
    ids=["12-lead", "long", "slow", "page"],
)
def test_converted_objects_are_valid(record: Any, tmp_path: Path) -> None:
    write_record(record, tmp_path / "ecg.dcm")
    verify(tmp_path / "ecg.dcm")


@pytest.mark.parametrize("signed", [None, Person(family="Усманов")])
@pytest.mark.parametrize("person", [NODIRA, Person()])
def test_objects_of_a_result_are_valid(person: Person, signed: Any, tmp_path: Path) -> None:
    result = made_result(person=person, signed_by=signed)
    for number, made in enumerate((objects.ecg_object(result), objects.pdf_object(result))):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(objects.to_bytes(made))
        verify(path)


def test_measurements_and_findings_are_annotations() -> None:
    result = made_result()
    made = objects.ecg_object(result)
    values = {
        one.ConceptNameCodeSequence[0].CodeValue: one.NumericValue
        for one in made.WaveformAnnotationSequence
        if "ConceptNameCodeSequence" in one
    }
    assert values["2:16160"] == 402
    assert values["2:15872"] == 162
    assert "2:16136" not in values  # the T axis could not be measured
    texts = [one.get("UnformattedTextValue") for one in made.WaveformAnnotationSequence]
    assert "Atrial fibrillation" in texts
    assert "High voltage (possible)" in texts
    assert str(made.PatientName) == NAME
    assert made.AccessionNumber == "A-17"
    assert made.StudyInstanceUID == objects.pdf_object(result).StudyInstanceUID
    assert made == objects.ecg_object(made_result())
    with pytest.raises(InvalidRecordError):
        objects.ecg_object(made_result(record=None))
    with pytest.raises(InvalidRecordError):
        objects.pdf_object(made_result(report=None))


def test_pdf_comes_out_as_it_went_in(tmp_path: Path) -> None:
    (tmp_path / "r.dcm").write_bytes(objects.to_bytes(objects.pdf_object(made_result())))
    assert kind_of(tmp_path / "r.dcm") == "pdf"
    command = [program("dcm2pdf"), str(tmp_path / "r.dcm"), str(tmp_path / "r.pdf")]
    subprocess.run(command, check=True)
    report = made_result().report
    assert report is not None
    assert (tmp_path / "r.pdf").read_bytes().rstrip(b"\0") == report.data


# ---- The folder ----------------------------------------------------------------------------------


def test_store_keeps_one_file_of_an_object_sent_twice(tmp_path: Path) -> None:
    assert store.keep(tmp_path, "1.2.3", b"one") == (store.SUCCESS, tmp_path / "1.2.3.dcm")
    assert store.keep(tmp_path, "1.2.3", b"one")[0] == store.SUCCESS
    _, other = store.keep(tmp_path, "1.2.3", b"two")
    assert other is not None
    assert other.read_bytes() == b"two"
    _, strange = store.keep(tmp_path, "../../etc/passwd", b"three")
    assert strange is not None
    assert strange.parent == tmp_path
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 0xA700), (errno.EIO, 0x0110)])
def test_a_full_disk_is_told(
    number: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, "x")

    monkeypatch.setattr(store.os, "fsync", fail)
    assert store.keep(tmp_path, "1.2.3", b"one") == (status, None)
    assert list(tmp_path.iterdir()) == []


# ---- The worklist --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "step_keys", "numbers"),
    [
        ({}, {}, ["B-1", "B-2", "B-3"]),
        ({"PatientName": "КАРИМОВА*"}, {}, ["B-1"]),
        ({"PatientName": "Smi*"}, {}, ["B-2", "B-3"]),
        ({"PatientID": "2"}, {}, ["B-2"]),
        ({}, {"ScheduledProcedureStepStartDate": "20261127"}, ["B-1", "B-2"]),
        ({}, {"ScheduledProcedureStepStartDate": "20261128-"}, ["B-3"]),
        ({}, {"ScheduledProcedureStepStartDate": "-20261127", "Modality": "ECG"}, ["B-1", "B-2"]),
        ({}, {"ScheduledStationAETitle": "CART2"}, ["B-2"]),
        ({}, {"Modality": "CT"}, []),
    ],
)
def test_matching(keys: dict[str, str], step_keys: dict[str, str], numbers: list[str]) -> None:
    query, step = pydicom.Dataset(), pydicom.Dataset()
    for dataset, values in ((query, keys), (step, step_keys)):
        for name, value in values.items():
            setattr(dataset, name, value)
    query.ScheduledProcedureStepSequence = [step]
    assert [one.AccessionNumber for one in worklist.answers(query, BOOKED)] == numbers


# ---- The network ---------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[network.Server, Path, list[Path]]]:
    folder = tmp_path / "received"
    folder.mkdir()
    arrived: list[Path] = []
    with (
        Folder(folder, arrived.append) as kept,
        network.Server(kept.keep, port=0, scheduled=lambda: BOOKED, allowed=["CART"]) as running,
    ):
        yield running, folder, arrived


def dcmtk(name: str, port: int, *arguments: str, title: str = "CART") -> str:
    command = [program(name), "-v", "-aet", title, "-aec", "CARDIOALERT", "127.0.0.1", str(port)]
    done = subprocess.run(
        [*command, *arguments], capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


def test_echo_of_dcmtk_and_the_list_of_callers(server: Any) -> None:
    running, _, _ = server
    assert dcmtk("echoscu", running.port).startswith("0")
    assert not dcmtk("echoscu", running.port, title="STRANGER").startswith("0")


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")  # the real file has "..1" in a UID
def test_storescu_of_dcmtk(server: Any, tmp_path: Path, shared_data: Path) -> None:
    running, folder, arrived = server
    mine = tmp_path / "mine.dcm"
    mine.write_bytes(objects.to_bytes(objects.ecg_object(made_result())))
    real = shared_data / "interop/dicom/ecgtoolkit_Example.dcm"
    for path in (mine, real):
        answer = dcmtk("storescu", running.port, "-R", str(path))
        assert answer.startswith("0"), answer
    end = time.monotonic() + 30
    while len(arrived) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    assert sorted(arrived) == sorted(folder.glob("*.dcm"))
    back = {read_record(path).signal.shape: path for path in arrived}
    made = made_result().record
    assert made is not None
    assert np.abs(read_record(back[made.signal.shape]).signal - made.signal).max() <= 0.5e-3 + 1e-6
    assert str(pydicom.dcmread(back[made.signal.shape]).PatientName) == NAME
    original = read_record(real)
    assert (read_record(back[original.signal.shape]).signal == original.signal).all()


def test_findscu_of_dcmtk_reads_the_worklist(server: Any, tmp_path: Path) -> None:
    running, _, _ = server
    keys = ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID")
    steps = (
        "Modality=ECG",
        "ScheduledProcedureStepStartDate=20261127",
        "ScheduledStationAETitle=ECG",
    )
    words = [word for key in keys for word in ("-k", key)]
    words += [word for key in steps for word in ("-k", f"ScheduledProcedureStepSequence[0].{key}")]
    folder = tmp_path / "found"
    folder.mkdir()
    answer = dcmtk("findscu", running.port, "-W", "-X", "-od", str(folder), *words)
    assert answer.startswith("0"), answer
    (found,) = [pydicom.dcmread(path) for path in folder.iterdir()]
    assert str(found.PatientName) == NAME
    assert found.AccessionNumber == "B-1"
    assert found.StudyInstanceUID == BOOKED[0].study_uid


@pytest.mark.filterwarnings("ignore")  # pynetdicom leaves a refused socket to the collector
def test_our_own_calls(server: Any) -> None:
    running, folder, _ = server
    peer = network.Peer(host="127.0.0.1", port=running.port, own_title="CART")
    network.echo(peer)
    network.send(peer, [objects.ecg_object(made_result()), objects.pdf_object(made_result())])
    assert len(list(folder.glob("*.dcm"))) == 2
    found = network.ask_worklist(peer, day="20261127")
    assert [str(one.AccessionNumber) for one in found] == ["B-1", "B-2"]
    stranger = network.Peer(host="127.0.0.1", port=running.port, own_title="STRANGER")
    with pytest.raises(PeerError):
        network.echo(stranger)
    with pytest.raises(PeerError):
        network.echo(network.Peer(host="127.0.0.1", port=free_port()))


# ---- Orthanc -------------------------------------------------------------------------------------


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A PACS of others: its DICOM and its HTTP port."""
    with running_orthanc(tmp_path) as ports:
        yield ports


@pytest.mark.filterwarnings("ignore")
def test_orthanc_stores_finds_and_gives_back(orthanc: tuple[int, int]) -> None:
    web = pytest.importorskip("cardioalert.hospital.dicom.web")
    pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed")
    dicom_port, http_port = orthanc
    peer = network.Peer(host="127.0.0.1", port=dicom_port, title="ORTHANC")
    network.echo(peer)
    result = made_result()
    network.send(peer, [objects.ecg_object(result)])
    pacs = web.Web(f"http://127.0.0.1:{http_port}/dicom-web")
    assert pacs.store([objects.pdf_object(result)]) == 1
    time.sleep(0.5)
    (study,) = pacs.find_studies(AccessionNumber="A-17")
    assert str(study.PatientName) == NAME
    assert study.AccessionNumber == "A-17"
    back = {str(one.SOPClassUID): one for one in pacs.fetch_study(str(study.StudyInstanceUID))}
    assert len(back) == 2
    ecg = back["1.2.840.10008.5.1.4.1.1.9.1.1"]
    assert read_record(objects.to_bytes(ecg)).signal.shape == (12, 1000)
    assert np.array_equal(
        read_record(objects.to_bytes(ecg)).signal,
        read_record(objects.to_bytes(objects.ecg_object(result))).signal,
    )
    with pytest.raises(PeerError):
        web.Web(f"http://127.0.0.1:{free_port()}/dicom-web").find_studies()
