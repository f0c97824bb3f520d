"""Where the waves of a median beat begin and end, by a small network over all its leads.

The network sees each lead around its R peak and, after every stage, the mean of what it makes of
all leads: a T wave that hardly shows in one lead is found with the help of the others, and any
number of leads will do. It answers with a distribution over time for each bound, so that its
doubt is part of the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.networks.sessions import run_network

RATE: Final = 250.0  # Hz
BEFORE, AFTER = 0.48, 0.80  # s around the R peak
SAMPLES: Final = round((BEFORE + AFTER) * RATE)
BOUNDS: Final = ("p_on", "p_off", "qrs_on", "qrs_off", "t_on", "t_off")
WAVES: Final = ("p", "qrs", "t")
QRS_REACH: Final = 0.12  # s around R that give a lead its size
SMALLEST: Final = 0.05  # mV, what a lead measures at least
STEEP: Final = 50.0  # how far slopes much smaller than that of the QRS are lifted

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delineated:
    """The bounds of one beat, as samples of the signal that was given.

    Attributes
    ----------
    place, doubt : float arrays, shape (leads, 6), samples
        Mean and deviation of each bound, in the order of `BOUNDS`.
    shown : float array, shape (leads, 3), 0-1
        Whether a lead shows P, QRS and T.
    place_of_all, doubt_of_all : float arrays, shape (6,), samples
        The same over all leads.
    """

    place: Floats32
    doubt: Floats32
    shown: Floats32
    place_of_all: Floats32
    doubt_of_all: Floats32


def delineate_beat(
    signal: NDArray[np.floating], *, r_index: int, sampling_rate: float
) -> Delineated:
    """Return the bounds of P, QRS and T in each lead and over all leads.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV
        A median beat at 500 Hz, zero near the QRS onset; NaN where nothing is known.
    r_index : int
        Sample of the R peak.
    sampling_rate : float, Hz
        Of the signal; a multiple of 250.

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    step = round(sampling_rate / RATE)
    view = beat_view(signal, r_index=r_index, step=step)
    lead, of_all, shown = run_network_parts(view)
    first = r_index - round(BEFORE * RATE) * step
    return Delineated(
        place=first + step * lead[..., 0],
        doubt=step * lead[..., 1],
        shown=shown,
        place_of_all=first + step * of_all[..., 0],
        doubt_of_all=step * of_all[..., 1],
    )


def run_network_parts(view: Floats32) -> tuple[Floats32, Floats32, Floats32]:
    """Return what the network says of one beat: bounds per lead and of all leads, waves shown."""
    answer = run_network("delineator", beat=view)
    rows = answer.reshape(len(view) + 1, len(BOUNDS) * 2 + len(WAVES))
    bounds = rows[:, : len(BOUNDS) * 2].reshape(-1, len(BOUNDS), 2)
    return bounds[:-1], bounds[-1], rows[:-1, len(BOUNDS) * 2 :]


def beat_view(signal: NDArray[np.floating], *, r_index: int, step: int) -> Floats32:
    """Return a beat as the network reads it, shape (leads, 5, SAMPLES).

    Channels: voltage over the size of the QRS, the same lifted, slope, slope over all leads, and
    whether the lead is known there.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV
        NaN where nothing is known.
    r_index : int
        Sample of the R peak.
    step : int
        Samples of the signal per sample of the network.
    """
    index = r_index + step * (np.arange(SAMPLES) - round(BEFORE * RATE))
    inside = (index >= 0) & (index < signal.shape[1])
    calm = _thinned(signal, np.clip(index, 0, signal.shape[1] - 1), step)
    known = inside[None] & ~np.isnan(calm)
    voltage = np.where(known, calm, 0.0)
    centre, reach = round(BEFORE * RATE), round(QRS_REACH * RATE)
    qrs = slice(centre - reach, centre + reach + 1)
    size = np.maximum(np.ptp(voltage[:, qrs], axis=1, keepdims=True), SMALLEST)
    voltage /= size
    slope = np.zeros_like(voltage)
    slope[:, 2:-2] = voltage[:, 4:] + voltage[:, 3:-1] - voltage[:, 1:-3] - voltage[:, :-4]
    slope[:, 2:-2][~(known[:, 4:] & known[:, :-4])] = 0.0
    steepest = np.maximum(np.abs(slope[:, qrs]).max(axis=1, keepdims=True), 1e-3)
    slope /= steepest
    count = np.maximum(known.sum(axis=0), 1)
    together = np.sqrt((slope**2).sum(axis=0) / count)
    lifted = np.log1p(STEEP * together) / np.log1p(STEEP)
    channels = (
        np.clip(voltage, -2.0, 2.0),
        np.tanh(8.0 * voltage),
        np.tanh(10.0 * slope),
        np.broadcast_to(lifted, voltage.shape),
        known,
    )
    return np.stack(channels, axis=1).astype(np.float32)


def _thinned(signal: NDArray[np.floating], index: NDArray[np.intp], step: int) -> Floats32:
    """Return the signal at some samples, averaged with its neighbours where it is thinned."""
    here = signal[:, index]
    if step < 2:
        return here.astype(np.float32)
    last = signal.shape[1] - 1
    sides = signal[:, np.maximum(index - 1, 0)] + signal[:, np.minimum(index + 1, last)]
    mixed = 0.5 * here + 0.25 * sides
    return np.where(np.isnan(mixed), here, mixed).astype(np.float32)
