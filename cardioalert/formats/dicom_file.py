"""DICOM waveforms: 12-lead, general and ambulatory ECG, also ECG leads inside other waveforms.

Read: the original rhythm group (carts add a group of median beats), each channel by its coded
source and never by its place, in the unit the channel names. Written: a 12-lead ECG object with MDC
codes, in microvolts of 16 bits; the same record always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from cardioalert.domain.patient import Patient, Sex
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError, UnknownFormatError
from cardioalert.files import FileContent
from cardioalert.formats.assembling import assemble, patient_of
from cardioalert.formats.leads import lead_codes, lead_of_code, lead_of_label
from cardioalert.formats.sniffing import is_deflated_dicom
from cardioalert.i18n import translate as _
from cardioalert.units import MICROVOLTS_PER_MILLIVOLT, MILLIVOLTS_PER_UNIT

TWELVE_LEAD_ECG: Final = "1.2.840.10008.5.1.4.1.1.9.1.1"
GENERAL_ECG: Final = "1.2.840.10008.5.1.4.1.1.9.1.2"
TWELVE_LEAD_MAX_SAMPLES: Final = 16_384  # per channel, PS3.3 A.34.3
AMBULATORY_ECG: Final = "1.2.840.10008.5.1.4.1.1.9.1.3"
SLOWEST: Final = 200.0  # Hz, of 12-lead and general ECG, PS3.3 A.34.3
UNKNOWN_TIME: Final = datetime(1900, 1, 1)
PADDING: Final = -32768
PADDING_RUN: Final = 10  # samples; a single crossing of zero in all leads is no padding
LARGEST: Final = 32767

_SAMPLE_TYPES: Final = {
    (8, "SB"): "i1",
    (8, "UB"): "u1",
    (16, "SS"): "<i2",
    (16, "US"): "<u2",
    (32, "SL"): "<i4",
    (32, "UL"): "<u4",
}
_YEARS_PER_AGE_UNIT: Final = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_DAYS_PER_YEAR: Final = 365.25


_Answer = TypeVar("_Answer")
MOST_MEANINGS: Final = 1000
_MEANINGS: Final[dict[tuple[Any, ...], Any]] = {}
"""Of sequences of codes, by their bytes."""


# ---- Reading -----------------------------------------------------------------------------------


def read(content: FileContent) -> ECGRecord:
    """Read the rhythm of a waveform object."""
    if is_deflated_dicom(content):
        raise UnknownFormatError(
            _("deflated DICOM is not read"), hint="Export the ECG in Explicit VR Little Endian."
        )
    with _tolerant():
        dataset = pydicom.dcmread(io.BytesIO(content.data), force=True)
        groups = [_parse_group(item) for item in dataset.get("WaveformSequence") or ()]
        rhythms = [group for group in groups if group.leads and not group.is_median_beat]
        if not rhythms:
            raise InvalidRecordError(
                _(
                    "the DICOM object holds {groups} waveform groups, none a rhythm ECG",
                    groups=len(groups),
                )
            )
        rhythm = max(rhythms, key=lambda group: (group.is_original, group.duration))
        recorded_at = _recorded_at(dataset)
        return assemble(
            _channels(rhythm),
            sampling_rate=rhythm.sampling_rate,
            source=content.source("dicom"),
            patient=_patient(dataset, recorded_at),
            recorded_at=recorded_at,
            statements=[
                str(note.get("UnformattedTextValue") or "")
                for note in dataset.get("WaveformAnnotationSequence") or ()
            ],
        )


@contextmanager
def _tolerant() -> Iterator[None]:
    """Keep pydicom quiet about UIDs and dates that vendors write wrongly; we do not use them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Group:
    """One multiplex group: channels recorded together."""

    item: Dataset
    is_original: bool
    is_median_beat: bool
    sampling_rate: float
    samples: int
    leads: dict[int, Lead]  # by channel number

    @property
    def duration(self) -> float:
        """Length in seconds, as the header says."""
        return self.samples / self.sampling_rate if self.sampling_rate > 0 else 0.0


