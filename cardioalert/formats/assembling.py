"""Build a record from what every digital format gives: labelled channels in millivolts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import OLDEST_AGE, Patient, Sex
from cardioalert.domain.record import CHEST_LEADS, STANDARD_LEADS, ECGRecord, Lead, SourceFile
from cardioalert.errors import InvalidRecordError
from cardioalert.i18n import translate as _

SHORTEST: Final = 0.5  # s; one beat
LONGEST: Final = 7 * 24 * 3600.0  # s; a week of Holter
HIGHEST: Final = 1000.0  # mV; a defibrillator shock, no ECG
ROUNDING: Final = 1e-4  # relative
SWING_SECOND: Final = 1.0  # s; longer than most beats
WIDEST_SWING: Final = (
    4.5  # mV; median lead, median second: 3 of 3,193 hospital ECGs reach it or more
)

_STORED_LEADS: Final = {Lead.I, Lead.II, *CHEST_LEADS}
_SEXES: Final = {"m": Sex.MALE, "male": Sex.MALE, "f": Sex.FEMALE, "female": Sex.FEMALE}


def assemble(
    channels: Mapping[Lead, NDArray[np.floating]],
    *,
    sampling_rate: float,
    source: SourceFile,
    patient: Patient | None = None,
    recorded_at: datetime | None = None,
    statements: Iterable[str] = (),
) -> ECGRecord:
    """Build a record of the leads of one file, in the standard order.

    Carts store eight leads when the other four follow from them; those four are filled in.

    Parameters
    ----------
    channels : mapping from Lead to float array, shape (samples,), mV; all of one length
    sampling_rate : float, Hz

    Raises
    ------
    InvalidRecordError
        There is no ECG lead, or length, rate or voltage cannot be those of an ECG.
    """
    if not channels:
        raise InvalidRecordError(
            _("no channel is one of the leads {names}", names=", ".join(STANDARD_LEADS))
        )
    if not (math.isfinite(sampling_rate) and sampling_rate > 0):
        raise InvalidRecordError(
            _(
                "sampling rate {sampling_rate} Hz is not a positive number",
                sampling_rate=sampling_rate,
            )
        )
    lengths = {len(values) for values in channels.values()}
    if len(lengths) > 1:
        raise InvalidRecordError(
            _("the leads have different lengths: {lengths} samples", lengths=sorted(lengths))
        )
    duration = lengths.pop() / sampling_rate
    if not SHORTEST <= duration <= LONGEST:
        raise InvalidRecordError(
            _(
                "the record lasts {duration:g} s, expected {shortest:g} s to {longest:g} s",
                duration=duration,
                shortest=SHORTEST,
                longest=LONGEST,
            )
        )
    leads = tuple(lead for lead in STANDARD_LEADS if lead in channels)
    signal = np.stack([np.asarray(channels[lead], dtype=np.float32) for lead in leads])
    largest = np.nanmax(np.abs(signal), initial=0.0)
    if largest > HIGHEST:
        raise InvalidRecordError(
            _("a voltage of {largest:g} mV is not that of a heart", largest=largest)
        )
    swing = typical_swing(signal, sampling_rate=sampling_rate)
    if swing > WIDEST_SWING:
        raise InvalidRecordError(
            _(
                "the leads swing by {swing:.1f} mV in a typical second, which hearts do not do: "
                "the gain or the unit of the file is probably wrong",
                swing=swing,
            ),
            hint=_("Export the ECG again, or correct its gain: a wrong gain makes wrong findings."),
        )
    if set(leads) == _STORED_LEADS:
        leads, signal = STANDARD_LEADS, _twelve_of_eight(signal)
    return ECGRecord(
        signal=signal,
        sampling_rate=sampling_rate,
        leads=leads,
        patient=patient,
        recorded_at=recorded_at,
        source=source,
        statements=tuple(text for text in (" ".join(each.split()) for each in statements) if text),
    )


def typical_swing(signal: NDArray[np.floating], *, sampling_rate: float) -> float:
    """Return how far voltages go up and down in a second: median over seconds, then over leads.

    A single lead of high voltage, a pacing spike or a jump of the baseline hardly moves it; a gain
    that is five times wrong moves it five times.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV
    sampling_rate : float, Hz

    Returns
    -------
    float, mV
        0.0 when no lead has a whole second.
    """
    window = max(1, round(SWING_SECOND * sampling_rate))
    samples = signal.shape[1] // window * window
    if samples and np.isfinite(signal).all():
        apart = np.ptp(signal[:, :samples].reshape(len(signal), -1, window), axis=2)
        return float(_middle(_middle(apart)))
    swings = []
    for row in signal:
        values = row[np.isfinite(row)]
        seconds = values[: len(values) // window * window].reshape(-1, window)
        if len(seconds):
            swings.append(float(np.median(np.ptp(seconds, axis=1))))
    return float(np.median(swings)) if swings else 0.0


def _middle(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the median over the last axis, as `np.median` does in four times the time."""
    ordered, last = np.sort(values, axis=-1), values.shape[-1] - 1
    middle: NDArray[np.floating] = (ordered[..., last // 2] + ordered[..., (last + 1) // 2]) / 2
    return middle


def _twelve_of_eight(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Derive III, aVR, aVL and aVF from I and II (Einthoven and Goldberger)."""
    one, two = signal[0], signal[1]
    limb = np.stack([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2])
    return np.concatenate([limb, signal[2:]]).astype(np.float32)


def nearest_whole_rate(rate: float) -> float:
    """Undo the rounding of a sampling rate that a file gives as a duration.

    Parameters
    ----------
    rate : float, Hz

    Examples
    --------
    >>> nearest_whole_rate(499.99999)
    500.0
    """
    if not math.isfinite(rate):
        return rate
    whole = float(round(rate))
    return whole if whole and abs(rate - whole) <= ROUNDING * whole else rate


def patient_of(*, age: float | None, sex: str) -> Patient | None:
    """Describe the person as far as the file can be believed.

    Parameters
    ----------
    age : float, years, optional
        Ages that no person has (a common filler is 300) count as unknown.
    sex : str
        `M`, `Male`, `F`, `female`, ...; anything else counts as unknown.
    """
    if age is not None and not 0 <= age <= OLDEST_AGE:
        age = None
    known_sex = _SEXES.get(sex.strip().lower())
    return None if age is None and known_sex is None else Patient(age=age, sex=known_sex)
