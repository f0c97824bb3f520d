"""Bring a record into the form the interpretation networks know."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats, Mask, butterworth, fill_gaps, resample, stretches

RATE: Final = 100.0  # Hz
HIGH_PASS: Final = 0.5  # Hz; what is slower is the baseline
SHORTEST_STRETCH: Final = 50  # samples at RATE; shorter pieces of trace tell nothing
LONGEST_GAP: Final = 20  # samples at RATE that are bridged by a straight line
PADDING: Final = 100  # samples at RATE


def prepare_signal(
    signal: NDArray[np.floating], sampling_rate: float
) -> tuple[NDArray[np.float32], Mask]:
    """Return a signal at 100 Hz without its baseline, and where there is any.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV
        NaN where nothing was recorded or read.
    sampling_rate : float, Hz

    Returns
    -------
    float32 array, shape (leads, samples at 100 Hz), mV
        Zero where there is no signal.
    bool array, same shape
        True where there is. Gaps of up to 0.2 s are bridged; pieces under 0.5 s are dropped.
    """
    return without_gaps_and_baseline(resample(signal, from_rate=sampling_rate, to_rate=RATE))


def without_gaps_and_baseline(slow: Floats) -> tuple[NDArray[np.float32], Mask]:
    """Return a signal at 100 Hz as `prepare_signal` does."""
    present = ~np.isnan(slow)
    filled = fill_gaps(slow)
    prepared = np.zeros(slow.shape, np.float32)
    if present.all():
        return _without_baseline(filled).astype(np.float32), present
    for row, here in enumerate(present):
        _bridge(here)
        for first, last in stretches(here.copy()):
            if last - first < SHORTEST_STRETCH:
                here[first:last] = False
            else:
                prepared[row, first:last] = _without_baseline(filled[row : row + 1, first:last])
    return prepared, present


def _bridge(here: Mask) -> None:
    """Close short gaps inside a lead, in place."""
    for first, last in stretches(~here):
        if first > 0 and last < len(here) and last - first <= LONGEST_GAP:
            here[first:last] = True


def _without_baseline(signal: Floats) -> Floats:
    """High-pass some leads forwards and backwards, so that no wave moves."""
    padding = min(PADDING, signal.shape[-1] - 1)
    return butterworth(1, HIGH_PASS, "highpass", RATE).both_ways(signal, padding=padding)
