"""SCP-ECG (EN 1064, ISO 11073-91064): sections of binary tags, Huffman-coded differences.

Read only: the rhythm of section 6, with a subtracted reference beat (sections 4 and 5) put back.
Decimated rhythms ("bimodal compression") are refused, not approximated: what they leave out cannot
be put back sample for sample. Every length in the file is compared with what the file holds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import Patient
from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError, UnknownFormatError
from cardioalert.files import FileContent
from cardioalert.formats.assembling import assemble, nearest_whole_rate, patient_of
from cardioalert.formats.leads import lead_codes
from cardioalert.formats.scp_huffman import HuffmanTables, parse_tables, undo_differences
from cardioalert.i18n import translate as _

RECORD_HEADER: Final = 6  # checksum and length of the record
SECTION_HEADER: Final = 16
MOST_LEADS: Final = 85
MOST_SAMPLES: Final = 20_000_000  # of one lead
NANOVOLTS_PER_MILLIVOLT: Final = 1e6

_POINTER: Final = struct.Struct("<HII")
_TAG: Final = struct.Struct("<BH")
_LEAD: Final = struct.Struct("<IIB")
_SIGNAL_HEADER: Final = struct.Struct("<HHBB")  # nV, us, differences, bimodal
_ZONE: Final = struct.Struct("<HIII")  # beat type, first, fiducial and last sample of a zone
_END_TAG: Final = 255
_YEARS_PER_AGE_UNIT: Final = {1: 1.0, 2: 1 / 12, 3: 7 / 365.25, 4: 1 / 365.25, 5: 1 / 8766}
_SEXES: Final = {1: "male", 2: "female"}


def read(content: FileContent) -> ECGRecord:
    """Read the rhythm."""
    sections = _sections(content.data)
    if 3 not in sections or 6 not in sections:
        raise InvalidRecordError(_("the SCP file holds no rhythm (sections 3 and 6)"))
    leads, is_subtracted = _lead_list(sections[3])
    tables = parse_tables(sections.get(2, b""))
    rhythm = _parse_signal(sections[6], [lead.samples for lead in leads], tables)
    if is_subtracted:
        _put_reference_back(rhythm, sections, tables)
    demographics = _demographics(sections.get(1, b""))
    recorded_at = _recorded_at(demographics)
    return assemble(
        _channels(leads, rhythm),
        sampling_rate=nearest_whole_rate(1.0 / rhythm.step),
        source=content.source("scp"),
        patient=_patient(demographics, recorded_at),
        recorded_at=recorded_at,
    )


def checksum(data: bytes) -> int:
    """Return the CRC-CCITT that SCP writes before a record and each section."""
    value = 0xFFFF
    for byte in data:
        value = _CRC_TABLE[(value >> 8) ^ byte] ^ (value << 8 & 0xFFFF)
    return value


def _crc_row(byte: int) -> int:
    """Return one entry of the CRC table, polynomial 0x1021."""
    value = byte << 8
    for _attempt in range(8):
        value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


_CRC_TABLE: Final = tuple(_crc_row(byte) for byte in range(256))


# ---- Sections ------------------------------------------------------------------------------------


def _sections(data: bytes) -> dict[int, bytes]:
    """Return the content of each section without its header; checksums must hold where given."""
    if len(data) < RECORD_HEADER + SECTION_HEADER:
        raise CorruptFileError(_("an SCP file of {count} bytes holds no section", count=len(data)))
    (length,) = struct.unpack_from("<I", data, 2)
    if length > len(data):
        raise CorruptFileError(
            _(
                "the SCP file announces {length} bytes and has {count}",
                length=length,
                count=len(data),
            )
        )
    pointers = _section(data, at=RECORD_HEADER, number=0)
    sections: dict[int, bytes] = {}
    for number, size, index in _POINTER.iter_unpack(pointers[: len(pointers) // 10 * 10]):
        if number and size > SECTION_HEADER and number not in sections:
            sections[number] = _section(data, at=index - 1, number=number, size=size)
    return sections


def _section(data: bytes, *, at: int, number: int, size: int | None = None) -> bytes:
    """Return one section, checked against its own header."""
    if not 0 <= at <= len(data) - SECTION_HEADER:
        raise CorruptFileError(
            _(
                "section {number} of the SCP file begins outside of it, at {at}",
                number=number,
                at=at,
            )
        )
    crc, own_number, length = struct.unpack_from("<HHI", data, at)
    if own_number != number or not SECTION_HEADER <= length <= len(data) - at:
        raise CorruptFileError(
            _(
                "at {at} the SCP file has section {own_number} of {length} bytes, "
                "expected section {number}",
                at=at,
                own_number=own_number,
                length=length,
                number=number,
            )
        )
    if size is not None and size != length:
        raise CorruptFileError(
            _(
                "SCP section {number} has {length} bytes, its pointer says {size}",
                number=number,
                length=length,
                size=size,
            )
        )
    if crc and crc != checksum(data[at + 2 : at + length]):
        raise CorruptFileError(_("the checksum of SCP section {number} is wrong", number=number))
    return data[at + SECTION_HEADER : at + length]


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredLead:
    """One lead of section 3."""

    code: int
    samples: int


def _lead_list(section: bytes) -> tuple[list[_StoredLead], bool]:
    """Return the leads, and whether a reference beat was subtracted."""
    count, flags = _unpack("<BB", section, 0)
    if not 0 < count <= MOST_LEADS:
        raise CorruptFileError(_("the SCP file announces {count} leads", count=count))
    leads = []
    for number in range(count):
        first, last, code = _unpack(_LEAD.format, section, 2 + number * _LEAD.size)
        samples = last - first + 1
        if not 0 < samples <= MOST_SAMPLES:
            raise CorruptFileError(
                _("an SCP lead lasts from sample {first} to {last}", first=first, last=last)
            )
        leads.append(_StoredLead(code=code, samples=samples))
    return leads, bool(flags & 1)


def _unpack(form: str, data: bytes, at: int) -> tuple[int, ...]:
    """Unpack numbers that must be there."""
    try:
        return struct.unpack_from(form, data, at)
    except struct.error as error:
        raise CorruptFileError(_("an SCP section ends too early: {error}", error=error)) from error


# ---- Signals -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Signal:
    """Sections 5 and 6: whole numbers with one step of voltage and of time."""

    nanovolts: int
    step: float  # s
    rows: list[NDArray[np.int64]]


def _parse_signal(section: bytes, lengths: list[int], tables: HuffmanTables | None) -> _Signal:
    """Unpack the leads of section 5 or 6.

    Parameters
    ----------
    section : bytes
    lengths : list of int
        The samples of each lead.
    tables : HuffmanTables, optional
        None when the samples are plain 16-bit numbers.
    """
    nanovolts, microseconds, order, bimodal = _unpack(_SIGNAL_HEADER.format, section, 0)
    if not (nanovolts and microseconds):
        raise InvalidRecordError(
            _(
                "an SCP signal has steps of {nanovolts} nV, {microseconds} us",
                nanovolts=nanovolts,
                microseconds=microseconds,
            )
        )
    if bimodal:
        raise UnknownFormatError(
            _("SCP with bimodal compression is not read: samples between the beats were left out"),
            hint="Export the ECG from the cart without high compression, or as DICOM or aECG.",
        )
    at = _SIGNAL_HEADER.size
    sizes = _unpack(f"<{len(lengths)}H", section, at)
    at += 2 * len(lengths)
    rows = []
    for size, samples in zip(sizes, lengths, strict=True):
        packed = section[at : at + size]
        if len(packed) < size:
            raise CorruptFileError(
                _(
                    "an SCP lead announces {size} bytes and has {count}",
                    size=size,
                    count=len(packed),
                )
            )
        rows.append(undo_differences(_numbers(packed, samples, tables), order=order))
        at += size
    return _Signal(nanovolts=nanovolts, step=microseconds * 1e-6, rows=rows)


def _numbers(packed: bytes, samples: int, tables: HuffmanTables | None) -> NDArray[np.int64]:
    """Return the stored numbers of one lead."""
    if tables is not None:
        return tables.decode(packed, samples)
    if len(packed) < 2 * samples:
        raise CorruptFileError(
            _(
                "an SCP lead has {count} bytes for {samples} samples",
                count=len(packed),
                samples=samples,
            )
        )
    return np.frombuffer(packed[: 2 * samples], dtype="<i2").astype(np.int64)


def _put_reference_back(
    rhythm: _Signal, sections: dict[int, bytes], tables: HuffmanTables | None
) -> None:
    """Add the reference beat to each zone from which it was subtracted."""
    if 4 not in sections or 5 not in sections:
        raise CorruptFileError(_("the SCP file subtracts a reference beat that it does not hold"))
    milliseconds, fiducial, beats = _unpack("<HHH", sections[4], 0)
    _nanovolts, microseconds, _a, _b = _unpack(_SIGNAL_HEADER.format, sections[5], 0)
    length = milliseconds * 1000 // microseconds if microseconds else 0
    if not 0 < length <= MOST_SAMPLES:
        raise CorruptFileError(_("the SCP reference beat has {length} samples", length=length))
    reference = _parse_signal(sections[5], [length] * len(rhythm.rows), tables)
    if reference.step != rhythm.step:
        raise UnknownFormatError(
            _("the SCP reference beat has another sampling rate than the rhythm")
        )
    scale = reference.nanovolts / rhythm.nanovolts
    for number in range(beats):
        kind, first, centre, last = _unpack(_ZONE.format, sections[4], 6 + number * _ZONE.size)
        if kind != 0:
            continue
        for row, beat in zip(rhythm.rows, reference.rows, strict=True):
            _add_beat(row, beat * scale, first=first, last=last, shift=centre - fiducial)


def _add_beat(
    row: NDArray[np.int64], beat: NDArray[np.floating], *, first: int, last: int, shift: int
) -> None:
    """Add a beat whose first sample lies at sample `shift` + 1 of a row; samples count from 1."""
    start = max(first - 1, shift, 0)
    end = min(last, shift + len(beat), len(row))
    if start < end:
        row[start:end] += np.round(beat[start - shift : end - shift]).astype(np.int64)


def _channels(leads: list[_StoredLead], rhythm: _Signal) -> dict[Lead, NDArray[np.floating]]:
    """Return the standard leads, mV."""
    by_code = {int(row.scp): lead for lead, row in lead_codes().items()}
    step = rhythm.nanovolts / NANOVOLTS_PER_MILLIVOLT
    channels: dict[Lead, NDArray[np.floating]] = {}
    for stored, row in zip(leads, rhythm.rows, strict=True):
        lead = by_code.get(stored.code)
        if lead is not None and lead not in channels:
            channels[lead] = row * step
    return channels


# ---- The person ----------------------------------------------------------------------------------


def _demographics(section: bytes) -> dict[int, bytes]:
    """Return the tags of section 1."""
    tags: dict[int, bytes] = {}
    at = 0
    while at + _TAG.size <= len(section):
        tag, length = _TAG.unpack_from(section, at)
        if tag == _END_TAG:
            break
        tags.setdefault(tag, section[at + _TAG.size : at + _TAG.size + length])
        at += _TAG.size + length
    return tags


def _recorded_at(tags: dict[int, bytes]) -> datetime | None:
    """Return when the recording began."""
    day = _date(tags.get(25, b""))
    clock = tags.get(26, b"")
    if day is None or len(clock) < 3 or clock[0] > 23 or clock[1] > 59 or clock[2] > 59:
        return None
    return day + timedelta(hours=clock[0], minutes=clock[1], seconds=clock[2])


def _date(data: bytes) -> datetime | None:
    """Read a date: year of 16 bits, month, day."""
    if len(data) < 4:
        return None
    try:
        return datetime(*struct.unpack_from("<HBB", data))
    except ValueError:
        return None


def _patient(tags: dict[int, bytes], recorded_at: datetime | None) -> Patient | None:
    """Return age and sex."""
    age: float | None = None
    told, born = tags.get(4, b""), _date(tags.get(5, b""))
    if len(told) >= 3 and told[2] in _YEARS_PER_AGE_UNIT:
        age = struct.unpack_from("<H", told)[0] * _YEARS_PER_AGE_UNIT[told[2]]
    elif born is not None and recorded_at is not None:
        age = (recorded_at - born).days // 365.25
    sex = tags.get(8, b"")[:1]
    return patient_of(age=age, sex=_SEXES.get(sex[0], "") if sex else "")
