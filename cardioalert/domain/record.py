"""The ECG record: the point where paper and digital files meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import Patient
from cardioalert.errors import InvalidRecordError
from cardioalert.i18n import translate as _


class Lead(StrEnum):
    """The twelve standard leads."""

    I = "I"  # noqa: E741 - the lead's own name
    II = "II"
    III = "III"
    AVR = "aVR"
    AVL = "aVL"
    AVF = "aVF"
    V1 = "V1"
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"
    V5 = "V5"
    V6 = "V6"

    __hash__ = str.__hash__
    """Equal to that of the name, and not a call of Python as Enum's: leads are keys everywhere."""


STANDARD_LEADS: Final[tuple[Lead, ...]] = tuple(Lead)
LIMB_LEADS: Final[tuple[Lead, ...]] = STANDARD_LEADS[:6]
CHEST_LEADS: Final[tuple[Lead, ...]] = STANDARD_LEADS[6:]

_SPELLINGS: Final = {lead.value.upper(): lead for lead in Lead}


def parse_lead(name: str) -> Lead:
    """Return the lead a name stands for, whatever its capitals (`AVR`, `aVR`, `avr`).

    Raises
    ------
    InvalidRecordError
        The name is none of the twelve leads.
    """
    try:
        return _SPELLINGS[name.strip().upper()]
    except KeyError:
        known = ", ".join(STANDARD_LEADS)
        raise InvalidRecordError(
            _("{name!r} is not a lead; known are {known}", name=name, known=known)
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """Where a photo or record came from.

    Attributes
    ----------
    path : str
        As the caller gave it; `-` for standard input, empty for arrays.
    sha256 : str
        Of the file's bytes, hexadecimal; empty for arrays.
    kind : str
        `image`, `pdf`, `wfdb`, `csv`, `dicom`, ... or `array`.
    width_px, height_px : int
        Of a picture, after the EXIF orientation was applied; 0 for records.
    """

    path: str = ""
    sha256: str = ""
    kind: str = "array"
    width_px: int = 0
    height_px: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A thin vertical stroke of ink beside a printed curve, as the pulse of a pacemaker leaves it.

    Attributes
    ----------
    lead : Lead
    time : float, seconds
        On the time axis of the record.
    height : float, mV
        Beyond the curve.
    """

    lead: Lead
    time: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ECGRecord:
    """One ECG in physical units. Never changed: make a new one with `dataclasses.replace`.

    Attributes
    ----------
    signal : float32 array, shape (leads, samples), millivolts
        NaN where a lead was not printed or could not be read. Read-only.
    sampling_rate : float, Hz
    leads : tuple of Lead
        One name per row of `signal`, in the same order; names are accepted as text.
    patient : Patient, optional
        What the file says about the person.
    recorded_at : datetime, optional
        When the recording began, as the file says.
    source : SourceFile
    statements : tuple of str
        What the file itself says of the ECG, as written by a cart or a physician. Never evidence
        for our findings: only archives compare the two.
    strokes : tuple of Stroke
        Of a record read from paper: ink that is no part of the curves, in the order of time.
    """

    signal: NDArray[np.float32]
    sampling_rate: float
    leads: tuple[Lead, ...]
    patient: Patient | None = None
    recorded_at: datetime | None = None
    source: SourceFile = SourceFile()
    statements: tuple[str, ...] = ()
    strokes: tuple[Stroke, ...] = ()

    def __post_init__(self) -> None:
        """Check the rules once, here, so that no stage has to check them again."""
        signal = np.array(self.signal, dtype=np.float32)
        leads = tuple(parse_lead(name) for name in self.leads)
        if signal.ndim != 2 or len(signal) != len(leads):
            raise InvalidRecordError(
                _(
                    "signal has shape {shape}, but {leads_count} leads are named",
                    shape=signal.shape,
                    leads_count=len(leads),
                )
            )
        if signal.shape[1] == 0 or not leads:
            raise InvalidRecordError(
                _("signal of shape {shape} holds no sample", shape=signal.shape)
            )
        if len(set(leads)) != len(leads):
            raise InvalidRecordError(_("a lead is named twice in {names}", names=", ".join(leads)))
        if not (np.isfinite(self.sampling_rate) and 1.0 <= self.sampling_rate <= 100_000.0):
            raise InvalidRecordError(
                _(
                    "sampling rate {sampling_rate} Hz is not between 1 and 100,000 Hz",
                    sampling_rate=self.sampling_rate,
                )
            )
        if np.isinf(signal).any():
            raise InvalidRecordError(_("signal holds infinite values"))
        signal.setflags(write=False)
        object.__setattr__(self, "signal", signal)
        object.__setattr__(self, "leads", leads)
        object.__setattr__(self, "sampling_rate", float(self.sampling_rate))

    @property
    def duration(self) -> float:
        """Length of the record in seconds."""
        return float(self.signal.shape[1]) / self.sampling_rate

    def lead(self, name: str) -> NDArray[np.float32]:
        """Return one lead, shape (samples,), mV; raises InvalidRecordError when absent."""
        wanted = parse_lead(name)
        if wanted not in self.leads:
            raise InvalidRecordError(_("lead {wanted} is not in this record", wanted=wanted))
        samples: NDArray[np.float32] = self.signal[self.leads.index(wanted)]
        return samples

    def has(self, names: Iterable[str]) -> bool:
        """Tell whether each named lead has at least one sample that could be read."""
        wanted = {parse_lead(name) for name in names}
        return all(lead in self.leads and np.isfinite(self.lead(lead)).any() for lead in wanted)
