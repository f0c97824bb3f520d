"""Pulses of a pacemaker: found in fast digital records, and bridged so that they are no wave.

A pulse jumps within one sample out of a quiet line, in several leads at once, and falls back; a QRS
gathers speed. Most pulses last less than 0.5 ms: that none was seen does not mean "not paced".
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats

SLOWEST_RATE: Final = 400.0  # Hz; slower records smear a pulse into a wave
SMALLEST_JUMP: Final = 0.1  # mV from one sample to the next
QUIET_BEFORE: Final = 0.012  # s
STANDS_OUT: Final = 6.0  # times the largest jump of the quiet line
LEADS_SHARE: Final = 0.25  # of the leads that must jump together
RETURN_AFTER: Final = 0.018  # s
RETURN: Final = 0.5  # of the jump that must be gone by then, in half of the leads that jump
FEWEST_PULSES: Final = 3  # fewer are artefacts


def pacing_pulses(signal: Floats, *, sampling_rate: float) -> NDArray[np.intp]:
    """Return the samples at which pulses begin, none if there are fewer than three.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV
    sampling_rate : float, Hz
    """
    nothing = np.zeros(0, dtype=np.intp)
    back = round(RETURN_AFTER * sampling_rate)
    quiet = round(QUIET_BEFORE * sampling_rate)
    samples = signal.shape[1]
    if samples < 2 * (back + quiet):
        return nothing
    jump = np.diff(signal, axis=1)
    size = np.abs(jump)
    # Most samples are quickly out of the question; only the others are looked at closely.
    needed = max(1 if len(signal) == 1 else 2, LEADS_SHARE * len(signal))
    leads = (size >= SMALLEST_JUMP).sum(axis=0, dtype=np.uint8)  # adding bytes is quick
    loud = np.flatnonzero(leads >= needed)
    loud = loud[(loud >= quiet) & (loud < samples - back - 1)]
    before = size[:, loud[:, None] - np.arange(1, quiet + 1)].max(axis=2, initial=0.0)
    height = size[:, loud]
    jumps = (height >= SMALLEST_JUMP) & (height >= STANDS_OUT * before)
    left = np.abs(signal[:, loud + back] - signal[:, loud])
    returned = (jumps & (left <= RETURN * height)).sum(axis=0)
    together = jumps.sum(axis=0)
    found: list[int] = []
    for k in loud[(together >= needed) & (returned >= 0.5 * together)].tolist():
        if not found or k + 1 - found[-1] > back:
            found.append(k + 1)
    return np.array(found, dtype=np.intp) if len(found) >= FEWEST_PULSES else nothing


def bridge_pulses(signal: Floats, pulses: NDArray[np.intp], *, sampling_rate: float) -> Floats:
    """Return the signal with straight lines across the pulses."""
    if len(pulses) == 0:
        return signal
    bridged = signal.copy()
    length = round(RETURN_AFTER * sampling_rate)
    for pulse in pulses:
        first, last = pulse - 1, min(pulse + length, signal.shape[1] - 1)
        part = np.linspace(0.0, 1.0, last - first + 1)
        bridged[:, first : last + 1] = (
            signal[:, first : first + 1] * (1 - part) + signal[:, last : last + 1] * part
        )
    return bridged
