"""ST levels, T voltages and the saddle between them, of one lead."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats, median
from cardioalert.measure.preparation import WORKING_RATE

ONSET_WIDTH: Final = 0.012  # s before the QRS that give the reference level
ST_WIDTH: Final = 0.008  # s around a point of the ST segment
J_DELAYS: Final = {"st_j": 0.0, "st_j60": 0.060, "st_j80": 0.080}  # s after the end of the QRS
SMALLEST_T: Final = 0.03  # mV
HALF: Final = 0.5  # of the height of T, where its width is taken
BELOW_TAKEOFF: Final = 0.5  # mV below r', where the base of its triangle is taken
LIMB: Final = 0.02  # s of the limb beside r' that give its slope
LATEST_TAKEOFF: Final = 0.03  # s after J at which r' may still peak
EARLIEST_TAKEOFF: Final = 0.03  # s before J; an earlier peak is R and not r'
SADDLE: Final = 0.05  # mV that T must rise above the trough
MEDIAN_TO_DEVIATION: Final = 1.4826  # of absolute distances from the median, normal noise


def onset_level(signal: Floats, *, qrs_on: float) -> Floats:
    """Return the level just before the QRS, which ST is measured against.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV
    qrs_on : float, samples

    Returns
    -------
    float array, shape (leads, 1), mV
    """
    last = max(1, round(qrs_on))
    first = max(0, last - round(ONSET_WIDTH * WORKING_RATE))
    level: Floats = signal[:, first:last].mean(axis=1, keepdims=True)
    return level


def st_levels(signal: Floats, *, qrs_off: float, t_end: float) -> list[dict[str, float | None]]:
    """Return the level at J, J + 60 ms and J + 80 ms of each lead, mV.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV, zero at the QRS onset
    qrs_off : float, samples
        J point over all leads.
    t_end : float, samples
        NaN when unknown; a point after it belongs to no ST segment.
    """
    half = round(ST_WIDTH * WORKING_RATE / 2)
    levels: list[dict[str, float | None]] = [{} for _ in signal]
    for name, delay in J_DELAYS.items():
        middle = round(qrs_off + delay * WORKING_RATE)
        piece = signal[:, max(0, middle - half) : middle + half + 1]
        here = piece.shape[1] > half and not middle > t_end
        for of_lead, total in zip(levels, piece.sum(axis=1).tolist(), strict=True):
            # The sum is NaN where one of them is.
            of_lead[name] = total / piece.shape[1] if here and not math.isnan(total) else None
    return levels


def st_spreads(
    single: NDArray[np.floating], *, qrs_on: float, qrs_off: float
) -> list[float | None]:
    """Return the deviation of ST at J from beat to beat in each lead, mV; None with one beat.

    Of two or three beats it is the largest distance from their median: one of them may be
    disturbed, and a median of so few does not show it.

    Parameters
    ----------
    single : float array, shape (beats, leads, samples), mV
        NaN where a beat is not shown.
    qrs_on, qrs_off : float, samples
    """
    half = round(ST_WIDTH * WORKING_RATE / 2)
    middle, last = round(qrs_off), max(1, round(qrs_on))
    first = max(0, last - round(ONSET_WIDTH * WORKING_RATE))
    level = single[:, :, first:last].mean(axis=2)
    st = single[:, :, max(0, middle - half) : middle + half + 1].mean(axis=2) - level
    known = ~np.isnan(st)
    st = st[known.any(axis=1)]
    if len(st) > 3 and not np.isnan(st).any():
        apart = np.abs(st - _middle(st))
        spreads: list[float | None] = (MEDIAN_TO_DEVIATION * _middle(apart).astype(float)).tolist()
        return spreads
    return [_spread(values[~np.isnan(values)]) for values in st.T]


def _middle(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the median over the first axis, of values without NaN."""
    ordered, last = np.sort(values, axis=0), len(values) - 1
    middle: NDArray[np.floating] = (ordered[last // 2] + ordered[(last + 1) // 2]) / 2
    return middle


def _spread(values: NDArray[np.floating]) -> float | None:
    """Return how far values lie from their median: the farthest of three, else as usual."""
    if len(values) < 2:
        return None
    apart = np.abs(values - values.dtype.type(median(values)))
    return float(apart.max() if len(values) <= 3 else MEDIAN_TO_DEVIATION * median(apart))


def saddle(signal: Floats, *, qrs_off: float, t_off: float) -> dict[str, float | None]:
    """Return the saddleback shape of ST in one lead: take-off, trough, base of the r' triangle.

    The base is that of the triangle whose sides are the limbs of r', taken half a millivolt below
    its top (Europace 2014;16:1639).

    Parameters
    ----------
    signal : float array, shape (samples,), mV, zero at the QRS onset
    qrs_off : float, samples
        J point over all leads.
    t_off : float, samples
        NaN where no T wave was found.
    """
    names = ("saddle_takeoff", "saddle_trough", "saddle_base")
    absent: dict[str, float | None] = dict.fromkeys(names, 0.0)
    if np.isnan(t_off):
        return dict.fromkeys(names)
    first = max(0, round(qrs_off - EARLIEST_TAKEOFF * WORKING_RATE))
    latest = round(qrs_off + LATEST_TAKEOFF * WORKING_RATE)
    last = round(t_off)
    if latest + 2 >= last or np.isnan(signal[first : last + 1]).any():
        return dict.fromkeys(names)
    top = first + int(np.argmax(signal[first : latest + 1]))
    t_peak = latest + int(np.argmax(signal[latest : last + 1]))
    if not first < top < t_peak - 2 or signal[top] <= 0:
        return absent
    trough = top + int(np.argmin(signal[top:t_peak]))
    rises = signal[t_peak] - signal[trough] >= SADDLE
    if trough < qrs_off or not rises or signal[top] <= signal[trough]:
        return absent
    reach = round(LIMB * WORKING_RATE)
    rise = float(signal[top] - signal[max(0, top - reach)]) / LIMB
    falling = min(reach, trough - top)
    fall = float(signal[top] - signal[top + falling]) / falling * WORKING_RATE
    if min(rise, fall) <= 0:
        return absent
    return {
        "saddle_takeoff": float(signal[top]),
        "saddle_trough": float(signal[trough]),
        "saddle_base": BELOW_TAKEOFF / rise + BELOW_TAKEOFF / fall,
    }


def t_voltages(signal: Floats, *, t_on: float, t_off: float) -> list[dict[str, float | None]]:
    """Return the largest positive and negative T deflection of each lead, mV, and the width of T.

    A deflection that is absent is 0.0.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV, zero at the QRS onset
    t_on, t_off : float, samples
        NaN where no T wave was found in any lead.
    """
    names = ("t_positive", "t_negative", "t_width")
    unknown: list[dict[str, float | None]] = [dict.fromkeys(names) for _ in signal]
    if np.isnan(t_on) or np.isnan(t_off):
        return unknown
    piece = signal[:, round(t_on) : round(t_off) + 1]
    if piece.shape[1] == 0:
        return unknown
    top, bottom = piece.max(axis=1), piece.min(axis=1)  # NaN where one of them is
    larger = np.where(top >= -bottom, top, bottom)
    # Of a T too small to be one, nothing is above the half of infinity.
    size = np.where(np.abs(larger) >= SMALLEST_T, larger, np.inf)
    width = np.count_nonzero(piece / size[:, None] >= HALF, axis=1) / WORKING_RATE
    top = np.where(top >= SMALLEST_T, top, 0.0)
    bottom = np.where(bottom <= -SMALLEST_T, bottom, 0.0)
    found = np.stack([top, bottom, width], axis=1).tolist()
    return [
        none if gap else dict(zip(names, values, strict=True))
        for none, gap, values in zip(unknown, np.isnan(larger), found, strict=True)
    ]
