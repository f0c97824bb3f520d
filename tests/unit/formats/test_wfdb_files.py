"""WFDB: the header is believed in nothing that can be checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb

from cardioalert.domain.patient import Patient, Sex
from cardioalert.errors import (
    CardioAlertError,
    CorruptFileError,
    FileMissingError,
    InvalidRecordError,
    UnknownFormatError,
)
from cardioalert.formats.registry import read_record
from cardioalert.formats.wfdb_samples import SAMPLE_FORMATS

SAMPLES = 500
LINE = "ecg.dat 16 1000(0)/mV 16 0 0 0 0 II"


def save(folder: Path, header: str, data: bytes = b"\1\0" * SAMPLES) -> Path:
    (folder / "ecg.dat").write_bytes(data)
    path = folder / "ecg.hea"
    path.write_text(header)
    return path


def test_smallest_record(tmp_path: Path) -> None:
    record = read_record(save(tmp_path, f"ecg 1 500 {SAMPLES}\n{LINE}\n"))
    assert record.leads == ("II",)
    np.testing.assert_allclose(record.signal, 0.001)


@pytest.mark.parametrize("name", ["16", "61", "80", "160", "212"])
def test_sample_formats_agree_with_the_library(name: str, tmp_path: Path) -> None:
    random = np.random.default_rng(int(name))
    data = random.integers(0, 256, size=SAMPLES * 12, dtype=np.uint8).tobytes()
    line = LINE.replace(" 16 1000", f" {name} 100000")  # random numbers within a few millivolts
    samples = len(SAMPLE_FORMATS[name].decode(data)) // 2
    text = f"ecg 2 500 {samples}\n{line}\n{line.replace('II', 'V1')}\n"
    ours = read_record(save(tmp_path, text, data))
    peer = wfdb.rdrecord(str(tmp_path / "ecg"))
    np.testing.assert_allclose(ours.signal, peer.p_signal.T, rtol=1e-6, equal_nan=True)


@pytest.mark.parametrize(
    ("name", "data", "numbers"),
    [
        ("24", b"\xff\xff\x7f\xff\xff\xff\x00\x00\x80", [2**23 - 1, -1, -(2**23)]),
        ("32", b"\x01\0\0\0\xff\xff\xff\xff", [1, -1]),
        ("212", b"\x01\x80\x00", [1, -2048]),
        ("80", b"\x00\x80\xff", [-128, 0, 127]),
        ("160", b"\x00\x80\x00\x00", [0, -32768]),
        ("61", b"\x00\x01\xff\xff", [1, -1]),
        ("16", b"\x01\x00\xff\xff\x07", [1, -1]),  # half a sample at the end is ignored
    ],
)
def test_samples_by_hand(name: str, data: bytes, numbers: list[int]) -> None:
    assert SAMPLE_FORMATS[name].decode(data).tolist() == numbers


def test_rare_formats_are_left_to_the_library(tmp_path: Path) -> None:
    wave = np.round(100 * np.sin(np.arange(1000) / 20)).astype(int)
    wfdb.wrsamp(
        "ecg",
        fs=500,
        units=["mV", "mV"],
        sig_name=["I", "II"],
        d_signal=np.stack([wave, -wave], axis=1),
        fmt=["516", "516"],  # FLAC
        adc_gain=[200.0, 200.0],
        baseline=[0, 0],
        write_dir=str(tmp_path),
    )
    record = read_record(tmp_path / "ecg.hea")
    np.testing.assert_allclose(record.lead("I"), wave / 200, atol=1e-6)
    np.testing.assert_allclose(record.lead("II"), -wave / 200, atol=1e-6)


def test_age_and_sex_of_both_spellings(tmp_path: Path) -> None:
    head = f"ecg 1 500 {SAMPLES}\n{LINE}\n"
    expected = Patient(age=51.0, sex=Sex.FEMALE)
    assert read_record(save(tmp_path, head + "#<age>: 51\n#<sex>: F\n")).patient == expected
    assert read_record(save(tmp_path, head + "# Age: 51\n# Sex: Female\n")).patient == expected
    assert read_record(save(tmp_path, head + "# Age: 300\n# Sex: Unknown\n")).patient is None


def test_unit_and_baseline(tmp_path: Path) -> None:
    line = "ecg.dat 16 2(-9)/uV 16 0 0 0 0 II"
    record = read_record(save(tmp_path, f"ecg 1 500 {SAMPLES}\n{line}\n"))
    np.testing.assert_allclose(record.signal, 0.005)


def test_several_samples_per_frame(tmp_path: Path) -> None:
    text = f"ecg 2 250 0\n{LINE.replace(' 16 ', ' 16x2 ', 1)}\necg.dat 16 1/mmHg 16 0 0 0 0 ABP\n"
    data = np.tile(np.array([1, 2, 99], dtype="<i2"), 300).tobytes()
    record = read_record(save(tmp_path, text, data))
    assert record.sampling_rate == 500.0
    np.testing.assert_allclose(record.signal[0, :4], [0.001, 0.002, 0.001, 0.002])


def test_late_channel_is_moved_back(tmp_path: Path) -> None:
    data = np.arange(SAMPLES, dtype="<i2").tobytes()
    record = read_record(save(tmp_path, f"ecg 1 500 0\n{LINE.replace(' 16', ' 16:3', 1)}\n", data))
    assert record.signal[0, 0] == pytest.approx(0.003)
    assert np.isnan(record.signal[0, -3:]).all()


def test_eight_stored_leads_become_twelve(tmp_path: Path) -> None:
    names = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
    lines = "\n".join(f"ecg.dat 16 1000/mV 16 0 0 0 0 {name}" for name in names)
    data = np.tile(np.array([400, 1000, 1, 2, 3, 4, 5, 6], dtype="<i2"), SAMPLES).tobytes()
    record = read_record(save(tmp_path, f"ecg 8 500 {SAMPLES}\n{lines}\n", data))
    limb = {lead: float(record.lead(lead)[0]) for lead in ("III", "aVR", "aVL", "aVF")}
    assert limb == pytest.approx({"III": 0.6, "aVR": -0.7, "aVL": -0.1, "aVF": 0.8})


@pytest.mark.parametrize(
    "name", ["../ecg.dat", "/etc/passwd", "..", "-", "sub/ecg.dat", "..\\ecg.dat", "C:\\ecg.dat"]
)
def test_header_cannot_leave_its_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "ecg.dat").write_bytes(b"\1\0" * SAMPLES)
    folder = tmp_path / "inner"
    folder.mkdir()
    path = save(folder, f"ecg 1 500 {SAMPLES}\n{LINE.replace('ecg.dat', name)}\n")
    with pytest.raises((CorruptFileError, FileMissingError)):
        read_record(path)


BAD_HEADERS: list[tuple[str, type[CardioAlertError]]] = [
    (f"ecg 1 500 {SAMPLES + 1}\n{LINE}\n", CorruptFileError),  # more samples than there are
    (f"ecg 1 500 99999999999999\n{LINE}\n", CorruptFileError),
    (f"ecg 2 500 {SAMPLES}\n{LINE}\n", CorruptFileError),  # more signals than there are
    (f"ecg 999999999 500 {SAMPLES}\n{LINE}\n", CorruptFileError),
    (f"ecg 1 0 {SAMPLES}\n{LINE}\n", InvalidRecordError),
    (f"ecg 1 nan {SAMPLES}\n{LINE}\n", InvalidRecordError),
    (f"ecg 1 -500 {SAMPLES}\n{LINE}\n", InvalidRecordError),
    (f"ecg 1\n{LINE}\n", InvalidRecordError),  # no rate: it must not be guessed
    (f"ecg 1 500 {SAMPLES}\necg.dat 16 0/mV 16 0 0 0 0 II\n", InvalidRecordError),
    (f"ecg 1 500 {SAMPLES}\necg.dat 16\n", InvalidRecordError),
    (f"ecg 1 500 {SAMPLES}\necg.dat 16 1000/mV 16 0 0 0 0 Pleth\n", InvalidRecordError),
    (f"ecg 1 500 {SAMPLES}\necg.dat 16 1000/mmHg 16 0 0 0 0 II\n", InvalidRecordError),
    (f"ecg 1 500 5\n{LINE}\n", InvalidRecordError),  # 10 ms
    (f"ecg 1 500 {SAMPLES}\necg.dat 99 1000/mV 16 0 0 0 0 II\n", UnknownFormatError),
    (f"ecg 3 500 0\n{LINE}\nb{LINE}\n{LINE}\n", CorruptFileError),  # one file in two places
    (f"ecg/3 1 500 {SAMPLES}\n{LINE}\n", UnknownFormatError),
    (f"ecg 1 500 {SAMPLES}\n{LINE.replace(' 16', ' 16x99999999', 1)}\n", CorruptFileError),
    (f"ecg 1 500 0\n{LINE.replace(' 16', ' 16+999999', 1)}\n", InvalidRecordError),
]


@pytest.mark.parametrize(("header", "error"), BAD_HEADERS)
def test_bad_header(header: str, error: type[CardioAlertError], tmp_path: Path) -> None:
    with pytest.raises(error):
        read_record(save(tmp_path, header))


def test_missing_signal_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ecg.hea"
    path.write_text(f"ecg 1 500 {SAMPLES}\n{LINE}\n")
    with pytest.raises(FileMissingError, match=r"ecg\.dat"):
        read_record(path)


def test_signal_file_points_to_its_header(tmp_path: Path) -> None:
    path = save(tmp_path, f"ecg 1 500 {SAMPLES}\n{LINE}\n")
    with pytest.raises(UnknownFormatError) as caught:
        read_record(path.with_suffix(".dat"))
    assert "ecg.hea" in caught.value.hint


def test_header_from_a_stream_says_what_to_do() -> None:
    with pytest.raises(FileMissingError) as caught:
        read_record(f"ecg 1 500 {SAMPLES}\n{LINE}\n".encode())
    assert "beside" in caught.value.hint


@pytest.mark.data
def test_hospital_records_agree_with_the_library(shared_data: Path) -> None:
    paths = sorted((shared_data / "other_hospitals").glob("*.hea"))
    paths += sorted((shared_data / "ludb" / "data").glob("*.hea"))[:10]
    assert len(paths) > 20
    for path in paths:
        ours, peer = read_record(path), wfdb.rdrecord(str(path.with_suffix("")))
        assert [name.lower() for name in ours.leads] == [name.lower() for name in peer.sig_name]
        np.testing.assert_allclose(ours.signal, peer.p_signal.T, atol=1e-6, equal_nan=True)
        assert ours.patient is not None
