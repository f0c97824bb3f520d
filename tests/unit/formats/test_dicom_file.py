"""DICOM waveforms: one test for each trap found in real files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from cardioalert.domain.patient import Patient, Sex
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError, UnknownFormatError
from cardioalert.formats.leads import lead_codes, lead_of_label
from cardioalert.formats.registry import read_record, write_record
from tests.unit.formats.made_records import made_record, printed_3x4


def saved(change: Callable[[Dataset], None], tmp_path: Path) -> bytes:
    """A written record with one thing changed."""
    path = tmp_path / "ecg.dcm"
    write_record(made_record(seconds=1.0), path)
    dataset = pydicom.dcmread(path)
    change(dataset)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def group(dataset: Dataset) -> Dataset:
    return dataset.WaveformSequence[0]


def test_real_recording_of_pydicom() -> None:
    record = read_record(str(get_testdata_file("waveform_ecg.dcm", download=False)))
    assert record.leads == STANDARD_LEADS
    assert record.signal.shape == (12, 10_000)
    assert record.sampling_rate == 1000.0
    assert record.patient == Patient(age=42.0, sex=Sex.FEMALE)
    residual = record.lead("I") + record.lead("III") - record.lead("II")
    assert np.abs(residual).max() < 0.0051  # Einthoven's law to the step of the file
    assert 0.5 < np.abs(record.lead("V5")).max() < 3.0  # mV, so the unit is right


def test_written_object_is_what_pydicom_expects(tmp_path: Path) -> None:
    path = tmp_path / "ecg.dcm"
    record = printed_3x4()
    write_record(record, path)
    dataset = pydicom.dcmread(path)
    assert dataset.SOPClassUID.name == "12-lead ECG Waveform Storage"
    assert dataset.PatientAge == "063Y"
    millivolts = dataset.waveform_array(0).T / 1000.0
    read = np.isfinite(record.signal)
    np.testing.assert_allclose(millivolts[read], record.signal[read], atol=5.1e-4)
    meanings = [
        channel.ChannelSourceSequence[0].CodeMeaning
        for channel in group(dataset).ChannelDefinitionSequence
    ]
    assert meanings == [f"Lead {lead}" for lead in STANDARD_LEADS]


@pytest.mark.parametrize("lead", STANDARD_LEADS)
def test_codes_are_those_of_context_group_3001(lead: Lead) -> None:
    known = {code.value: code.meaning for code in codes.CID3001.concepts.values()}
    meaning = known[lead_codes()[lead].mdc_code]
    assert lead_of_label(meaning) is lead
    assert lead_codes()[lead].source


def test_long_record_becomes_a_general_ecg(tmp_path: Path) -> None:
    path = tmp_path / "ecg.dcm"
    write_record(made_record(seconds=60.0), path)
    assert pydicom.dcmread(path).SOPClassUID.name == "General ECG Waveform Storage"
    assert read_record(path).duration == 60.0


def test_leads_are_found_by_code_whatever_their_label_or_place(tmp_path: Path) -> None:
    def shuffle(dataset: Dataset) -> None:
        item = group(dataset)
        item.ChannelDefinitionSequence = list(item.ChannelDefinitionSequence)[::-1]
        raw = np.frombuffer(item.WaveformData, "<i2").reshape(-1, 12)[:, ::-1]
        item.WaveformData = raw.tobytes()
        for channel in item.ChannelDefinitionSequence:
            channel.ChannelSourceSequence[0].CodeMeaning = "Lead V1"
            channel.ChannelLabel = "V6"

    back = read_record(saved(shuffle, tmp_path))
    np.testing.assert_allclose(back.signal, made_record(seconds=1.0).signal, atol=5.1e-4)


@pytest.mark.parametrize(
    ("label", "lead"),
    [
        ("Lead I (Einthoven)", "I"),
        ("aVR, augmented voltage, right", "aVR"),
        ("Lead V6", "V6"),
        ("lead iii", "III"),
        ("ECG AVF", "aVF"),
        ("V7", None),
        ("V10", None),
        ("Vx", None),
        ("MCL1", None),
        ("IV", None),
        ("", None),
    ],
)
def test_labels_of_vendors(label: str, lead: str | None) -> None:
    assert lead_of_label(label) == lead


def test_old_scpecg_codes(tmp_path: Path) -> None:
    def recode(dataset: Dataset) -> None:
        for channel, lead in zip(
            group(dataset).ChannelDefinitionSequence, STANDARD_LEADS, strict=True
        ):
            source = channel.ChannelSourceSequence[0]
            source.CodeValue = f"5.6.3-9-{lead_codes()[lead].scp}"
            source.CodeMeaning = "?"

    assert read_record(saved(recode, tmp_path)).leads == STANDARD_LEADS


def test_median_beats_are_never_taken_for_the_rhythm(tmp_path: Path) -> None:
    def add_median(dataset: Dataset) -> None:
        median = Dataset()
        median.update(group(dataset))
        median.MultiplexGroupLabel = "MEDIAN BEAT"
        median.WaveformOriginality = "DERIVED"
        dataset.WaveformSequence.insert(0, median)
        median.SamplingFrequency = "250"  # longer than the rhythm

    assert read_record(saved(add_median, tmp_path)).sampling_rate == 500.0


def test_only_median_beats_are_no_record(tmp_path: Path) -> None:
    def rename(dataset: Dataset) -> None:
        group(dataset).MultiplexGroupLabel = "MEDIAN BEAT"

    with pytest.raises(InvalidRecordError, match="rhythm"):
        read_record(saved(rename, tmp_path))


def set_all(name: str, value: object) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        for channel in group(dataset).ChannelDefinitionSequence:
            setattr(channel, name, value)

    return change


def set_unit(unit: str) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        for channel in group(dataset).ChannelDefinitionSequence:
            channel.ChannelSensitivityUnitsSequence[0].CodeValue = unit

    return change


@pytest.mark.parametrize(
    ("change", "factor", "shift"),
    [
        (set_unit("mV"), 1000.0, 0.0),
        (set_all("ChannelSensitivity", "0.5"), 0.5, 0.0),
        (set_all("ChannelSensitivityCorrectionFactor", "0.25"), 0.25, 0.0),
        (set_all("ChannelBaseline", "2000"), 1.0, 2.0),
    ],
)
def test_scale_of_channels(
    change: Callable[[Dataset], None], factor: float, shift: float, tmp_path: Path
) -> None:
    def change_small(dataset: Dataset) -> None:
        change(dataset)
        raw = np.frombuffer(group(dataset).WaveformData, "<i2") // 500  # stays plausible in mV
        group(dataset).WaveformData = raw.astype("<i2").tobytes()

    expected = np.round(made_record(seconds=1.0).signal * 1000) // 500 / 1000 * factor + shift
    back = read_record(saved(change_small, tmp_path))
    np.testing.assert_allclose(back.signal, expected, atol=1e-3 * factor)


def test_padding_of_zero_does_not_swallow_true_zeros(tmp_path: Path) -> None:
    def pad(dataset: Dataset) -> None:
        item = group(dataset)
        item.WaveformPaddingValue = b"\0\0"
        raw = np.frombuffer(item.WaveformData, "<i2").reshape(-1, 12).copy()
        raw[100:110, 0] = 0  # true zeros of one lead
        raw[-50:] = 0  # the padding, in all leads
        item.WaveformData = raw.tobytes()

    back = read_record(saved(pad, tmp_path))
    assert (back.signal[0, 100:110] == 0).all()
    assert np.isnan(back.signal[:, -50:]).all()
    assert np.isfinite(back.signal[:, :-50]).all()


def test_other_waveform_classes_are_judged_by_their_channels(tmp_path: Path) -> None:
    def hemodynamic(dataset: Dataset) -> None:
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.9.2.1"
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID

    assert read_record(saved(hemodynamic, tmp_path)).leads == STANDARD_LEADS


@pytest.mark.parametrize(
    ("age", "years"), [("042Y", 42.0), ("006M", 0.5), ("300Y", None), ("old", None)]
)
def test_age(age: str, years: float | None, tmp_path: Path) -> None:
    def change(dataset: Dataset) -> None:
        dataset.add_new("PatientAge", "LO", age)
        dataset.PatientSex = "F"

    patient = read_record(saved(change, tmp_path)).patient
    assert patient == Patient(age=years, sex=Sex.FEMALE)


def test_age_from_the_birth_date(tmp_path: Path) -> None:
    def change(dataset: Dataset) -> None:
        dataset.PatientBirthDate = "19900301"
        dataset.AcquisitionDateTime = "20260228235959.5"

    patient = read_record(saved(change, tmp_path)).patient
    assert patient is not None
    assert patient.age == 35.0


def test_infant_is_told_in_months(tmp_path: Path) -> None:
    full = made_record(seconds=1.0)
    infant = ECGRecord(
        signal=full.signal,
        sampling_rate=500.0,
        leads=full.leads,
        patient=Patient(age=0.5),
    )
    write_record(infant, tmp_path / "ecg.dcm")
    assert pydicom.dcmread(tmp_path / "ecg.dcm").PatientAge == "006M"


def drop(name: str) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        delattr(group(dataset), name)

    return change


def set_group(name: str, value: object) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        setattr(group(dataset), name, value)

    return change


def no_waveform(dataset: Dataset) -> None:
    del dataset.WaveformSequence


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (no_waveform, InvalidRecordError),
        (set_all("ChannelSensitivity", "0"), InvalidRecordError),
        (set_unit("mmHg"), InvalidRecordError),
        (set_group("SamplingFrequency", "0"), InvalidRecordError),
        (drop("SamplingFrequency"), InvalidRecordError),
        (set_group("NumberOfWaveformSamples", 4_000_000_000), CorruptFileError),
        (set_group("NumberOfWaveformSamples", 501), CorruptFileError),
        (set_group("NumberOfWaveformSamples", 3), InvalidRecordError),
        (set_group("NumberOfWaveformChannels", 13), CorruptFileError),
        (set_group("WaveformSampleInterpretation", "MB"), UnknownFormatError),
        (drop("WaveformData"), CorruptFileError),
    ],
)
def test_refusals(
    change: Callable[[Dataset], None], error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        read_record(saved(change, tmp_path))


def test_deflated_object_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    data = saved(lambda _: None, tmp_path).replace(
        b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"
    )
    with pytest.raises(UnknownFormatError, match="deflated"):
        read_record(data)


@pytest.mark.data
def test_one_recording_is_the_same_in_dicom_and_aecg(shared_data: Path) -> None:
    dicom = read_record(shared_data / "interop" / "dicom" / "ecgtoolkit_Example.dcm")
    aecg = read_record(shared_data / "interop" / "aecg" / "hl7_Example_aECG.xml")
    assert dicom.leads == aecg.leads == STANDARD_LEADS
    assert dicom.sampling_rate == aecg.sampling_rate == 500.0
    np.testing.assert_array_equal(dicom.signal, aecg.signal)
    assert dicom.patient == aecg.patient == Patient(age=49.0, sex=Sex.MALE)
    assert dicom.recorded_at == aecg.recorded_at
