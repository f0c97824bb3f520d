"""P waves that keep a rhythm of their own, as in third-degree AV block.

They stand at a different place before each QRS, so that the median beat does not show them. The
median beat is therefore taken away from the record, and what is left is searched for a wave that
comes back at a steady distance, in several leads, whether it falls between the beats or on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats, Mask, smooth
from cardioalert.measure.averaging import Average
from cardioalert.measure.limbs import WaveBounds
from cardioalert.measure.preparation import WORKING_RATE

THIN: Final = 4  # samples at the working rate that become one
SHORTEST, LONGEST = 0.36, 1.4  # s between P waves
HALF_WAVE: Final = 0.07  # s on either side of the middle of P
SLOPE: Final = 0.024  # s over which the slope is taken, so that a moving baseline does not count
QRS_MARGIN: Final = 0.03  # s around the QRS where nothing is left to see
REPEATS: Final = 0.25  # correlation of the rest with itself one P distance later
LEEWAY: Final = 0.06  # s by which a P wave may come early or late
ALIKE: Final = 0.55  # correlation of one P wave with the mean of them
SHARE: Final = 0.75  # of the P waves that lie clear of the QRS
FEWEST: Final = 5  # P waves
SMALLEST: Final = 0.05  # mV in two leads
STEADY: Final = 0.08  # deviation over mean of the P distances
ROUNDS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rest:
    """A record without its beats.

    Attributes
    ----------
    voltage, slope : float arrays, shape (leads, samples)
    clear : bool array, shape (samples,)
        Where no QRS was taken away.
    rate : float, Hz
    """

    voltage: Floats
    slope: Floats
    clear: Mask
    rate: float


def own_p_waves(levelled: Floats, average: Average, *, qrs: WaveBounds, r: Floats) -> Floats:
    """Return the middles of P waves that come at a steady distance of their own, samples.

    Parameters
    ----------
    levelled : float array, shape (leads, samples), mV
        The record; NaN in gaps.
    average : Average
        Of the dominant beats.
    qrs : WaveBounds
        In the median beat.
    r : float array, shape (beats,), samples
        All beats of the record.

    Returns
    -------
    float array, empty where no such waves can be shown
    """
    nothing = np.zeros(0)
    if len(r) < 3 or levelled.shape[1] < 3 * LONGEST * WORKING_RATE or len(levelled) < 2:
        return nothing
    rest = _without_beats(levelled, average, qrs, r)
    distance = _distance(rest)
    if distance is None:
        return nothing
    middles, alike = _followed(rest, distance)
    seen = alike >= ALIKE
    if len(middles) < FEWEST or np.mean(seen) < SHARE or not _is_steady(middles[seen], distance):
        return nothing
    if not _is_tall(rest, middles[seen]):
        return nothing
    return middles * THIN


def _without_beats(levelled: Floats, average: Average, qrs: WaveBounds, r: Floats) -> _Rest:
    """Take the median beat away from every beat."""
    left = levelled.copy()
    clear = np.ones(levelled.shape[1], dtype=np.bool_)
    template = np.nan_to_num(average.signal)
    margin = QRS_MARGIN * WORKING_RATE
    for peak in np.round(r).astype(np.intp):
        start = int(peak) - average.r_index
        first, last = max(0, start), min(levelled.shape[1], start + template.shape[1])
        # What precedes the QRS belongs to the beat before or to a P wave of its own.
        first = max(first, start + max(0, round(qrs.first - margin)))
        if first >= last:
            continue
        left[:, first:last] -= template[:, first - start : last - start]
        on, off = start + round(qrs.first - margin), start + round(qrs.last + margin)
        left[:, max(0, on) : max(0, off)] = 0.0
        clear[max(0, on) : max(0, off)] = False
    calm = smooth(np.nan_to_num(left), width=2 * THIN + 1)[:, ::THIN]
    rate = WORKING_RATE / THIN
    wide = round(SLOPE * rate)
    slope = np.zeros_like(calm)
    slope[:, wide:-wide] = calm[:, 2 * wide :] - calm[:, : -2 * wide]
    usual = np.percentile(np.abs(slope), 95, axis=1, keepdims=True)
    slope = np.clip(slope, -2 * usual, 2 * usual)  # one artefact must not decide
    return _Rest(voltage=calm, slope=slope, clear=clear[::THIN], rate=rate)


def _distance(rest: _Rest) -> int | None:
    """Return the distance at which the rest resembles itself best, samples."""
    length = rest.slope.shape[1]
    spectrum = np.fft.rfft(rest.slope, 2 * length)
    power = np.fft.irfft((np.abs(spectrum) ** 2).sum(axis=0))[:length]
    if power[0] <= 0:
        return None
    first, last = round(SHORTEST * rest.rate), min(round(LONGEST * rest.rate), length // 3)
    lags = np.arange(first, last)
    likeness = power[lags] / power[0] * length / (length - lags)
    top = float(likeness.max())
    if top < REPEATS:
        return None
    # Twice the distance resembles as well: the shortest that is nearly as good is meant.
    peaks = np.flatnonzero(
        (likeness[1:-1] >= likeness[:-2])
        & (likeness[1:-1] > likeness[2:])
        & (likeness[1:-1] >= 0.8 * top)
    )
    return int(lags[1 + peaks[0]]) if len(peaks) else None


def _followed(rest: _Rest, distance: int) -> tuple[Floats, Floats]:
    """Return the middle of each wave and its likeness to the others, clear of the QRS."""
    half = round(HALF_WAVE * rest.rate)
    comb = np.arange(half, rest.slope.shape[1] - half, distance)
    energy = [_template(rest, comb + shift, half)[1] for shift in range(distance)]
    places = comb + int(np.argmax(energy))
    alike = np.zeros(0)
    for _round in range(ROUNDS):
        template, _energy = _template(rest, places, half)
        places, alike = _aligned(rest, places, template, half)
    return places.astype(np.float64), alike


def _template(rest: _Rest, places: NDArray[np.intp], half: int) -> tuple[Floats, float]:
    """Return the mean wave at some places, and its energy."""
    good = places[(places >= half) & (places + half < rest.slope.shape[1])]
    good = good[rest.clear[good]]
    if len(good) < 3:
        return np.zeros((len(rest.slope), 2 * half + 1)), 0.0
    pieces = rest.slope[:, good[:, None] + np.arange(-half, half + 1)]
    mean: Floats = np.median(pieces, axis=1)
    return mean, float((mean**2).sum())


def _aligned(
    rest: _Rest, places: NDArray[np.intp], template: Floats, half: int
) -> tuple[NDArray[np.intp], Floats]:
    """Return each place moved to where it fits the template best, and how well it fits there."""
    reach = round(LEEWAY * rest.rate)
    moved, alike = [], []
    size = np.sqrt((template**2).sum()) + 1e-12
    for place in places:
        best, where = -1.0, -1
        for middle in range(place - reach, place + reach + 1):
            if not half <= middle < rest.slope.shape[1] - half or not rest.clear[middle]:
                continue
            piece = rest.slope[:, middle - half : middle + half + 1]
            fit = float((piece * template).sum() / (size * np.sqrt((piece**2).sum()) + 1e-12))
            if fit > best:
                best, where = fit, middle
        if where >= 0:
            moved.append(where)
            alike.append(best)
    return np.array(moved, dtype=np.intp), np.array(alike)


def _is_steady(middles: Floats, distance: int) -> bool:
    """Tell whether waves come at a steady distance; a wave hidden by a QRS leaves a double one."""
    apart = np.diff(middles)
    steps = np.maximum(np.round(apart / distance), 1.0)
    single = apart / steps
    return bool(len(single) >= FEWEST - 1 and np.std(single) <= STEADY * np.mean(single))


def _is_tall(rest: _Rest, middles: Floats) -> bool:
    """Tell whether the mean wave reaches the smallest height in two leads."""
    half = round(HALF_WAVE * rest.rate)
    index = middles.astype(np.intp)[:, None] + np.arange(-half, half + 1)
    heights = np.sort(np.ptp(np.median(rest.voltage[:, index], axis=1), axis=1))
    return bool(heights[-2] >= SMALLEST)