def _parse_group(item: Dataset) -> _Group:
    """Read what a group says about itself."""
    label = str(item.get("MultiplexGroupLabel") or "").upper()
    leads: dict[int, Lead] = {}
    for number, channel in enumerate(item.get("ChannelDefinitionSequence") or ()):
        lead = _lead(channel)
        if lead is not None and lead not in leads.values():
            leads[number] = lead
    return _Group(
        item=item,
        is_original=str(item.get("WaveformOriginality") or "ORIGINAL").upper() == "ORIGINAL",
        is_median_beat="MEDIAN" in label or "AVERAGE" in label,
        sampling_rate=float(item.get("SamplingFrequency") or 0.0),
        samples=int(item.get("NumberOfWaveformSamples") or 0),
        leads=leads,
    )


def _lead(channel: Dataset) -> Lead | None:
    """Name a channel by its source code, else by its texts."""
    return _known(channel, "ChannelSourceSequence", _lead_of_source) or lead_of_label(
        str(channel.get("ChannelLabel") or "")
    )


def _lead_of_source(channel: Dataset) -> Lead | None:
    """Name a channel by the codes of its source."""
    for source in channel.get("ChannelSourceSequence") or ():
        lead = lead_of_code(str(source.get("CodeValue") or ""))
        if lead is not None:
            return lead
        lead = lead_of_label(str(source.get("CodeMeaning") or ""))
        if lead is not None:
            return lead
    return None


def _unit(definition: Dataset) -> str:
    """Return the code of a channel's unit, empty where there is none."""
    units = definition.get("ChannelSensitivityUnitsSequence") or ()
    return str(units[0].get("CodeValue") or "") if units else ""


def _known(channel: Dataset, name: str, read: Callable[[Dataset], _Answer]) -> _Answer:
    """Return what a sequence of codes means; the same bytes are taken apart once.

    Each of twelve channels describes its lead and its unit in a sequence, which takes pydicom half
    of the time of a whole file, and carts write the same bytes into every one.
    """
    raw = channel.get_item(name) if name in channel else None
    value = getattr(raw, "value", None)
    if not isinstance(value, bytes):  # it was taken apart already
        return read(channel)
    key = (
        read,
        getattr(raw, "is_implicit_VR", None),
        getattr(raw, "is_little_endian", None),
        value,
    )
    if key not in _MEANINGS:
        if len(_MEANINGS) >= MOST_MEANINGS:
            _MEANINGS.clear()
        _MEANINGS[key] = read(channel)
    answer: _Answer = _MEANINGS[key]
    return answer


def _channels(group: _Group) -> dict[Lead, NDArray[np.float32]]:
    """Return the leads of a group, mV."""
    raw = _raw(group)
    missing = _missing(raw, group.item)
    channels = {}
    for number, lead in group.leads.items():
        definition = group.item.ChannelDefinitionSequence[number]
        values = _millivolts(raw[:, number], definition)
        values[missing[:, number]] = np.nan
        channels[lead] = values
    return channels


def _raw(group: _Group) -> NDArray[np.integer]:
    """Return the stored numbers, shape (samples, channels); the counts are checked."""
    item = group.item
    packing = (int(item.WaveformBitsAllocated), str(item.WaveformSampleInterpretation))
    if packing not in _SAMPLE_TYPES:
        raise UnknownFormatError(
            _("DICOM waveform samples of {packing} are not read", packing=packing)
        )
    channels = int(item.NumberOfWaveformChannels)
    if channels != len(item.ChannelDefinitionSequence):
        raise CorruptFileError(
            _(
                "the DICOM group announces {channels} channels and describes {described}",
                channels=channels,
                described=len(item.ChannelDefinitionSequence),
            )
        )
    dtype = np.dtype(_SAMPLE_TYPES[packing])
    expected = group.samples * channels * dtype.itemsize
    data = bytes(item.WaveformData)
    if len(data) < expected:
        raise CorruptFileError(
            _(
                "the DICOM waveform has {size} bytes, {samples} samples of {channels} channels "
                "need {expected}",
                size=len(data),
                samples=group.samples,
                channels=channels,
                expected=expected,
            )
        )
    return np.frombuffer(data[:expected], dtype=dtype).reshape(group.samples, channels)


