"""What is written can be read again, within the resolution of each format."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from cardioalert.domain.patient import Patient, Sex
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.errors import InputError, InvalidRecordError, UnknownFormatError
from cardioalert.formats.registry import FORMATS, kind_of, read_record, write_record
from tests.unit.formats.made_records import RATE, made_record, printed_3x4

MICROVOLT = 1e-3
RESOLUTION = {  # mV; half the step of each format, a little more for float32
    ".csv": 0.051 * MICROVOLT,
    ".hea": 0.501 * MICROVOLT,
    ".dcm": 0.501 * MICROVOLT,
    ".edf": 0.501 * MICROVOLT,
    ".xml": 0.501 * MICROVOLT,
    ".json": 0.0,
}
KEEPS_AGE = (".hea", ".dcm", ".edf", ".json")
KEEPS_SEX = (*KEEPS_AGE, ".xml")


def round_trip(record: ECGRecord, path: Path) -> ECGRecord:
    write_record(record, path)
    return read_record(path)


def test_every_format_is_tried() -> None:
    assert {form.suffixes[0] for form in FORMATS if form.can_write} == set(RESOLUTION)


@pytest.mark.parametrize("suffix", RESOLUTION)
def test_full_record(suffix: str, tmp_path: Path) -> None:
    record = made_record()
    back = round_trip(record, tmp_path / f"ecg{suffix}")
    assert back.leads == STANDARD_LEADS
    assert back.sampling_rate == record.sampling_rate
    assert back.signal.shape == record.signal.shape
    assert np.abs(back.signal - record.signal).max() <= RESOLUTION[suffix]


@pytest.mark.parametrize("suffix", RESOLUTION)
def test_missing_samples_stay_missing(suffix: str, tmp_path: Path) -> None:
    record = printed_3x4()
    back = round_trip(record, tmp_path / f"ecg{suffix}")
    np.testing.assert_array_equal(np.isnan(back.signal), np.isnan(record.signal))
    assert np.nanmax(np.abs(back.signal - record.signal)) <= RESOLUTION[suffix]


@pytest.mark.parametrize("suffix", KEEPS_SEX)
def test_person_and_time_are_kept(suffix: str, tmp_path: Path) -> None:
    back = round_trip(printed_3x4(), tmp_path / f"ecg{suffix}")
    assert back.patient is not None
    assert back.patient.sex is Sex.FEMALE
    assert back.patient.age == (63.0 if suffix in KEEPS_AGE else None)
    assert back.recorded_at == datetime(2026, 3, 4, 5, 6, 7)


@pytest.mark.parametrize("suffix", RESOLUTION)
def test_unknown_person_and_time_stay_unknown(suffix: str, tmp_path: Path) -> None:
    back = round_trip(made_record(), tmp_path / f"ecg{suffix}")
    assert back.patient is None
    assert back.recorded_at is None


@pytest.mark.parametrize("suffix", RESOLUTION)
@pytest.mark.parametrize("rate", [100.0, 257.0, 360.0, 1000.0])
def test_sampling_rate_is_kept(suffix: str, rate: float, tmp_path: Path) -> None:
    record = made_record(seconds=3.3, sampling_rate=rate)
    back = round_trip(record, tmp_path / f"ecg{suffix}")
    assert back.sampling_rate == rate
    assert back.signal.shape == record.signal.shape


@pytest.mark.parametrize("suffix", RESOLUTION)
def test_few_leads(suffix: str, tmp_path: Path) -> None:
    full = made_record()
    two = replace(full, signal=full.signal[[1, 6]], leads=("II", "V1"))
    back = round_trip(two, tmp_path / f"ecg{suffix}")
    assert np.abs(back.lead("II") - two.lead("II")).max() <= RESOLUTION[suffix]
    assert np.abs(back.lead("V1") - two.lead("V1")).max() <= RESOLUTION[suffix]
    assert not back.has(["V2"])


@pytest.mark.parametrize("suffix", [".hea", ".dcm", ".edf"])
def test_voltage_beyond_sixteen_bits_of_microvolts(suffix: str, tmp_path: Path) -> None:
    full = made_record()
    signal = full.signal.copy()
    signal[:, 700:720] *= 100  # 120 mV, as of a shock
    large = replace(full, signal=signal)
    back = round_trip(large, tmp_path / f"ecg{suffix}")
    assert np.abs(back.signal - large.signal).max() <= 2.5 * MICROVOLT


@pytest.mark.parametrize("suffix", RESOLUTION)
def test_the_same_record_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    first, second = tmp_path / f"ecg{suffix}", tmp_path / "again" / f"ecg{suffix}"
    second.parent.mkdir()
    write_record(printed_3x4(), first)
    write_record(printed_3x4(), second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("suffix", RESOLUTION)
def test_kind_is_told_by_content(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"ecg{suffix}"
    write_record(made_record(seconds=1.0), path)
    nameless = tmp_path / "ecg.dat0"
    path.rename(nameless)
    (form,) = (form for form in FORMATS if form.can_write and form.suffixes[0] == suffix)
    assert kind_of(nameless) == form.kind


@pytest.mark.parametrize("suffix", [".csv", ".json", ".xml", ".dcm", ".edf"])
def test_single_files_can_come_from_a_stream(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"ecg{suffix}"
    write_record(made_record(seconds=1.0), path)
    assert read_record(path.read_bytes()).signal.shape == (12, 500)


def test_wfdb_library_reads_what_we_write(tmp_path: Path) -> None:
    record = printed_3x4()
    write_record(record, tmp_path / "ecg.hea")
    peer = wfdb.rdrecord(str(tmp_path / "ecg"))
    assert peer.sig_name == list(record.leads)
    assert peer.fs == record.sampling_rate
    assert peer.base_datetime == record.recorded_at
    np.testing.assert_allclose(
        peer.p_signal.T, record.signal, atol=RESOLUTION[".hea"], equal_nan=True
    )


def test_unknown_ending_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match=r"\.xyz") as caught:
        write_record(made_record(), tmp_path / "ecg.xyz")
    assert ".csv" in caught.value.hint


def test_missing_folder_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_record(made_record(), tmp_path / "nowhere" / "ecg.csv")


def test_wfdb_name_with_a_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecordError, match="my ecg"):
        write_record(made_record(), tmp_path / "my ecg.hea")


PEOPLE = st.none() | st.builds(
    Patient, age=st.none() | st.integers(2, 110), sex=st.none() | st.sampled_from(Sex)
)


@settings(max_examples=40)
@given(
    suffix=st.sampled_from(sorted(RESOLUTION)),
    samples=st.integers(300, 1300),
    patient=PEOPLE,
    seed=st.integers(0, 2**16),
)
def test_any_record(suffix: str, samples: int, patient: Patient | None, seed: int) -> None:
    random = np.random.default_rng(seed)
    signal = random.normal(0, 0.5, size=(12, samples)).astype(np.float32)
    signal[random.random(signal.shape) < 0.1] = np.nan
    signal[:, -1] = 0.25  # aECG drops an empty end
    record = ECGRecord(signal=signal, sampling_rate=RATE, leads=STANDARD_LEADS, patient=patient)
    with tempfile.TemporaryDirectory() as folder:
        back = round_trip(record, Path(folder) / f"ecg{suffix}")
    np.testing.assert_allclose(
        back.signal, signal, atol=RESOLUTION[suffix], rtol=1e-6, equal_nan=True
    )
    if suffix in KEEPS_AGE and patient is not None and patient.age is not None:
        assert back.patient is not None
        assert back.patient.age == patient.age
