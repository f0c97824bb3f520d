"""Limbs: the stretches in which a wave rises or falls, the pieces every bound is found with.

A wave begins where the slope of its first limb, followed outwards, falls under a share of that
limb's steepest slope (or under the slope of the background), and ends likewise after its last limb.
Shares of a slope do not depend on the gain, nor on the polarity or the number of phases of a wave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats, slope, smooth
from cardioalert.measure.preparation import WORKING_RATE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slopes:
    """A beat in all leads and its slopes.

    Attributes
    ----------
    signal : float array, shape (leads, samples), mV
        Smoothed.
    steep : float array, shape (leads, samples), mV/s
    together : float array, shape (samples,), mV/s
        RMS over the leads.
    """

    signal: Floats
    steep: Floats
    together: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveBounds:
    """Where one wave begins and ends, samples of the median beat.

    Attributes
    ----------
    on, off : float arrays, shape (leads,)
        NaN in leads where the wave cannot be told from the noise.
    first, last : float
        Bounds over all leads.
    """

    on: Floats
    off: Floats
    first: float
    last: float


def slopes_of(signal: Floats, *, smoothing: float, width: float) -> Slopes:
    """Return a gapless signal smoothed over `smoothing` seconds, its slopes over `width`."""
    calm = smooth(signal, width=_odd(smoothing))
    steep = slope(calm, sampling_rate=WORKING_RATE, width=_odd(width))
    together: Floats = np.sqrt(np.mean(steep**2, axis=0))
    return Slopes(signal=calm, steep=steep, together=together)


def limbs(steepness: Floats, share: float) -> NDArray[np.intp]:
    """Return where steepness peaks at `share` of its maximum or more; its ends count as low.

    Parameters
    ----------
    steepness : float array, shape (samples,), not negative
    share : float, 0-1
    """
    if len(steepness) == 0 or steepness.max() <= 0:
        return np.zeros(0, dtype=np.intp)
    around = np.concatenate([[0.0], steepness, [0.0]])
    top = (around[1:-1] >= around[:-2]) & (around[1:-1] > around[2:])
    return np.flatnonzero(top & (steepness >= share * steepness.max()))


def follow_limb(steep: Floats, limb: int, *, step: int, until: int, share: float) -> float:
    """Return where the limb ends, followed by `step` (+1 or -1) from its steepest sample.

    It ends where the slope falls under `share` of the steepest, where it changes sign, or at
    `until`. Between two samples the place is interpolated, so that it does not depend on the clock.
    """
    path = steep[limb : until + step : step] if until + step >= 0 else steep[limb::step]
    if len(path) < 2 or path[0] == 0:
        return float(limb)
    relative = path / path[0]  # positive as long as the limb goes on
    under = np.flatnonzero(relative < share)
    if len(under) == 0:
        return float(until)
    k = int(under[0])
    above, below = relative[k - 1], max(float(relative[k]), 0.0)
    part = (above - share) / (above - below) if above > below else 1.0
    return limb + step * (k - 1 + float(np.clip(part, 0.0, 1.0)))


def earliest(bounds: Floats) -> float:
    """Return the onset over all leads: the mean of the second to fourth earliest of twelve leads.

    Noise always makes some lead the earliest, and a true early onset shows in several; so the
    earliest of three or more leads is left out, and the next quarter of the leads is averaged.
    For an offset pass negative bounds and take the negative result.
    """
    ordered = np.sort(bounds[~np.isnan(bounds)])
    if len(ordered) < 3:
        return float(ordered[0])
    return float(np.mean(ordered[1 : 1 + max(1, len(ordered) // 4)]))


def _odd(seconds: float) -> int:
    """Return a number of samples that has a middle one."""
    return 2 * int(seconds * WORKING_RATE / 2) + 1
