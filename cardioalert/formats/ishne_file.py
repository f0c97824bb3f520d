"""ISHNE Holter (Badilini 1998): a header of fixed places, then interleaved numbers of 16 bits.

Read only. The stored counts are not believed: the length of the file decides.
Facts: http://thew-project.org/papers/Badilini.ISHNE.Holter.Standard.pdf
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import Patient
from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError
from cardioalert.files import FileContent
from cardioalert.formats.assembling import assemble, patient_of
from cardioalert.i18n import translate as _

MAGIC: Final = b"ISHNE1.0"
HEADER: Final = 522  # bytes, with magic and checksum
MOST_LEADS: Final = 12
NANOVOLTS_PER_MILLIVOLT: Final = 1e6

_LEADS_BY_CODE: Final = {
    5: Lead.I, 6: Lead.II, 7: Lead.III, 8: Lead.AVR, 9: Lead.AVL, 10: Lead.AVF,
    11: Lead.V1, 12: Lead.V2, 13: Lead.V3, 14: Lead.V4, 15: Lead.V5, 16: Lead.V6,
}  # fmt: skip
_SEXES: Final = {1: "male", 2: "female"}


def read(content: FileContent) -> ECGRecord:
    """Read the leads that have standard names."""
    data = content.data
    if len(data) < HEADER:
        raise CorruptFileError(
            _("an ISHNE file of {count} bytes has no whole header", count=len(data))
        )
    (start,) = struct.unpack_from("<i", data, 22)
    (count,) = struct.unpack_from("<h", data, 156)
    (rate,) = struct.unpack_from("<h", data, 272)
    if not HEADER <= start < len(data) or not 0 < count <= MOST_LEADS:
        raise CorruptFileError(
            _("the ISHNE header gives {count} leads from byte {start}", count=count, start=start)
        )
    codes = struct.unpack_from("<12h", data, 158)[:count]
    resolutions = struct.unpack_from("<12h", data, 206)[:count]
    samples = (len(data) - start) // (2 * count)
    numbers = np.frombuffer(data, dtype="<i2", count=samples * count, offset=start)
    rows = numbers.reshape(samples, count)
    recorded_at = _time(data)
    return assemble(
        _channels(rows, codes, resolutions),
        sampling_rate=float(rate),
        source=content.source("ishne"),
        patient=_patient(data, recorded_at),
        recorded_at=recorded_at,
    )


def _channels(
    rows: NDArray[np.int16], codes: tuple[int, ...], resolutions: tuple[int, ...]
) -> dict[Lead, NDArray[np.float32]]:
    """Return the standard leads, mV."""
    channels: dict[Lead, NDArray[np.float32]] = {}
    for number, (code, nanovolts) in enumerate(zip(codes, resolutions, strict=True)):
        lead = _LEADS_BY_CODE.get(code)
        if lead is None or lead in channels:
            continue
        if nanovolts <= 0:
            raise InvalidRecordError(
                _("an ISHNE lead has a resolution of {nanovolts} nV", nanovolts=nanovolts)
            )
        channels[lead] = (rows[:, number] * (nanovolts / NANOVOLTS_PER_MILLIVOLT)).astype(
            np.float32
        )
    if not channels:
        raise InvalidRecordError(
            _("the ISHNE file names its leads {codes}, none a standard lead", codes=codes),
            hint="Holter leads such as X, Y, Z or 'bipolar' cannot be read as a 12-lead ECG.",
        )
    return channels


def _time(data: bytes) -> datetime | None:
    """Return when the recording began: day, month, year; hour, minute, second."""
    day, month, year = struct.unpack_from("<3h", data, 138)
    hour, minute, second = struct.unpack_from("<3h", data, 150)
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _patient(data: bytes, recorded_at: datetime | None) -> Patient | None:
    """Return age and sex."""
    (sex,) = struct.unpack_from("<h", data, 128)
    day, month, year = struct.unpack_from("<3h", data, 132)
    age: float | None = None
    try:
        born = datetime(year, month, day)
    except ValueError:
        born = None
    if born is not None and recorded_at is not None:
        age = (recorded_at - born) / timedelta(days=1) // 365.25
    return patient_of(age=age, sex=_SEXES.get(sex, ""))
