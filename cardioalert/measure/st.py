"""ST levels and T voltages of one lead."""

from __future__ import annotations

from typing import Final

import numpy as np

from cardioalert.dsp import Floats
from cardioalert.measure.preparation import WORKING_RATE

ONSET_WIDTH: Final = 0.012  # s before the QRS that give the reference level
ST_WIDTH: Final = 0.008  # s around a point of the ST segment
J_DELAYS: Final = {"st_j": 0.0, "st_j60": 0.060, "st_j80": 0.080}  # s after the end of the QRS
SMALLEST_T: Final = 0.03  # mV


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


def st_levels(signal: Floats, *, qrs_off: float, t_end: float) -> dict[str, float | None]:
    """Return the level at J, J + 60 ms and J + 80 ms of one lead, mV.

    Parameters
    ----------
    signal : float array, shape (samples,), mV, zero at the QRS onset
    qrs_off : float, samples
        J point over all leads.
    t_end : float, samples
        NaN when unknown; a point after it belongs to no ST segment.
    """
    half = round(ST_WIDTH * WORKING_RATE / 2)
    levels: dict[str, float | None] = {}
    for name, delay in J_DELAYS.items():
        middle = round(qrs_off + delay * WORKING_RATE)
        piece = signal[max(0, middle - half) : middle + half + 1]
        here = len(piece) > half and not np.isnan(piece).any() and not middle > t_end
        levels[name] = float(piece.mean()) if here else None
    return levels


def t_voltages(signal: Floats, *, t_on: float, t_off: float) -> dict[str, float | None]:
    """Return the largest positive and negative T deflection of one lead, mV; 0.0 where absent.

    Parameters
    ----------
    signal : float array, shape (samples,), mV, zero at the QRS onset
    t_on, t_off : float, samples
        NaN where no T wave was found in any lead.
    """
    if np.isnan(t_on) or np.isnan(t_off):
        return {"t_positive": None, "t_negative": None}
    piece = signal[round(t_on) : round(t_off) + 1]
    if len(piece) == 0 or np.isnan(piece).any():
        return {"t_positive": None, "t_negative": None}
    top, bottom = float(piece.max()), float(piece.min())
    return {
        "t_positive": top if top >= SMALLEST_T else 0.0,
        "t_negative": bottom if bottom <= -SMALLEST_T else 0.0,
    }
