"""WFDB: a text header `.hea` and the signal files that it names, as PhysioNet publishes them.

The header is believed in nothing that can be checked: the signal files must stand beside it under
plain names, and their real length decides how many samples there are. Rare sample formats (8, 310,
311 and FLAC) are left to the library `wfdb`, which is only needed for them.

Header and formats: https://physionet.org/physiotools/wag/header-5.htm and signal-5.htm
"""

from __future__ import annotations

import hashlib
import math
import re
import warnings
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import Patient, Sex
from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.errors import (
    CorruptFileError,
    FileMissingError,
    FileTooLargeError,
    InvalidRecordError,
    UnknownFormatError,
)
from cardioalert.files import MAX_BYTES, FileContent
from cardioalert.formats.assembling import assemble, patient_of
from cardioalert.formats.leads import lead_of_label
from cardioalert.formats.sniffing import decode_text
from cardioalert.formats.wfdb_samples import LIBRARY_FORMATS, SAMPLE_FORMATS, Samples
from cardioalert.i18n import translate as _
from cardioalert.units import MILLIVOLTS_PER_UNIT

GAIN: Final = 1000.0  # steps per mV of the files written here: one microvolt
MISSING: Final = -32768
LARGEST: Final = 32767

_SIGNAL_FORMAT: Final = re.compile(
    r"(?P<format>\d+)(?:x(?P<per_frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?"
)
_GAIN: Final = re.compile(
    r"(?P<gain>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"(?:\((?P<baseline>-?\d+)\))?(?:/(?P<unit>\S+))?"
)
_AGE: Final = re.compile(r"#\s*<?\s*age\s*>?\s*[:=]\s*<?(?P<value>\d+(?:\.\d+)?)", re.IGNORECASE)
_SEX: Final = re.compile(r"#.*?<?\bsex\s*>?\s*[:=]\s*<?(?P<value>male|female|m|f)\b", re.IGNORECASE)


# ---- The header --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signal:
    """One signal line of the header."""

    file: str
    format: str
    per_frame: int
    skew: int
    offset: int  # bytes before the first sample
    gain: float  # steps per unit
    baseline: int  # step of 0 mV
    unit: str
    label: str

    @property
    def lead(self) -> Lead | None:
        """The standard lead, when it is one and is measured in volts."""
        return lead_of_label(self.label) if self.unit in MILLIVOLTS_PER_UNIT else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What a `.hea` file says."""

    sampling_rate: float  # Hz, frames per second
    samples: int  # 0 when not told
    recorded_at: datetime | None
    signals: tuple[_Signal, ...]
    patient: Patient | None
    statements: tuple[str, ...]


def parse_header(text: str) -> _Header:
    """Read a header.

    Raises
    ------
    CorruptFileError, InvalidRecordError, UnknownFormatError
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    comments = [line for line in lines if line.startswith("#")]
    rows = [line for line in lines if not line.startswith("#")]
    if not rows:
        raise CorruptFileError(_("the WFDB header holds no record line"))
    fields = rows[0].split()
    if len(fields) < 2 or not fields[1].isdecimal():
        raise CorruptFileError(_("{rows!r} is no WFDB record line", rows=rows[0]))
    if "/" in fields[0]:
        raise UnknownFormatError(
            _("a WFDB record of several segments is not read, only single ones")
        )
    if len(fields) < 3:
        raise InvalidRecordError(_("the WFDB header tells no sampling rate"))
    count = int(fields[1])
    if count != len(rows) - 1:
        raise CorruptFileError(
            _(
                "the WFDB header announces {count} signals and describes {described}",
                count=count,
                described=len(rows) - 1,
            )
        )
    return _Header(
        sampling_rate=_number(re.split(r"[/(]", fields[2])[0], _("sampling rate")),
        samples=int(_number(fields[3], _("number of samples"))) if len(fields) > 3 else 0,
        recorded_at=_recorded_at(fields[4:6]),
        signals=tuple(_parse_signal(row) for row in rows[1:]),
        patient=_parse_patient(comments),
        statements=_parse_statements(comments),
    )


def _number(text: str, name: str) -> float:
    """Read a number of the header."""
    try:
        return float(text)
    except ValueError:
        raise CorruptFileError(
            _("the WFDB header gives {text!r} as {name}", text=text, name=name)
        ) from None


def _parse_signal(line: str) -> _Signal:
    """Read one signal line."""
    fields = line.split(maxsplit=8)
    packing = _SIGNAL_FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    scale = _GAIN.fullmatch(fields[2]) if len(fields) > 2 else None
    if packing is None:
        raise CorruptFileError(_("{line!r} is no WFDB signal line", line=line))
    if scale is None or float(scale["gain"]) == 0:
        raise InvalidRecordError(
            _("the WFDB signal line {line!r} gives no gain (steps per mV)", line=line)
        )
    zero = int(_number(fields[4], _("zero of the converter"))) if len(fields) > 4 else 0
    return _Signal(
        file=fields[0],
        format=packing["format"],
        per_frame=int(packing["per_frame"] or 1),
        skew=int(packing["skew"] or 0),
        offset=int(packing["offset"] or 0),
        gain=float(scale["gain"]),
        baseline=int(scale["baseline"]) if scale["baseline"] else zero,
        unit=scale["unit"] or "mV",
        label=fields[8] if len(fields) > 8 else "",
    )


