"""SCP-ECG, MUSE, Sierra, ISHNE and MATLAB: real files against each other, against libraries of
others, and files built by hand where none is public."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cardioalert.domain.record import STANDARD_LEADS
from cardioalert.errors import (
    CardioAlertError,
    CorruptFileError,
    FileMissingError,
    InvalidRecordError,
    UnknownFormatError,
)
from cardioalert.formats import scp_file
from cardioalert.formats.assembling import typical_swing
from cardioalert.formats.registry import kind_of, read_record, write_record
from cardioalert.formats.xli import unpack_lzw
from tests.unit.formats.made_records import made_record

MICROVOLT = 1e-3
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")


# ---- Real files ----------------------------------------------------------------------------------


def test_one_recording_is_the_same_in_scp_aecg_and_dicom(shared_data: Path) -> None:
    interop = shared_data / "interop"
    scp, aecg, dicom = (
        read_record(interop / name)
        for name in (
            "scp/ecgtoolkit_Example.scp",
            "aecg/hl7_Example_aECG.xml",
            "dicom/ecgtoolkit_Example.dcm",
        )
    )
    assert scp.signal.shape == (12, 5000)
    for other in (aecg, dicom):
        assert np.abs(scp.signal - other.signal).max() <= MICROVOLT
        assert (other.leads, other.sampling_rate) == (scp.leads, scp.sampling_rate)
        assert (other.patient, other.recorded_at) == (scp.patient, scp.recorded_at)


@pytest.mark.parametrize("name", ["braveheart_example1.xml", "braveheart_example3.xml"])
def test_eight_leads_of_muse_become_twelve(name: str, shared_data: Path) -> None:
    path = shared_data / "interop/muse" / name
    record = read_record(path)
    lead = record.lead
    assert kind_of(path) == "muse"
    assert record.leads == STANDARD_LEADS
    assert record.signal.shape == (12, 5000)
    assert np.abs(lead("I") + lead("III") - lead("II")).max() < 1e-6
    assert np.abs(lead("aVR") + lead("aVL") + lead("aVF")).max() < 1e-6


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", ["129DYPRG.XML", "3191723_ZZDEMOPTONLY_1-04_orig.xml", "repbeats_example.xml"]
)
def test_sierra_equals_the_library_sierraecg(name: str, shared_data: Path) -> None:
    peer = pytest.importorskip("sierraecg", reason="the library sierraecg is not installed")
    path = shared_data / "interop/sierra" / name
    ours, theirs = read_record(path), peer.read_file(str(path))
    assert ours.signal.shape == (12, 5500)
    for lead in theirs.leads:
        assert np.abs(ours.lead(lead.label) - lead.samples * 0.005).max() < 1e-6


def test_scp_checksums_are_those_of_a_real_file(shared_data: Path) -> None:
    data = (shared_data / "interop/scp/ecgtoolkit_Example.scp").read_bytes()
    assert struct.unpack_from("<H", data)[0] == scp_file.checksum(data[2:])
    harmed = data[:20000] + b"\x55" + data[20001:]
    with pytest.raises(CorruptFileError, match="checksum"):
        read_record(harmed)


# ---- SCP-ECG by hand -----------------------------------------------------------------------------


def scp(sections: dict[int, bytes]) -> bytes:
    """Put sections together."""
    bodies, index = b"", 7 + 16 + 10 * (1 + len(sections))
    pointers = struct.pack("<HII", 0, 16 + 10 * (1 + len(sections)), 7)
    for number, content in sections.items():
        body = struct.pack("<HIBB", number, 16 + len(content), 20, 20) + bytes(6) + content
        bodies += struct.pack("<H", scp_file.checksum(body)) + body
        pointers += struct.pack("<HII", number, 16 + len(content), index)
        index += 16 + len(content)
    zero = struct.pack("<HIBB", 0, 16 + len(pointers), 20, 20) + b"SCPECG" + pointers
    rest = struct.pack("<H", scp_file.checksum(zero)) + zero + bodies
    rest = struct.pack("<I", 6 + len(rest)) + rest
    return struct.pack("<H", scp_file.checksum(rest)) + rest


def leads_section(samples: int, *, subtracted: bool = False) -> bytes:
    codes = (1, 2, 3)
    lead = b"".join(struct.pack("<IIB", 1, samples, code) for code in codes)
    return struct.pack("<BB", len(codes), int(subtracted)) + lead


def signal_section(rows: NDArray[np.int64], *, order: int = 0, bimodal: int = 0) -> bytes:
    stored = []
    for row in rows:
        numbers = row.copy()
        for step in range(order):
            numbers[step + 1 :] = np.diff(numbers[step:])
        stored.append(numbers.astype("<i2").tobytes())
    header = struct.pack("<HHBB", 5000, 2000, order, bimodal)
    return header + b"".join(struct.pack("<H", len(row)) for row in stored) + b"".join(stored)


ROWS = np.round(made_record(seconds=2.0).signal[[0, 1, 6]] * 200).astype(np.int64)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_scp_without_huffman(order: int) -> None:
    record = read_record(scp({3: leads_section(1000), 6: signal_section(ROWS, order=order)}))
    assert record.leads == ("I", "II", "V1")
    np.testing.assert_allclose(record.signal, ROWS * 0.005, atol=1e-6)


def test_scp_reference_beat_is_put_back() -> None:
    beat = np.round(60 * np.hanning(200))[None].astype(np.int64) * np.array([[1], [2], [-1]])
    centers = (150, 480, 800)  # samples from 1; the fiducial is sample 80 of the beat
    rest = ROWS.copy()
    for center in centers:
        rest[:, center - 80 : center + 120] -= beat
    zones = b"".join(struct.pack("<HIII", 0, c - 79, c, c + 120) for c in centers)
    sections = {
        3: leads_section(1000, subtracted=True),
        4: struct.pack("<HHH", 400, 80, len(centers)) + zones,
        5: signal_section(beat, order=1),
        6: signal_section(rest, order=2),
    }
    np.testing.assert_allclose(read_record(scp(sections)).signal, ROWS * 0.005, atol=1e-6)


def test_scp_own_huffman_tables() -> None:
    """Two tables: one bit for zero, one to switch; then an escape of eight bits and back."""
    row = struct.Struct("<BBBhI").pack
    first = struct.pack("<H", 2) + row(1, 1, 1, 0, 0) + row(1, 1, 0, 2, 1)
    second = struct.pack("<H", 2) + row(1, 9, 1, 0, 0) + row(1, 1, 0, 1, 1)
    tables = struct.pack("<H", 2) + first + second
    numbers = [0, 0, -100, 0, 77]
    numbers += [0] * (500 - len(numbers))
    bits = ""
    for number in numbers:
        bits += "0" if number == 0 else f"10{number & 0xFF:08b}1"
    packed = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    signal = struct.pack("<HHBB", 1000, 2000, 0, 0) + struct.pack("<3H", *[len(packed)] * 3)
    record = read_record(scp({2: tables, 3: leads_section(500), 6: signal + packed * 3}))
    np.testing.assert_allclose(record.signal[1] * 1000, numbers, atol=1e-4)


def harm(change: Callable[[dict[int, bytes]], None]) -> bytes:
    sections = {3: leads_section(1000), 6: signal_section(ROWS)}
    change(sections)
    return scp(sections)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (harm(lambda s: s.update({6: signal_section(ROWS, bimodal=1)})), UnknownFormatError),
        (harm(lambda s: s.update({6: signal_section(ROWS[:, :900])})), CorruptFileError),
        (harm(lambda s: s.update({3: leads_section(900_000)})), CorruptFileError),
        (harm(lambda s: s.update({2: struct.pack("<H", 9)})), CorruptFileError),
        (harm(lambda s: s.pop(6)), InvalidRecordError),
        (harm(lambda s: s.update({3: b"\x03"})), CorruptFileError),
    ],
)
def test_scp_refusals(data: bytes, error: type[CardioAlertError]) -> None:
    with pytest.raises(error):
        read_record(data)


# ---- MUSE by hand --------------------------------------------------------------------------------


def muse(before: str = "", **change: str) -> bytes:
    values = {
        "units": "MICROVOLTS",
        "per_bit": "4.88",
        "count": "1000",
        "base": "500",
        "exponent": "0",
    } | change
    leads = ""
    for number, name in enumerate(("I", "II", *CHEST)):
        samples = np.round(made_record(seconds=2.0).signal[number] * 200).astype("<i2").tobytes()
        text = base64.b64encode(samples).decode()
        leads += (
            f"<LeadData><LeadID>{name}</LeadID><LeadSampleCountTotal>{values['count']}"
            f"</LeadSampleCountTotal><LeadAmplitudeUnitsPerBit>{values['per_bit']}"
            f"</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>{values['units']}"
            f"</LeadAmplitudeUnits><WaveFormData>{text}</WaveFormData></LeadData>"
        )
    return (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{before}<RestingECG><PatientDemographics>'
        "<PatientAge>63</PatientAge><AgeUnits>YEARS</AgeUnits><Gender>FEMALE</Gender>"
        "</PatientDemographics><TestDemographics><AcquisitionTime>06:07:08</AcquisitionTime>"
        "<AcquisitionDate>03-04-2026</AcquisitionDate></TestDemographics><Waveform>"
        f"<WaveformType>Median</WaveformType></Waveform><Waveform><WaveformType>Rhythm"
        f"</WaveformType><SampleBase>{values['base']}</SampleBase><SampleExponent>{values['exponent']}"
        f"</SampleExponent>{leads}</Waveform></RestingECG>"
    ).encode()


def test_muse_person_time_and_document_type() -> None:
    record = read_record(muse('<!DOCTYPE RestingECG SYSTEM "restecg.dtd">'))
    assert record.patient is not None
    assert (record.patient.age, record.patient.sex) == (63, "female")
    assert f"{record.recorded_at}" == "2026-03-04 06:07:08"
    assert read_record(muse(base="50", exponent="1")).sampling_rate == 500


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (muse('<!DOCTYPE RestingECG [<!ENTITY a "b">]>'), CorruptFileError),
        (muse('<!DOCTYPE other SYSTEM "x">'), CorruptFileError),
        (muse('<!DOCTYPE RestingECG SYSTEM "x"><!DOCTYPE RestingECG>'), CorruptFileError),
        (muse(units="COUNTS"), InvalidRecordError),
        (muse(per_bit="0"), InvalidRecordError),
        (muse(per_bit="much"), CorruptFileError),
        (muse(count="999"), CorruptFileError),
        (muse(exponent="99999999"), CorruptFileError),
        (muse(per_bit="48.8"), InvalidRecordError),  # ten times too much: no heart does that
    ],
)
def test_muse_refusals(data: bytes, error: type[CardioAlertError]) -> None:
    with pytest.raises(error):
        read_record(data)


# ---- XLI -----------------------------------------------------------------------------------------


def test_lzw_of_repeats_and_bad_codes() -> None:
    def pack(*codes: int) -> bytes:
        bits = "".join(f"{code:010b}" for code in codes)
        return int(bits.ljust(-(-len(bits) // 8) * 8, "1"), 2).to_bytes(-(-len(bits) // 8), "big")

    assert unpack_lzw(pack(65, 256, 257, 66), most=99) == b"AAAAAAB"
    assert unpack_lzw(pack(65, 66, 1023, 67), most=99) == b"AB"
    assert unpack_lzw(pack(65, 256, 257), most=2) == b"AA"
    with pytest.raises(CorruptFileError):
        unpack_lzw(pack(65, 300), most=99)


# ---- ISHNE ---------------------------------------------------------------------------------------


def ishne(codes: tuple[int, ...] = (6, 11), *, resolution: int = 5000) -> bytes:
    rows = np.round(made_record(seconds=2.0).signal[[1, 6]] * 200).astype("<i2")
    header = bytearray(522)
    header[:8] = b"ISHNE1.0"
    struct.pack_into("<iiiihh", header, 10, 0, rows.size, 522, 522, 1, 0)
    struct.pack_into("<h", header, 128, 2)
    struct.pack_into("<3h", header, 132, 4, 3, 1963)
    struct.pack_into("<3h", header, 138, 5, 3, 2026)
    struct.pack_into("<3h", header, 150, 6, 7, 8)
    struct.pack_into("<h", header, 156, len(codes))
    struct.pack_into(f"<{len(codes)}h", header, 158, *codes)
    struct.pack_into(f"<{len(codes)}h", header, 206, *[resolution] * len(codes))
    struct.pack_into("<h", header, 272, 500)
    return bytes(header) + rows.T.tobytes()


def test_ishne(tmp_path: Path) -> None:
    record = read_record(ishne())
    made = made_record(seconds=2.0)
    assert record.leads == ("II", "V1")
    assert np.abs(record.signal - made.signal[[1, 6]]).max() <= 2.5 * MICROVOLT + 1e-6
    assert record.patient is not None
    assert (record.patient.age, record.patient.sex) == (63, "female")
    assert f"{record.recorded_at}" == "2026-03-05 06:07:08"


@pytest.mark.parametrize(
    "data",
    [
        ishne((1, 2)),
        ishne((6, 11), resolution=0),
        ishne()[:500],
        ishne()[:600],
        ishne((6, 11, 12, 13, 14, 15, 16, 5, 7, 8, 9, 10, 4, 3)),
    ],
)
def test_ishne_refusals(data: bytes) -> None:
    with pytest.raises(CardioAlertError):
        read_record(data)


# ---- MATLAB and plausibility ---------------------------------------------------------------------


def test_matlab_is_read_by_its_header(shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "other_hospitals").glob("*.mat"))
    assert paths
    record = read_record(paths[0])
    assert (record.signal == read_record(paths[0].with_suffix(".hea")).signal).all()
    alone = tmp_path / paths[0].name
    alone.write_bytes(paths[0].read_bytes())
    with pytest.raises(FileMissingError):
        read_record(alone)


@pytest.mark.parametrize("suffix", [".dcm", ".hea", ".edf", ".csv", ".json"])
def test_gain_five_times_wrong_is_refused(suffix: str, tmp_path: Path) -> None:
    made = made_record()
    assert typical_swing(made.signal, sampling_rate=500.0) > 1.0
    write_record(replace(made, signal=made.signal * 5), tmp_path / f"ecg{suffix}")
    with pytest.raises(InvalidRecordError, match="gain"):
        read_record(tmp_path / f"ecg{suffix}")
