"""What every measuring step reads: the record at one sampling rate, without hum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.dsp import (
    Floats,
    Mask,
    band_pass,
    fill_gaps,
    remove_line_noise,
    resample,
    stretches,
)
from cardioalert.measure.pacing import SLOWEST_RATE, bridge_pulses, pacing_pulses

WORKING_RATE: Final = 500.0  # Hz
LOWEST_RATE: Final = 50.0  # Hz; below, the QRS band is not in the record
QRS_BAND: Final = (5.0, 40.0)  # Hz
FLAT: Final = 0.02  # mV peak to peak: less is a flat line
BRIDGED: Final = 0.05  # s; a shorter gap between two stretches is bridged and forgotten
SHORTEST_STRETCH: Final = 0.3  # s; shorter islands between gaps are ignored


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """The usable leads of a record at 500 Hz.

    Attributes
    ----------
    leads : tuple of Lead
        Those with a signal, in the standard order.
    unusable : dict from Lead to reason code
    signal : float array, shape (leads, samples), mV
        Gaps are bridged.
    present : bool array, same shape
        False where the record holds no value.
    fast : float array, same shape
        The QRS band of `signal`, zero in gaps.
    pulses : int array, shape (pulses,), samples
        Where a pacemaker fired; bridged in `signal`.
    """

    leads: tuple[Lead, ...]
    unusable: dict[Lead, str]
    signal: Floats
    present: Mask
    fast: Floats
    pulses: NDArray[np.intp]

    @property
    def samples(self) -> int:
        """Number of samples at 500 Hz."""
        return int(self.signal.shape[1])


def prepare(record: ECGRecord) -> Prepared:
    """Bring a record to the working rate and set aside the leads that hold nothing."""
    unusable = {lead: "absent" for lead in Lead if lead not in record.leads}
    rows, leads = [], []
    reasons = _why_unusable(record)
    for lead in (lead for lead in Lead if lead in record.leads):
        reason = reasons[lead]
        if reason:
            unusable[lead] = reason
        else:
            rows.append(record.leads.index(lead))
            leads.append(lead)
    signal = resample(record.signal[rows], from_rate=record.sampling_rate, to_rate=WORKING_RATE)
    present = ~np.isnan(signal)
    whole = bool(present.all())
    if not whole:
        signal = _bridged(signal)
        present = _without_islands(~np.isnan(signal))
        whole = bool(present.all())
        signal = fill_gaps(np.where(present, signal, np.nan))
    if whole and leads:
        signal = remove_line_noise(signal, sampling_rate=WORKING_RATE)
    pulses = np.zeros(0, dtype=np.intp)
    if record.sampling_rate >= SLOWEST_RATE:
        pulses = pacing_pulses(signal, sampling_rate=WORKING_RATE)
        signal = bridge_pulses(signal, pulses, sampling_rate=WORKING_RATE)
    fast = np.zeros_like(signal)
    if leads and signal.shape[1] > 1:
        fast = band_pass(signal, sampling_rate=WORKING_RATE, low=QRS_BAND[0], high=QRS_BAND[1])
    if not whole:
        fast[~present] = 0.0
    return Prepared(
        leads=tuple(leads),
        unusable=unusable,
        signal=signal,
        present=present,
        fast=fast,
        pulses=pulses,
    )


def _why_unusable(record: ECGRecord) -> dict[Lead, str]:
    """Return why each lead cannot be measured at all, by a reason code; empty where it can."""
    if record.sampling_rate < LOWEST_RATE:
        return dict.fromkeys(record.leads, "sampling-too-low")
    missing = np.isnan(record.signal)
    samples = record.signal.shape[1]
    known = [samples] * len(missing)
    if missing.any():
        known = (samples - np.count_nonzero(missing, axis=1)).tolist()
    height = np.fmax.reduce(record.signal, axis=1) - np.fmin.reduce(record.signal, axis=1)
    reasons = {}
    for lead, count, span in zip(record.leads, known, height.tolist(), strict=True):
        if count == 0:
            reasons[lead] = "absent"
        elif count < SHORTEST_STRETCH * record.sampling_rate:
            reasons[lead] = "too-short"
        else:
            reasons[lead] = "flat" if span < FLAT else ""
    return reasons


def _bridged(signal: Floats) -> Floats:
    """Return the signal with straight lines across gaps too short to hide a wave."""
    missing = np.isnan(signal)
    if not missing.any():
        return signal
    filled = fill_gaps(signal)
    for row, gaps in zip(filled, missing, strict=True):
        for first, last in stretches(gaps):
            inside = first > 0 and last < len(row)
            if not (inside and last - first <= BRIDGED * WORKING_RATE):
                row[first:last] = np.nan
    return filled


def _without_islands(present: Mask) -> Mask:
    """Return the mask without stretches too short to hold a QRS with its surroundings."""
    if present.all():
        return present
    kept = present.copy()
    for row in kept:
        for first, last in stretches(row.copy()):
            if last - first < SHORTEST_STRETCH * WORKING_RATE:
                row[first:last] = False
    return kept