def _recorded_at(fields: list[str]) -> datetime | None:
    """Read base time and date; a time without a date says nothing."""
    if len(fields) < 2:
        return None
    try:
        day, month, year = (int(part) for part in fields[1].split("/"))
        return datetime.combine(date(year, month, day), time.fromisoformat(fields[0].zfill(8)))
    except ValueError:
        return None


def _parse_patient(comments: list[str]) -> Patient | None:
    """Find age and sex in the comments, where PhysioNet's databases put them."""
    text = "\n".join(comments)
    age, sex = _AGE.search(text), _SEX.search(text)
    return patient_of(age=float(age["value"]) if age else None, sex=sex["value"] if sex else "")


def _parse_statements(comments: list[str]) -> tuple[str, ...]:
    """Return codes after `Dx:`, as the Challenges write them, or lines after `<diagnoses>:`."""
    lines = [line.lstrip("# ").strip() for line in comments]
    for number, line in enumerate(lines):
        if line.lower().startswith("dx:"):
            return tuple(line[3:].split(","))
        if line.lower().startswith("<diagnoses>"):
            return tuple(lines[number + 1 :])
    return ()


# ---- Reading -----------------------------------------------------------------------------------


def read(content: FileContent) -> ECGRecord:
    """Read a record from its header and the signal files beside it."""
    header = parse_header(decode_text(content.data))
    folder = content.folder
    if folder is None:
        raise FileMissingError(
            _("a WFDB header was given without its folder, so its signal files are missing"),
            hint="Give the path of the .hea file; its signal files must stand beside it.",
        )
    digest = hashlib.sha256(content.data)
    channels: dict[Lead, NDArray[np.float32]] = {}
    rates: set[float] = set()
    for file, group in _signals_by_file(header).items():
        if all(signal.lead is None for signal in group):
            continue
        data = _signal_file(folder, file)
        digest.update(data)
        numbers = _numbers(group, data, Path(content.path))
        for lead, values in _channels(header, group, numbers).items():
            channels.setdefault(lead, values)
        rates |= {header.sampling_rate * s.per_frame for s in group if s.lead is not None}
    if len(rates) > 1:
        raise InvalidRecordError(
            _("the leads have different sampling rates: {rates} Hz", rates=sorted(rates))
        )
    return assemble(
        channels,
        sampling_rate=rates.pop() if rates else header.sampling_rate,
        source=replace(content.source("wfdb"), sha256=digest.hexdigest()),
        patient=header.patient,
        recorded_at=header.recorded_at,
        statements=header.statements,
    )


def _signals_by_file(header: _Header) -> dict[str, tuple[_Signal, ...]]:
    """Group the signals by the file that holds them, side by side."""
    groups: dict[str, tuple[_Signal, ...]] = {}
    for file, signals in groupby(header.signals, key=lambda signal: signal.file):
        if file in groups:
            raise CorruptFileError(
                _("the WFDB header names the signal file {file!r} in two places", file=file)
            )
        groups[file] = tuple(signals)
    return groups


def _signal_file(folder: Path, name: str) -> bytes:
    """Read a signal file that the header names; it must stand beside the header."""
    if name != Path(name).name or name in ("", ".", "..", "-", "~") or "\\" in name or "\0" in name:
        raise CorruptFileError(
            _(
                "the WFDB header names the signal file {name!r}, which is not in its folder",
                name=name,
            )
        )
    path = folder / name
    if not path.is_file():
        raise FileMissingError(
            _("the signal file {path} is missing", path=path),
            hint="Keep the .hea file and the signal files it names in one folder.",
        )
    if path.stat().st_size > MAX_BYTES:
        raise FileTooLargeError(
            _(
                "the signal file {path} is larger than {limit} MB",
                path=path,
                limit=MAX_BYTES // 10**6,
            )
        )
    return path.read_bytes()