def _missing(raw: NDArray[np.integer], item: Dataset) -> NDArray[np.bool_]:
    """Mark the samples that stand for "no value", shape (samples, channels).

    The smallest number of a signed type never is a voltage. Any other padding value (some carts
    say 0) is a voltage too, so it only counts where all channels hold it for several samples at the
    start or end.
    """
    info = np.iinfo(raw.dtype)
    missing = raw == info.min if info.min < 0 else np.zeros(raw.shape, dtype=bool)
    padding = item.get("WaveformPaddingValue")
    if isinstance(padding, bytes) and len(padding) >= raw.dtype.itemsize:
        value = np.frombuffer(padding[: raw.dtype.itemsize], dtype=raw.dtype)[0]
        recorded = np.flatnonzero((raw != value).any(axis=1))
        first, last = (recorded[0], recorded[-1]) if recorded.size else (len(raw), -1)
        if first >= PADDING_RUN:
            missing[:first] = True
        if len(raw) - 1 - last >= PADDING_RUN:
            missing[last + 1 :] = True
    return missing


def _millivolts(raw: NDArray[np.integer], definition: Dataset) -> NDArray[np.float32]:
    """Convert one channel: number * sensitivity * correction + baseline, in the channel's unit."""
    sensitivity = float(definition.get("ChannelSensitivity") or 0.0)
    correction = definition.get("ChannelSensitivityCorrectionFactor")
    factor = sensitivity * (1.0 if correction is None else float(correction))
    unit = _known(definition, "ChannelSensitivityUnitsSequence", _unit)
    if factor == 0.0 or not np.isfinite(factor):
        raise InvalidRecordError(_("a DICOM channel has the sensitivity {factor:g}", factor=factor))
    if unit not in MILLIVOLTS_PER_UNIT:
        raise InvalidRecordError(
            _("a DICOM channel has the unit {unit!r}, expected uV, mV or V", unit=unit)
        )
    baseline = float(definition.get("ChannelBaseline") or 0.0)
    values = (raw.astype(np.float64) * factor + baseline) * MILLIVOLTS_PER_UNIT[unit]
    return values.astype(np.float32)


def _patient(dataset: Dataset, recorded_at: datetime | None) -> Patient | None:
    """Return age and sex; the age is computed from the birth date where it is not told."""
    age = _age(str(dataset.get("PatientAge") or ""))
    born = _parse_time(str(dataset.get("PatientBirthDate") or ""))
    if age is None and born is not None and recorded_at is not None:
        age = (recorded_at - born).days // _DAYS_PER_YEAR
    return patient_of(age=age, sex=str(dataset.get("PatientSex") or ""))


def _age(text: str) -> float | None:
    """Read an age string such as 042Y or 003M, years."""
    match = re.fullmatch(r"\s*(\d{1,3})([YMWD])\s*", text)
    return float(match[1]) * _YEARS_PER_AGE_UNIT[match[2]] if match else None


def _recorded_at(dataset: Dataset) -> datetime | None:
    """Return when the recording began, on the clock of the cart."""
    at = _parse_time(str(dataset.get("AcquisitionDateTime") or ""))
    if at is not None:
        return None if at == UNKNOWN_TIME else at
    day = str(dataset.get("AcquisitionDate") or dataset.get("ContentDate") or "")
    clock = str(dataset.get("AcquisitionTime") or dataset.get("ContentTime") or "")
    return _parse_time(day + clock.partition(".")[0])


def _parse_time(text: str) -> datetime | None:
    """Read YYYYMMDD[HHMMSS] and ignore fractions and zones."""
    match = re.match(r"\d{14}|\d{8}", text)
    if match is None:
        return None
    try:
        return datetime.strptime(match[0].ljust(14, "0"), "%Y%m%d%H%M%S")
    except ValueError:
        return None


# ---- Writing -----------------------------------------------------------------------------------


def write(record: ECGRecord, path: Path) -> None:
    """Write a 12-lead ECG object, or a general ECG when it is too long for one."""
    dataset = build_dataset(record)
    with path.open("wb") as stream:
        pydicom.dcmwrite(stream, dataset, enforce_file_format=True)


