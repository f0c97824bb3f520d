"""EDF and BDF: channels of 16 or 24 bits in records of equal length (Kemp et al. 1992).

Read: the channels labelled as ECG leads (`ECG I`, `V1`, ...), which must share one rate. Written:
plain EDF in microvolts; EDF has no sign for a missing value, so the number -32768 stands for it and
the reserved field of each channel says so (`NaN=-32768`).

https://www.edfplus.info/specs/edf.html and https://www.edfplus.info/specs/edfplus.html
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import Patient, Sex
from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError, UnknownFormatError
from cardioalert.files import FileContent
from cardioalert.formats.assembling import assemble, nearest_whole_rate, patient_of
from cardioalert.formats.leads import lead_of_label
from cardioalert.i18n import translate as _
from cardioalert.units import MICROVOLTS_PER_MILLIVOLT, MILLIVOLTS_PER_UNIT

MISSING: Final = -32768
LARGEST: Final = 32767
MISSING_MARK: Final = f"NaN={MISSING}"
MAX_RECORD_BYTES: Final = 61_440  # recommended by the specification

_HEADER: Final = 256  # bytes, once for the file and once for each signal
_MAX_SIGNALS: Final = 512
_UNKNOWN_START: Final = datetime(1985, 1, 1)
_FIELDS: Final = (  # of each signal: name and width
    ("label", 16),
    ("transducer", 80),
    ("unit", 8),
    ("physical_min", 8),
    ("physical_max", 8),
    ("digital_min", 8),
    ("digital_max", 8),
    ("prefilter", 80),
    ("samples", 8),
    ("reserved", 32),
)
_AGE: Final = re.compile(r"\bage=(\d+(?:\.\d+)?)")
_SEX: Final = re.compile(r"^\S+\s+([MF])\b")
_BIRTH: Final = re.compile(r"\b(\d{2}-[A-Z]{3}-\d{4})\b")
_DAYS_PER_YEAR: Final = 365.25


# ---- Reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signal:
    """What the header says about one signal."""

    label: str
    unit: str
    samples: int  # per data record
    scale: float  # mV per step
    offset: float  # mV at step 0
    has_missing: bool

    @property
    def lead(self) -> Lead | None:
        """The standard lead, when it is one and is measured in volts."""
        return lead_of_label(self.label) if self.unit in MILLIVOLTS_PER_UNIT else None


def read(content: FileContent) -> ECGRecord:
    """Read the ECG leads."""
    data = content.data
    sample_bytes = 3 if data[:1] == b"\xff" else 2
    if data[192:197] == b"EDF+D":
        raise UnknownFormatError(_("EDF+D, a recording with gaps, is not read"))
    count = int(_integer(data[252:256], "number of signals"))
    start = _HEADER * (count + 1)
    if not 1 <= count <= _MAX_SIGNALS or len(data) <= start:
        raise CorruptFileError(
            _("the EDF header announces {count} signals and ends before them", count=count)
        )
    signals = _parse_signals(data[_HEADER:start], count)
    records = _data_records(data, start, signals, sample_bytes)
    duration = _number(data[244:252], _("duration of a data record"))
    rates = {signal.samples / duration for signal in signals if signal.lead} if duration > 0 else {}
    if len(rates) > 1:
        raise InvalidRecordError(
            _("the leads have different sampling rates: {rates} Hz", rates=sorted(rates))
        )
    identification = data[8:88].decode("latin-1")
    recorded_at = _recorded_at(data)
    return assemble(
        _channels(signals, records, sample_bytes),
        sampling_rate=nearest_whole_rate(next(iter(rates), 0.0)),
        source=content.source("edf"),
        patient=_patient(identification, recorded_at),
        recorded_at=recorded_at,
    )


def _number(field: bytes, name: str) -> float:
    """Read a number of the header."""
    try:
        value = float(field.decode("ascii").strip(" \0"))
    except ValueError:
        raise CorruptFileError(
            _("the EDF header gives {field!r} as {name}", field=field, name=name)
        ) from None
    if not math.isfinite(value):
        raise CorruptFileError(_("the EDF header gives {value} as {name}", value=value, name=name))
    return value


def _integer(field: bytes, name: str) -> int:
    """Read a whole number of the header."""
    return int(_number(field, name))


def _parse_signals(header: bytes, count: int) -> tuple[_Signal, ...]:
    """Read the signal descriptions, which stand field by field for all signals."""
    columns: dict[str, list[bytes]] = {}
    position = 0
    for name, width in _FIELDS:
        block = header[position : position + width * count]
        columns[name] = [block[i * width : (i + 1) * width] for i in range(count)]
        position += width * count
    rows = ({name: column[i] for name, column in columns.items()} for i in range(count))
    return tuple(_parse_signal(row) for row in rows)


def _parse_signal(row: dict[str, bytes]) -> _Signal:
    """Read one signal description."""
    label = row["label"].decode("latin-1").strip(" \0")
    unit = row["unit"].decode("latin-1").strip(" \0")
    samples = _integer(row["samples"], f"samples per record of {label}")
    if samples < 1:
        raise CorruptFileError(
            _(
                "the EDF signal {label} has {samples} samples per record",
                label=label,
                samples=samples,
            )
        )
    if unit not in MILLIVOLTS_PER_UNIT or lead_of_label(label) is None:
        return _Signal(
            label=label, unit="", samples=samples, scale=0.0, offset=0.0, has_missing=False
        )
    low, high = (_number(row[f"physical_{end}"], f"{end} of {label}") for end in ("min", "max"))
    first, last = (_number(row[f"digital_{end}"], f"{end} of {label}") for end in ("min", "max"))
    if low == high or first >= last:
        raise InvalidRecordError(
            _(
                "the EDF signal {label} has no gain: {low} to {high} {unit}",
                label=label,
                low=low,
                high=high,
                unit=unit,
            )
        )
    step = (high - low) / (last - first)
    return _Signal(
        label=label,
        unit=unit,
        samples=samples,
        scale=step * MILLIVOLTS_PER_UNIT[unit],
        offset=(low - first * step) * MILLIVOLTS_PER_UNIT[unit],
        has_missing=row["reserved"].decode("latin-1").startswith(MISSING_MARK),
    )


def _data_records(
    data: bytes, start: int, signals: tuple[_Signal, ...], sample_bytes: int
) -> NDArray[np.uint8]:
    """Return the bytes of the data records, shape (records, bytes); as many as there are."""
    size = sum(signal.samples for signal in signals) * sample_bytes
    available = (len(data) - start) // size
    announced = _integer(data[236:244], "number of data records")
    if available < 1 or announced > available:
        raise CorruptFileError(
            _(
                "the EDF header announces {announced} data records, the file holds {available}",
                announced=announced,
                available=available,
            )
        )
    records = announced if announced > 0 else available
    body = np.frombuffer(data, dtype=np.uint8, count=records * size, offset=start)
    return body.reshape(records, size)


def _channels(
    signals: tuple[_Signal, ...], records: NDArray[np.uint8], sample_bytes: int
) -> dict[Lead, NDArray[np.float32]]:
    """Take the leads out of the data records, mV."""
    channels: dict[Lead, NDArray[np.float32]] = {}
    position = 0
    for signal in signals:
        width = signal.samples * sample_bytes
        block = np.ascontiguousarray(records[:, position : position + width])
        position += width
        if signal.lead is None or signal.lead in channels:
            continue
        counts = _counts(block, sample_bytes)
        values = (counts.astype(np.float64) * signal.scale + signal.offset).astype(np.float32)
        if signal.has_missing:
            values[counts == MISSING] = np.nan
        channels[signal.lead] = values
    return channels


def _counts(block: NDArray[np.uint8], sample_bytes: int) -> NDArray[np.integer]:
    """Return little-endian numbers of two or three bytes."""
    if sample_bytes == 2:
        return block.reshape(-1).view("<i2")
    low, middle, high = block.reshape(-1, 3).T.astype(np.int32)
    return np.asarray(low | middle << 8 | (high ^ 0x80) - 0x80 << 16)


def _recorded_at(data: bytes) -> datetime | None:
    """Return when the recording began; the filler date of unknown starts counts as none."""
    recording = data[88:168].decode("latin-1")
    if recording.startswith("Startdate X"):
        return None
    exact = re.match(r"Startdate (\d{2}-[A-Z]{3}-\d{4})", recording)
    clock = data[176:184].decode("latin-1")
    try:
        if exact:
            return datetime.strptime(f"{exact[1]} {clock}", "%d-%b-%Y %H.%M.%S")
        day, month, year = (int(part) for part in data[168:176].decode("latin-1").split("."))
        century = 1900 if year >= 85 else 2000  # the clipping rule of EDF
        at = datetime.strptime(f"{century + year}-{month}-{day} {clock}", "%Y-%m-%d %H.%M.%S")
    except ValueError:
        return None
    return None if at == _UNKNOWN_START else at


def _patient(identification: str, recorded_at: datetime | None) -> Patient | None:
    """Read sex and birth date where EDF+ puts them, and the age where we put it."""
    age = _AGE.search(identification)
    sex = _SEX.search(identification)
    born = _BIRTH.search(identification)
    years = float(age[1]) if age else None
    if years is None and born and recorded_at:
        try:
            years = (recorded_at - datetime.strptime(born[1], "%d-%b-%Y")).days // _DAYS_PER_YEAR
        except ValueError:
            years = None
    return patient_of(age=years, sex=sex[1] if sex else "")


# ---- Writing -----------------------------------------------------------------------------------


def write(record: ECGRecord, path: Path) -> None:
    """Write plain EDF, one microvolt a step where the voltages fit."""
    microvolts = record.signal.astype(np.float64) * MICROVOLTS_PER_MILLIVOLT
    step = max(1, math.ceil(np.nanmax(np.abs(microvolts), initial=0.0) / LARGEST))
    counts = np.where(np.isnan(microvolts), MISSING, np.round(microvolts / step)).astype("<i2")
    samples = counts.shape[1]
    per_record = _samples_per_record(record)
    blocks = counts.reshape(len(record.leads), samples // per_record, per_record)
    body = np.ascontiguousarray(blocks.transpose(1, 0, 2)).tobytes()
    path.write_bytes(
        _file_header(record, per_record) + _signal_headers(record, per_record, step) + body
    )


def _samples_per_record(record: ECGRecord) -> int:
    """Choose the longest data record of the recommended size whose duration is exact."""
    samples: int = record.signal.shape[1]
    largest = MAX_RECORD_BYTES // (2 * len(record.leads))
    for size in range(min(largest, samples), 0, -1):
        seconds = size / record.sampling_rate
        if samples % size == 0 and float(_short(seconds)) == seconds:
            return size
    return samples


def _short(value: float) -> str:
    """Write a number into the eight characters that EDF gives it."""
    for digits in range(8, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 8 and "e" not in text:
            return text
    return f"{value:.1g}"


def _pad(text: str, width: int) -> bytes:
    """Fill a field with spaces."""
    return text[:width].ljust(width).encode("ascii", errors="replace")


def _file_header(record: ECGRecord, per_record: int) -> bytes:
    """Return the first 256 bytes."""
    sex, age = "X", ""
    if record.patient is not None:
        sex = {Sex.MALE: "M", Sex.FEMALE: "F", None: "X"}[record.patient.sex]
        age = "" if record.patient.age is None else f" age={record.patient.age:g}"
    at = record.recorded_at
    day = f"{at:%d-%b-%Y}".upper() if at else "X"
    start = at or _UNKNOWN_START
    return b"".join(
        (
            _pad("0", 8),
            _pad(f"X {sex} X X{age}", 80),
            _pad(f"Startdate {day} X X CardioAlert", 80),
            _pad(f"{start:%d.%m.%y}", 8),
            _pad(f"{start:%H.%M.%S}", 8),
            _pad(str(_HEADER * (len(record.leads) + 1)), 8),
            _pad("", 44),
            _pad(str(record.signal.shape[1] // per_record), 8),
            _pad(_short(per_record / record.sampling_rate), 8),
            _pad(str(len(record.leads)), 4),
        )
    )


def _signal_headers(record: ECGRecord, per_record: int, step: int) -> bytes:
    """Return the 256 bytes of each signal, field by field."""
    values = {
        "transducer": "",
        "unit": "uV",
        "physical_min": str(MISSING * step),
        "physical_max": str(LARGEST * step),
        "digital_min": str(MISSING),
        "digital_max": str(LARGEST),
        "prefilter": "",
        "samples": str(per_record),
        "reserved": MISSING_MARK,
    }
    return b"".join(
        _pad(f"ECG {lead}" if name == "label" else values[name], width)
        for name, width in _FIELDS
        for lead in record.leads
    )