def _numbers(group: tuple[_Signal, ...], data: bytes, header_path: Path) -> Samples:
    """Decode a signal file, shape (frames, samples per frame of all its signals)."""
    first = group[0]
    if {(s.format, s.offset) for s in group} != {(first.format, first.offset)}:
        raise CorruptFileError(_("the signals of {file} have different formats", file=first.file))
    per_frame = sum(signal.per_frame for signal in group)
    if not 1 <= per_frame <= len(data):
        raise CorruptFileError(
            _("{file} holds not a single sample of each signal", file=first.file)
        )
    if first.format in SAMPLE_FORMATS:
        numbers = SAMPLE_FORMATS[first.format].decode(data[first.offset :])
    elif first.format in LIBRARY_FORMATS:
        numbers = _decode_with_library(group, header_path)
    else:
        raise UnknownFormatError(_("WFDB sample format {format} is not known", format=first.format))
    return numbers[: len(numbers) // per_frame * per_frame].reshape(-1, per_frame)


def _decode_with_library(group: tuple[_Signal, ...], header_path: Path) -> Samples:
    """Decode a rare format; the file names of the header were checked before."""
    header = parse_header(decode_text(header_path.read_bytes()))
    if {signal.file for signal in header.signals} != {group[0].file}:
        raise UnknownFormatError(
            _(
                "WFDB sample format {format} is read from a single signal file only",
                format=group[0].format,
            )
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the library does with pandas is no concern here
        import wfdb  # noqa: PLC0415 - heavy, and seldom needed

        record = wfdb.rdrecord(
            str(header_path.with_suffix("")), physical=False, smooth_frames=False, return_res=32
        )
    frames = [
        np.asarray(row, dtype=np.int32).reshape(-1, signal.per_frame)
        for row, signal in zip(record.e_d_signal, group, strict=True)
    ]
    return np.concatenate(frames, axis=1).ravel()


def _channels(
    header: _Header, group: tuple[_Signal, ...], numbers: Samples
) -> dict[Lead, NDArray[np.float32]]:
    """Take the leads out of the decoded numbers of one signal file, mV."""
    frames = len(numbers)
    if header.samples > frames:
        raise CorruptFileError(
            _(
                "{file} holds {frames} samples of each signal, the header announces {samples}",
                file=group[0].file,
                frames=frames,
                samples=header.samples,
            )
        )
    frames = header.samples or frames
    channels: dict[Lead, NDArray[np.float32]] = {}
    column = 0
    for signal in group:
        raw = numbers[:frames, column : column + signal.per_frame].reshape(-1)
        column += signal.per_frame
        if signal.lead is not None and signal.lead not in channels:
            channels[signal.lead] = _millivolts(raw, signal)
    return channels


def _millivolts(raw: Samples, signal: _Signal) -> NDArray[np.float32]:
    """Convert the numbers of one signal; late channels are moved back to their time."""
    factor = MILLIVOLTS_PER_UNIT[signal.unit] / signal.gain
    values = ((raw.astype(np.float64) - signal.baseline) * factor).astype(np.float32)
    sample_format = SAMPLE_FORMATS.get(signal.format)
    if sample_format is not None:
        values[raw == sample_format.missing] = np.nan
    if signal.skew:
        tail = np.full(min(signal.skew, len(values)), np.nan, dtype=np.float32)
        values = np.concatenate([values[signal.skew :], tail])
    return values


# ---- Writing -----------------------------------------------------------------------------------


def write(record: ECGRecord, path: Path) -> None:
    """Write `path` (.hea) and the signal file beside it (.dat), in microvolts where they fit."""
    name = path.stem
    if not re.fullmatch(r"[\w-]+", name, re.ASCII):
        raise InvalidRecordError(
            _("{name!r} cannot name a WFDB record: only letters, digits, _ and - can", name=name),
            hint="Choose another file name, such as ecg_1.hea.",
        )
    largest = float(np.nanmax(np.abs(record.signal), initial=0.0))
    gain = GAIN if largest * GAIN <= LARGEST else math.floor(LARGEST / largest)
    if gain < 1:
        raise InvalidRecordError(
            _("a voltage of {largest:g} mV does not fit into 16 bits", largest=largest)
        )
    counts = np.where(np.isnan(record.signal), MISSING, np.round(record.signal * gain))
    counts = counts.astype("<i2")
    path.with_suffix(".dat").write_bytes(np.ascontiguousarray(counts.T).tobytes())
    path.write_text("\n".join(_header_lines(record, name, gain, counts)) + "\n", encoding="ascii")


def _header_lines(
    record: ECGRecord, name: str, gain: float, counts: NDArray[np.int16]
) -> list[str]:
    """Return the lines of a header."""
    first = f"{name} {len(record.leads)} {record.sampling_rate:.15g} {counts.shape[1]}"
    if record.recorded_at is not None:
        first += f" {record.recorded_at:%H:%M:%S %d/%m/%Y}"
    lines = [first]
    for lead, row in zip(record.leads, counts, strict=True):
        checksum = int(row.astype(np.int64).sum()) & 0xFFFF
        checksum -= 0x10000 if checksum > LARGEST else 0
        lines.append(f"{name}.dat 16 {gain:.15g}(0)/mV 16 0 {int(row[0])} {checksum} 0 {lead}")
    if record.patient is not None:
        if record.patient.age is not None:
            lines.append(f"# Age: {record.patient.age:g}")
        if record.patient.sex is not None:
            lines.append(f"# Sex: {'M' if record.patient.sex is Sex.MALE else 'F'}")
    return lines
