"""The median beat of a shape: baseline, repetitions, noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import Lead
from cardioalert.dsp import (
    Floats,
    Mask,
    median,
    quantile,
    row_quantiles,
    slope,
    smooth,
    sort_few,
    stretches,
)
from cardioalert.measure.beats import Shapes, cut_out
from cardioalert.measure.preparation import WORKING_RATE, Prepared

QUIET_FROM, QUIET_TO = 0.12, 0.03  # s before R between which the PQ segment is looked for
QUIET_WIDTH: Final = 0.016  # s over which its level is taken
BEFORE: Final = 0.55  # s before R that the median beat shows at most
AFTER: Final = 0.80  # s after R
CORE_BEFORE, CORE_AFTER = 0.12, 0.14  # s around R that must be whole for a beat to count
MOST_AVERAGED: Final = 200  # beats of a long record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Average:
    """The median of the beats of one shape.

    Attributes
    ----------
    leads : tuple of Lead
    signal : float array, shape (leads, samples), mV
        NaN where no beat shows anything.
    r_index : int
        Sample of the R peak.
    count : int array, shape (leads,)
        Beats with a whole QRS.
    noise : float array, shape (leads,), mV
        Deviation of single beats around the median.
    rest : float array, shape (leads, samples), mV
        Half the difference between the medians of every other beat: noise like that which is left
        in `signal`, of the same colour. NaN where there are no two beats.
    beats : int array
        Which beats of the record were used.
    single : float32 array, shape (beats, leads, samples), mV
        The beats themselves; NaN where they are cut.
    rr : float, samples
        Usual distance to the next beat.
    rr_before : float, samples
        Distance from the beat before that a quarter of the beats fall short of; inf without one.
    columns : tuple of int arrays
        Groups of leads that share no beat with each other: the columns of a page.
    moved : int array, shape (leads,), samples
        By how much later a lead is shown here than its own R peaks say (see `columns`).
    """

    leads: tuple[Lead, ...]
    signal: Floats
    r_index: int
    count: NDArray[np.intp]
    noise: Floats
    rest: Floats
    beats: NDArray[np.intp]
    single: NDArray[np.float32]
    rr: float
    rr_before: float
    columns: tuple[NDArray[np.intp], ...]
    moved: NDArray[np.intp]

    @property
    def noise_of_median(self) -> Floats:
        """Deviation of the median itself, shape (leads,), mV."""
        error: Floats = 1.25 * self.noise / np.sqrt(np.maximum(self.count, 1))
        return error


def level_baseline(prepared: Prepared, r: Floats) -> Floats:
    """Return the signal with its PQ segments drawn to zero, shape (leads, samples), mV.

    Between the PQ segments of successive beats a straight line is subtracted, so that no filter
    touches the ST segment; gaps become NaN.
    """
    signal = prepared.signal.copy()
    if not prepared.present.all():
        signal[~prepared.present] = np.nan
    if len(r) == 0 or not prepared.leads:
        return signal
    peaks = np.round(r).astype(np.intp)
    knots = peaks - quiet_offset(prepared, peaks)
    half = round(QUIET_WIDTH * WORKING_RATE / 2)
    around = np.clip(knots[:, None] + np.arange(-half, half + 1), 0, prepared.samples - 1)
    level = prepared.signal[:, around].mean(axis=2)
    for rows, first, last in _pieces(prepared.present):
        piece = signal[rows, first:last]
        inside = (knots >= first + half) & (knots < last - half)
        if inside.any():
            piece -= _line_through(knots[inside] - first, level[rows][:, inside], last - first)
        else:
            piece -= np.median(piece, axis=1, keepdims=True)
    return signal


def _pieces(present: Mask) -> list[tuple[slice, int, int]]:
    """Return what is known without a gap: rows, first and past-the-last sample."""
    if present.all():
        return [(slice(0, len(present)), 0, present.shape[1])]
    return [
        (slice(row, row + 1), first, last)
        for row, here in enumerate(present)
        for first, last in stretches(here)
    ]


def _line_through(knots: NDArray[np.intp], level: Floats, samples: int) -> Floats:
    """Return straight lines between knots, held beyond them; `np.interp` for all leads at once.

    Parameters
    ----------
    knots : int array, shape (knots,), rising, samples
    level : float array, shape (leads, knots)
    """
    knots, first = np.unique(knots, return_index=True)
    level = level[:, first]
    lengths = np.diff(knots, prepend=0, append=samples)
    rise = np.zeros((len(level), len(lengths)))
    rise[:, 1:-1] = np.diff(level, axis=1) / lengths[1:-1]
    base = np.concatenate([level[:, :1], level], axis=1)
    since = np.arange(samples) - np.repeat(np.append(0, knots), lengths)
    line: Floats = np.repeat(rise, lengths, axis=1) * since + np.repeat(base, lengths, axis=1)
    return line


def quiet_offset(prepared: Prepared, peaks: NDArray[np.intp]) -> int:
    """Return how many samples before R the leads are quietest, on average over the beats."""
    steep = slope(prepared.signal, sampling_rate=WORKING_RATE, width=5)
    np.abs(steep, out=steep)
    first, last = round(QUIET_FROM * WORKING_RATE), round(QUIET_TO * WORKING_RATE)
    if not prepared.present.all():
        steep[~prepared.present] = 0.0
    together = steep.sum(axis=0)
    around = smooth(together, width=round(QUIET_WIDTH * WORKING_RATE))
    index = np.clip(peaks[:, None] - np.arange(last, first + 1)[None, :], 0, None)
    # Later instants win ties: near the QRS the level is what ST is measured against.
    mean = row_quantiles(around[index.T], 0.5)[0]
    return last + int(np.argmin(mean))


def average_beats(
    levelled: Floats, prepared: Prepared, shapes: Shapes, beats: NDArray[np.intp], rr: float
) -> Average:
    """Return the median of some beats, on the window that one RR interval allows.

    Parameters
    ----------
    levelled : float array, shape (leads, samples), mV
        From `level_baseline`.
    beats : int array
        Which beats; all of one shape.
    rr : float, samples
        Usual distance to the next beat.
    """
    if len(beats) > MOST_AVERAGED:
        beats = beats[np.linspace(0, len(beats) - 1, MOST_AVERAGED).astype(np.intp)]
    before = round(min(BEFORE * WORKING_RATE, 0.75 * rr))
    after = round(min(AFTER * WORKING_RATE, 0.95 * rr))
    centres = np.round(shapes.r[beats]).astype(np.intp)
    single = cut_out(levelled.astype(np.float32), centres, before, after)
    core = slice(
        max(0, before - round(CORE_BEFORE * WORKING_RATE)),
        before + round(CORE_AFTER * WORKING_RATE),
    )
    whole = np.asarray(~np.isnan(single[:, :, core]).any(axis=2), dtype=np.bool_)
    if not whole.all():
        single[~whole] = np.nan
    middle, noise = _median_and_noise(single)
    return Average(
        leads=prepared.leads,
        signal=middle,
        r_index=before,
        count=whole.sum(axis=0),
        noise=noise,
        rest=(_nan_median(single[::2]) - _nan_median(single[1::2])).astype(np.float64) / 2,
        beats=beats,
        single=single,
        rr=rr,
        rr_before=_short_rr_before(shapes.r, beats),
        columns=_columns(whole),
        moved=np.zeros(len(prepared.leads), dtype=np.intp),
    )


def _short_rr_before(r: Floats, beats: NDArray[np.intp]) -> float:
    """Return the lower quartile of the distances from the beat before; inf where none is known."""
    later = beats[beats > 0]
    return quantile(r[later] - r[later - 1], 0.25) if len(later) else float("inf")


def move_columns(average: Average, shifts: NDArray[np.intp]) -> Average:
    """Return the median beat with each column shown later by a number of samples.

    Parameters
    ----------
    average : Average
    shifts : int array, shape (columns,)
    """
    moved = average.moved.copy()
    signal, rest, single = average.signal.copy(), average.rest.copy(), average.single.copy()
    for rows, shift in zip(average.columns, shifts, strict=True):
        moved[rows] += shift
        for values in (signal, rest, single):
            values[..., rows, :] = np.roll(values[..., rows, :], shift, axis=-1)
            edge = slice(None, shift) if shift > 0 else slice(values.shape[-1] + shift, None)
            values[..., rows, edge] = np.nan
    return replace(average, signal=signal, rest=rest, single=single, moved=moved)


def _columns(whole: Mask) -> tuple[NDArray[np.intp], ...]:
    """Return the groups of leads that are connected by common beats.

    Parameters
    ----------
    whole : bool array, shape (beats, leads)
    """
    shared = whole.T.astype(np.int64) @ whole.astype(np.int64) > 0
    left = set(np.flatnonzero(whole.any(axis=0)).tolist())
    columns = []
    while left:
        group = np.zeros(len(shared), dtype=np.bool_)
        group[min(left)] = True
        while (wider := group | shared[group].any(axis=0)).sum() > group.sum():
            group = wider
        columns.append(np.flatnonzero(group))
        left -= set(np.flatnonzero(group).tolist())
    return tuple(columns)


def _median_and_noise(single: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return the median over beats and the robust deviation around it per lead."""
    middle = _nan_median(single)
    noise = np.zeros(single.shape[1])
    if len(single) > 1:
        thin = single[:, :, ::2]
        missing = np.isnan(thin)
        count = (~missing).sum(axis=0)
        mean = np.where(missing, np.float32(0), thin).sum(axis=0) / np.maximum(count, 1)
        apart = (thin - mean) ** 2
        apart[missing] = 0.0
        spread = apart.sum(axis=0) / np.maximum(count - 1, 1)
        several = count > 1
        if several.all():
            noise = np.sqrt(row_quantiles(smooth(spread, width=10), 0.5)[0])
        else:
            for lead, known in enumerate(several):
                if known.any():
                    noise[lead] = np.sqrt(median(smooth(spread[lead, known], width=10)))
    return middle.astype(np.float64), noise


def _nan_median(single: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median over beats that exist at a sample; NaN where none does, no warning."""
    if len(single) == 0:
        return np.full(single.shape[1:], np.nan, dtype=np.float32)
    missing = np.isnan(single)
    if not missing.any():
        ordered, half = sort_few(single), len(single) // 2
        median_beat: NDArray[np.float32] = (ordered[(len(single) - 1) // 2] + ordered[half]) / 2
        return median_beat
    ordered = sort_few(np.where(missing, np.float32(np.inf), single))
    lacking = missing.sum(axis=0, dtype=np.intp)
    middle = np.full(lacking.shape, np.nan, dtype=np.float32)
    # Only the beats at the ends of a record are cut: there are few different counts.
    for absent in np.bincount(lacking.ravel()).nonzero()[0].tolist():
        count = len(single) - absent
        if count:
            both = ordered[(count - 1) // 2] + ordered[count // 2]
            np.divide(both, 2, out=middle, where=lacking == absent)
    return middle
