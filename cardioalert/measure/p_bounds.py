"""Whether there is a P wave before the QRS, and where it begins and ends.

A P wave must do three things at once: stand out of the median beat's noise, be steeper than what
lies between T and P (flutter waves are not), and repeat from beat to beat (fibrillation waves do
not). Otherwise there is none: no wave is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats, median, smooth
from cardioalert.measure.limbs import (
    Slopes,
    WaveBounds,
    earliest,
    follow_limb,
    limbs,
    noise_steepness,
    slopes_of,
)
from cardioalert.measure.preparation import WORKING_RATE

SMOOTHINGS: Final = (0.018, 0.030, 0.042)  # s, the first that leaves P clear of the noise
SLOPE_WIDTH: Final = 0.018  # s
CLEAR: Final = 6.0  # times the slope of noise: the steepest limb of P in the median lead
REACH: Final = 0.40  # s before the QRS
AFTER_T: Final = 0.01  # s after the end of T
BEFORE_QRS: Final = 0.008  # s before the QRS; later slopes are its own
HUMP: Final = 0.10  # s that a P wave takes
HALF_SPAN: Final = 0.09  # s on either side of the hump that its limbs may lie
USUAL_PLACE, PLACE_DEVIATION = 0.11, 0.12  # s before the QRS
GLOBAL_SHARE: Final = 0.30  # of the steepest limb over all leads
LIMB_SHARE: Final = 0.40  # of the steepest limb in a lead
LEEWAY: Final = 0.024  # s by which the limbs of a lead may lie outside those of all leads
FLAT_ON, FLAT_OFF = 0.30, 0.60  # of the steepest slope of the limb
LIMB_NOISE: Final = 3.0  # times the slope of noise: surely a limb
FLAT_NOISE: Final = 2.0  # times the slope of noise: flat
SPREAD: Final = 0.024  # s by which single leads may differ from the median of all
SMALLEST_ROOM: Final = 0.06  # s needed between T and QRS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PCandidate:
    """The hump before the QRS that is the best candidate for P, and what speaks for it.

    Attributes
    ----------
    bounds : WaveBounds
    height : float, mV
        Peak to peak, median of the three clearest leads.
    stands_out : float
        Steepness of the hump over that of the segment before it; inf without such a segment.
    likeness : float array, shape (beats,)
        Correlation of each beat's hump with the mean of the others.
    """

    bounds: WaveBounds
    height: float
    stands_out: float
    likeness: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View:
    """The median beat, smoothed as its noise demands, and where P may lie (samples)."""

    slopes: Slopes
    noise: Floats
    start: int
    stop: int


def p_candidate(
    signal: Floats,
    single: NDArray[np.float32],
    *,
    qrs: WaveBounds,
    previous_t_end: float,
    rest: Floats,
) -> PCandidate | None:
    """Find the best candidate for P before the QRS of a median beat.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV, without NaN
    single : float32 array, shape (beats, leads, samples), mV
        The beats behind the median; NaN where cut.
    qrs : WaveBounds
    previous_t_end : float, samples
        Where the T wave of the beat before ends; may be negative.
    rest : float array, shape (leads, samples), mV
        What is left of the noise in the median beat.
    """
    stop = round(qrs.first - BEFORE_QRS * WORKING_RATE)
    room = max(qrs.first - REACH * WORKING_RATE, previous_t_end + AFTER_T * WORKING_RATE, 0.0)
    start = round(room)
    if stop - start < SMALLEST_ROOM * WORKING_RATE:
        return None
    # The QRS is cut away, lest smoothing smear it into the PR segment.
    view = _clear_view(signal[:, :stop], rest[:, :stop], start)
    span = _span_of_all(view)
    if span is None:
        return None
    bounds = _bounds(view, span)
    if bounds is None:
        return None
    inside = slice(int(bounds.first), int(np.ceil(bounds.last)) + 1)
    heights = np.sort(np.ptp(view.slopes.signal[:, inside], axis=1))
    return PCandidate(
        bounds=bounds,
        height=median(heights[-3:]),
        stands_out=_stands_out(view.slopes, start, bounds),
        likeness=likeness_of_beats(single[:, :, inside]),
    )


def likeness_of_beats(pieces: NDArray[np.float32]) -> Floats:
    """Return the correlation of each beat's piece with the mean of the other beats.

    Parameters
    ----------
    pieces : float array, shape (beats, leads, samples), mV

    Returns
    -------
    float array, shape (beats,)
        NaN where a beat has no whole lead in common with the others.
    """
    whole = np.asarray(~np.isnan(pieces).any(axis=2), dtype=np.bool_)
    calm = smooth(np.where(whole[:, :, None], pieces, 0.0).astype(np.float64), width=7)
    flat = calm - _straight_line(calm)
    flat[~whole] = 0.0
    total = flat.sum(axis=0)
    count = whole.sum(axis=0)
    others = (total[None] - flat) / np.maximum(count[None] - whole, 1)[:, :, None]
    others[~(whole & (count[None] > 1))] = 0.0
    product = (flat * others).sum(axis=(1, 2))
    scale = np.sqrt((flat**2).sum(axis=(1, 2)) * (others**2).sum(axis=(1, 2)))
    alike: Floats = np.full(len(pieces), np.nan)
    np.divide(product, scale, out=alike, where=scale > 1e-12)
    return alike


def _straight_line(pieces: Floats) -> Floats:
    """Return the line from the first to the last fifth of each piece."""
    samples = pieces.shape[2]
    edge = max(1, samples // 5)
    left = pieces[:, :, :edge].mean(axis=2, keepdims=True)
    right = pieces[:, :, -edge:].mean(axis=2, keepdims=True)
    part = (np.arange(samples) - (edge - 1) / 2) / max(samples - edge, 1)
    line: Floats = left + (right - left) * part
    return line


def _clear_view(signal: Floats, rest: Floats, start: int) -> _View:
    """Return the beat smoothed as little as its noise allows."""
    for smoothing in SMOOTHINGS:
        slopes = slopes_of(signal, smoothing=smoothing, width=SLOPE_WIDTH)
        noise = noise_steepness(rest, smoothing=smoothing, width=SLOPE_WIDTH)
        steepest = np.abs(slopes.steep[:, start:]).max(axis=1)
        if median(steepest / np.maximum(noise[:, 0], 1e-9)) >= CLEAR:
            break
    return _View(slopes=slopes, noise=noise[:, 0], start=start, stop=signal.shape[1])


def _span_of_all(view: _View) -> tuple[int, int] | None:
    """Return the first and last limb of the hump over all leads."""
    start, stop = view.start, view.stop
    together = view.slopes.together[start:stop]
    padded = np.concatenate([np.zeros(100), together**2, np.zeros(100)])
    hump = smooth(padded, width=round(HUMP * WORKING_RATE))[100:-100]
    before = (stop - np.arange(start, stop)) / WORKING_RATE
    usual = np.exp(-(((before - USUAL_PLACE) / PLACE_DEVIATION) ** 2) / 2)
    centre = start + int(np.argmax(hump * usual))
    half = round(HALF_SPAN * WORKING_RATE)
    first, last = max(start, centre - half), min(stop, centre + half)
    piece = view.slopes.together[first:last]
    noise = float(np.sqrt(np.mean(view.noise**2)))
    share = max(GLOBAL_SHARE, min(1.0, 2.0 * noise / max(float(piece.max()), 1e-9)))
    found = limbs(piece, share)
    if len(found) == 0:
        return None
    return first + int(found[0]), first + int(found[-1])


def _bounds(view: _View, span: tuple[int, int]) -> WaveBounds | None:
    """Return the bounds of the hump in each lead and over all leads."""
    leeway = round(LEEWAY * WORKING_RATE)
    first, last = max(view.start, span[0] - leeway), min(view.stop, span[1] + leeway)
    on = np.full(len(view.noise), np.nan)
    off = np.full(len(view.noise), np.nan)
    for lead, steep in enumerate(view.slopes.steep):
        piece = np.abs(steep[first:last])
        peak, noise = float(piece.max()), float(view.noise[lead])
        if peak <= LIMB_NOISE * noise:
            continue
        found = first + limbs(piece, max(LIMB_SHARE, LIMB_NOISE * noise / peak))
        outmost = max(0, view.start - leeway)
        one, other = int(found[0]), int(found[-1])
        on[lead] = follow_limb(
            steep, one, step=-1, until=outmost, share=_flat(FLAT_ON, noise, steep[one])
        )
        off[lead] = follow_limb(
            steep, other, step=1, until=view.stop - 1, share=_flat(FLAT_OFF, noise, steep[other])
        )
    if np.isnan(on).all():
        return None
    reach = SPREAD * WORKING_RATE
    middle_on, middle_off = (median(bounds[~np.isnan(bounds)]) for bounds in (on, off))
    on = np.clip(on, middle_on - reach, middle_on + reach)
    off = np.clip(off, middle_off - reach, middle_off + reach)
    return WaveBounds(on=on, off=off, first=earliest(on), last=-earliest(-off))


def _flat(share: float, noise: float, limb: float) -> float:
    """Return the share of the steepest slope that counts as flat: noise is not a limb."""
    return max(share, min(0.8, FLAT_NOISE * noise / abs(limb)))


def _stands_out(slopes: Slopes, start: int, bounds: WaveBounds) -> float:
    """Return the steepness of the hump over that of the segment between T and the hump."""
    on, off = int(bounds.first), int(np.ceil(bounds.last))
    before = slopes.together[start : max(start, on - 5)]
    if len(before) < 0.04 * WORKING_RATE:
        return float("inf")
    hump = np.sqrt(np.mean(slopes.together[on : off + 1] ** 2))
    return float(hump / max(np.sqrt(np.mean(before**2)), 1e-9))