def build_dataset(record: ECGRecord) -> Dataset:
    """Fill the modules of the object (PS3.3 A.34.3 and A.34.4)."""
    fingerprint = hashlib.sha256(
        record.signal.tobytes() + repr((record.sampling_rate, record.leads)).encode()
    ).hexdigest()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    short = record.signal.shape[1] <= TWELVE_LEAD_MAX_SAMPLES
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = TWELVE_LEAD_ECG if short else GENERAL_ECG
    if record.sampling_rate < SLOWEST:
        dataset.SOPClassUID = AMBULATORY_ECG
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[fingerprint, "instance"])
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=[fingerprint, "study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[fingerprint, "series"])
    dataset.Modality = "ECG"
    dataset.Manufacturer = "CardioAlert"
    for name in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyID"):
        setattr(dataset, name, "")
    dataset.ReferringPhysicianName = ""
    dataset.SeriesNumber = 1
    dataset.InstanceNumber = 1
    dataset.PatientSex = ""
    if record.patient is not None:
        _fill_patient(dataset, record.patient)
    _fill_time(dataset, record.recorded_at)
    dataset.AcquisitionContextSequence = []
    dataset.WaveformSequence = [_group_item(record)]
    return dataset


def _fill_patient(dataset: Dataset, patient: Patient) -> None:
    """Tell age and sex, nothing else is known."""
    if patient.sex is not None:
        dataset.PatientSex = "M" if patient.sex is Sex.MALE else "F"
    if patient.age is not None:
        young = patient.age < 2.0
        number, unit = (patient.age * 12, "M") if young else (patient.age, "Y")
        dataset.PatientAge = f"{int(number):03d}{unit}"


def _fill_time(dataset: Dataset, recorded_at: datetime | None) -> None:
    """Tell when it was recorded.

    The standard wants a time where paper has none. It gets one that nobody can take for real, said
    in the description; the study itself stays without a date.
    """
    if recorded_at is None:
        dataset.StudyDate = dataset.StudyTime = ""
        dataset.SeriesDescription = "Time of recording unknown"
        recorded_at = UNKNOWN_TIME
    else:
        dataset.StudyDate = f"{recorded_at:%Y%m%d}"
        dataset.StudyTime = f"{recorded_at:%H%M%S}"
    dataset.ContentDate = f"{recorded_at:%Y%m%d}"
    dataset.ContentTime = f"{recorded_at:%H%M%S}"
    dataset.AcquisitionDateTime = f"{recorded_at:%Y%m%d%H%M%S}"


def _group_item(record: ECGRecord) -> Dataset:
    """Describe the rhythm group with its samples."""
    microvolts = record.signal.astype(np.float64) * MICROVOLTS_PER_MILLIVOLT
    sensitivity = max(1.0, float(np.ceil(np.nanmax(np.abs(microvolts), initial=0.0) / LARGEST)))
    counts = np.where(np.isnan(microvolts), PADDING, np.round(microvolts / sensitivity))
    item = Dataset()
    item.WaveformOriginality = "ORIGINAL"
    item.NumberOfWaveformChannels = len(record.leads)
    item.NumberOfWaveformSamples = record.signal.shape[1]
    item.SamplingFrequency = f"{record.sampling_rate:.12g}"
    item.MultiplexGroupLabel = "RHYTHM"
    item.ChannelDefinitionSequence = [
        _channel_item(lead, sensitivity) for lead in STANDARD_LEADS if lead in record.leads
    ]
    order = [record.leads.index(lead) for lead in STANDARD_LEADS if lead in record.leads]
    item.WaveformBitsAllocated = 16
    item.WaveformSampleInterpretation = "SS"
    item.add_new("WaveformPaddingValue", "OW", np.array(PADDING, dtype="<i2").tobytes())
    item.add_new("WaveformData", "OW", counts[order].T.astype("<i2").tobytes())
    return item


def _channel_item(lead: Lead, sensitivity: float) -> Dataset:
    """Describe one channel."""
    item = Dataset()
    item.ChannelSourceSequence = [_code(lead_codes()[lead].mdc_code, "MDC", f"Lead {lead}")]
    item.ChannelSensitivity = f"{sensitivity:g}"
    item.ChannelSensitivityUnitsSequence = [_code("uV", "UCUM", "microvolt")]
    item.ChannelSensitivityCorrectionFactor = 1
    item.ChannelBaseline = 0
    item.ChannelSampleSkew = 0
    item.WaveformBitsStored = 16
    return item


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    """Write a coded concept."""
    code = Dataset()
    code.CodeValue = value
    code.CodingSchemeDesignator = scheme
    code.CodeMeaning = meaning
    return code
