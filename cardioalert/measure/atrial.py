"""Waves like P that are not followed by a QRS: blocked P waves, or flutter.

The P wave of the median beat is looked for again between the end of T and the next P, in all leads
at once. One that comes back within the cycle length of flutter is no P wave at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from cardioalert.dsp import Floats
from cardioalert.measure.averaging import Average
from cardioalert.measure.limbs import WaveBounds
from cardioalert.measure.preparation import WORKING_RATE

MARGIN: Final = 0.02  # s around P that belong to the template
ALIKE: Final = 0.85  # correlation over all leads
SMALLEST_GAIN, LARGEST_GAIN = 0.6, 1.7  # size against the P of the median beat
NEAREST: Final = 0.15  # s before P; closer is P itself
LONGEST_FLUTTER: Final = 0.28  # s, 215 cycles per minute
FLUTTER_SHARE: Final = 0.4  # of the pauses with room for a cycle that show one
MOST_PAUSES: Final = 200  # of a long record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExtraWaves:
    """Waves like P between T and the next P.

    Attributes
    ----------
    onsets : float array, shape (waves,), samples
    flutter_cycle : float, optional, seconds
        From such a wave to the next P, where most pauses show one so close.
    """

    onsets: Floats
    flutter_cycle: float | None


def extra_waves(
    levelled: Floats, average: Average, *, p: WaveBounds, t_end: float, r: Floats
) -> ExtraWaves:
    """Look for the P wave of a median beat where no QRS follows.

    Parameters
    ----------
    levelled : float array, shape (leads, samples), mV
        The record; NaN in gaps.
    average : Average
        Of the dominant beats.
    p : WaveBounds
        In the median beat.
    t_end : float, samples of the median beat
    r : float array, shape (beats,), samples
        All beats of the record.
    """
    first = max(0, round(p.first - MARGIN * WORKING_RATE))
    template = average.signal[:, first : round(p.last + MARGIN * WORKING_RATE)]
    pauses = []
    for one, following in list(pairwise(r))[:MOST_PAUSES]:
        start = int(one + t_end - average.r_index)
        next_p = int(following - (average.r_index - first))
        if start >= 0 and next_p - start >= NEAREST * WORKING_RATE:
            pauses.append((start, next_p))
    onsets, cycles, rooms = [], [], 0
    pieces = [levelled[:, start : next_p + template.shape[1]] for start, next_p in pauses]
    for (start, next_p), (fit, gain) in zip(pauses, _fits(pieces, template), strict=True):
        before = (next_p - start - np.arange(len(fit))) / WORKING_RATE  # s
        rooms += next_p - start >= LONGEST_FLUTTER * WORKING_RATE
        same = (gain >= SMALLEST_GAIN) & (gain <= LARGEST_GAIN) & (before >= NEAREST)
        found = _peaks(np.where(same, fit, 0.0))
        onsets += [start + k + MARGIN * WORKING_RATE for k in found]
        cycles += [float(before[found[-1]])] if found else []
    close = [cycle for cycle in cycles if cycle <= LONGEST_FLUTTER]
    flutters = len(close) >= 2 and len(close) >= FLUTTER_SHARE * max(rooms, 1)
    return ExtraWaves(
        onsets=np.array(onsets, dtype=np.float64),
        flutter_cycle=float(np.median(close)) if flutters else None,
    )


def _fits(pieces: list[Floats], template: Floats) -> list[tuple[Floats, Floats]]:
    """Return correlation and gain of a template in pieces: at one go where nothing is missing."""
    joined = np.concatenate([np.zeros((len(template), 0)), *pieces], axis=1)
    if np.isnan(joined).any():
        return [_fit(piece, template) for piece in pieces]
    fit, gain = _fit(joined, template)
    found, start = [], 0
    for piece in pieces:
        count = max(piece.shape[1] - template.shape[1] + 1, 0)  # an end of the record may be short
        found.append((fit[start : start + count], gain[start : start + count]))
        start += piece.shape[1]
    return found


def _fit(piece: Floats, template: Floats) -> tuple[Floats, Floats]:
    """Return correlation and gain of a template at each place of a piece, over all whole leads."""
    width = template.shape[1]
    known = ~(np.isnan(piece).any(axis=1) | np.isnan(template).any(axis=1))
    if not known.any() or piece.shape[1] < width:
        return np.zeros(0), np.zeros(0)
    from scipy import fft  # noqa: PLC0415 - slow to import

    calm, wanted = piece[known], template[known] - _line(template[known])
    # The line of a window and its power follow from running sums: there are many windows.
    edge, part = _edge_and_part(width)
    count = calm.shape[1] - width + 1
    sums = _running(calm)
    total = sums[:, width:] - sums[:, :-width]
    left = (sums[:, edge : edge + count] - sums[:, :count]) / edge
    rise = (sums[:, width:] - sums[:, width - edge : width - edge + count]) / edge - left
    squares = _running(np.einsum("ij,ij->j", calm, calm)[None])[0]
    square = squares[width:] - squares[:-width]
    step = part[1] - part[0]
    moments = _running(calm * (step * np.arange(calm.shape[1])))
    starts = step * np.arange(count) - part[0]
    along = moments[:, width:] - moments[:, :-width] - starts * total
    # In blocks that overlap by the template: its own spectrum is short then.
    size = fft.next_fast_len(8 * width, real=True)
    fresh = size - width + 1
    blocks = -(-count // fresh)
    long = np.zeros((len(calm), (blocks - 1) * fresh + size))
    long[:, : calm.shape[1]] = calm
    windows = np.lib.stride_tricks.sliding_window_view(long, size, axis=1)[:, ::fresh]
    spectrum = np.einsum("ijk,ik->jk", fft.rfft(windows), fft.rfft(wanted, size).conj())
    product = fft.irfft(spectrum, size)[:, :fresh].ravel()[:count]
    product = product - left.T @ wanted.sum(axis=1) - rise.T @ (wanted @ part)
    # The square of a window less its line, leads added up: no array of all leads for each term.
    power = square + np.einsum("ij,ij->j", left, width * left - 2 * total)
    power += np.einsum("ij,ij->j", rise, (2 * part.sum()) * left + (part @ part) * rise - 2 * along)
    whole = float((wanted**2).sum()) + 1e-12
    power = np.maximum(power, 0.0)  # differences of sums may fall a little below
    return product / np.sqrt(power * whole + 1e-12), product / whole


def _line(pieces: Floats) -> Floats:
    """Return the straight line from the first to the last fifth of each piece."""
    edge, part = _edge_and_part(pieces.shape[-1])
    left = pieces[..., :edge].mean(axis=-1, keepdims=True)
    right = pieces[..., -edge:].mean(axis=-1, keepdims=True)
    line: Floats = left + (right - left) * part
    return line


def _running(values: Floats) -> Floats:
    """Return the sums of all values before each place, one column more than values."""
    sums = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _edge_and_part(samples: int) -> tuple[int, Floats]:
    """Return the samples of a fifth, and how far each sample is along the line, 0-1."""
    edge = max(1, samples // 5)
    part: Floats = (np.arange(samples) - (edge - 1) / 2) / max(samples - edge, 1)
    return edge, part


def _peaks(fit: Floats) -> list[int]:
    """Return the places of good fit that are better than their neighbours."""
    if len(fit) < 3:
        return []
    top = (fit[1:-1] >= ALIKE) & (fit[1:-1] >= fit[:-2]) & (fit[1:-1] > fit[2:])
    return [int(k) + 1 for k in np.flatnonzero(top)]
