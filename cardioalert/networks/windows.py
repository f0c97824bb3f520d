"""Cut a record into the pieces a network looks at."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

WINDOW: Final = 250  # samples at 100 Hz
STRIDE: Final = 125
WHOLE: Final = 1000
MOST_WINDOWS: Final = 15  # of a long record; they are spread over it
COLUMNS: Final = 4


def strided_windows(signal: NDArray[Any], present: NDArray[Any]) -> NDArray[np.float32]:
    """Return overlapping windows of all leads at the same time.

    Parameters
    ----------
    signal, present : arrays, shape (12, samples)

    Returns
    -------
    float32 array, shape (windows, 24, WINDOW)
        Twelve leads, then twelve masks.
    """
    both = _together(signal, present)
    if both.shape[1] < WINDOW:
        both = np.pad(both, ((0, 0), (0, WINDOW - both.shape[1])))
    last = both.shape[1] - WINDOW
    starts = np.arange(0, last + 1, STRIDE)
    if len(starts) > MOST_WINDOWS:
        starts = np.linspace(0, last, MOST_WINDOWS).astype(np.intp)
    return np.stack([both[:, start : start + WINDOW] for start in starts])


def stacked_windows(signal: NDArray[Any], present: NDArray[Any]) -> NDArray[np.float32]:
    """Return windows in which every lead begins where it begins on the page.

    The columns of a page stand beside each other, so that their leads are not simultaneous. A lead
    printed longer than the others (a rhythm strip) moves on from window to window while the others
    stay.

    Returns
    -------
    float32 array, shape (windows, 24, WINDOW)
    """
    leads = len(signal)
    both = _together(signal, present)
    spans = [_span(here) for here in np.asarray(present, bool)]
    longest = max(last - first for first, last in spans)
    count = int(np.clip(1 + (longest - WINDOW) // STRIDE, 1, MOST_WINDOWS))
    stacked = np.zeros((count, 2 * leads, WINDOW), np.float32)
    for lead, (first, last) in enumerate(spans):
        rows = [lead, leads + lead]
        spare = max(last - first - WINDOW, 0)
        width = min(last - first, WINDOW)
        for place in range(count):
            share = place / (count - 1) if count > 1 else 0.5
            start = first + round(spare * share)
            stacked[place, rows, :width] = both[rows, start : start + width]
    return stacked


def middle_stack(signal: NDArray[Any], present: NDArray[Any]) -> NDArray[np.float32]:
    """Return the one stacked window that takes the middle of every lead, shape (1, 24, WINDOW)."""
    windows = stacked_windows(signal, present)
    middle: NDArray[np.float32] = windows[len(windows) // 2][None]
    return middle


def whole_record(signal: NDArray[Any], present: NDArray[Any]) -> NDArray[np.float32]:
    """Return the first 10 s on the record's own clock, shape (1, 24, WHOLE)."""
    both = _together(signal, present)[:, :WHOLE]
    whole: NDArray[np.float32] = np.pad(both, ((0, 0), (0, WHOLE - both.shape[1])))[None]
    return whole


def page_view(present: NDArray[Any]) -> NDArray[np.bool_]:
    """Return what a 3x4 page with a strip of lead II shows of records, (..., 12, samples)."""
    samples = present.shape[-1]
    column = np.arange(samples) * COLUMNS // samples
    shown = column[None, :] == (np.arange(12) // 3)[:, None]
    shown[1] = True
    view: NDArray[np.bool_] = np.asarray(present, bool) & shown
    return view


def _together(signal: NDArray[Any], present: NDArray[Any]) -> NDArray[np.float32]:
    """Put masks under leads, and zero where nothing is shown."""
    return np.concatenate([signal * present, present]).astype(np.float32)


def _span(here: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first and the past-the-last sample of a lead; (0, 0) where it is not shown."""
    shown = np.flatnonzero(here)
    return (0, 0) if len(shown) == 0 else (int(shown[0]), int(shown[-1]) + 1)
