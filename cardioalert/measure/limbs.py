"""Limbs: the stretches in which a wave rises or falls, the pieces every bound is found with.

A wave begins where the slope of its first limb, followed outwards, falls under a share of that
limb's steepest slope (or under the slope of the background), and ends likewise after its last limb.
Shares of a slope do not depend on the gain, nor on the polarity or the number of phases of a wave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats, Mask, fill_gaps, quantile, row_quantiles, slope, smooth
from cardioalert.measure.preparation import WORKING_RATE

BEGUN: Final = 0.3  # share of the leads in which a wave has begun at its onset over all leads


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
    first_error, last_error : float, samples
        Standard deviation of the two; NaN until it is known.
    """

    on: Floats
    off: Floats
    first: float
    last: float
    first_error: float = float("nan")
    last_error: float = float("nan")


def slopes_of(signal: Floats, *, smoothing: float, width: float) -> Slopes:
    """Return a gapless signal smoothed over `smoothing` seconds, its slopes over `width`."""
    calm = smooth(signal, width=_odd(smoothing))
    steep = slope(calm, sampling_rate=WORKING_RATE, width=_odd(width))
    together: Floats = np.sqrt(np.mean(steep**2, axis=0))
    return Slopes(signal=calm, steep=steep, together=together)


def noise_steepness(rest: Floats, *, smoothing: float, width: float) -> Floats:
    """Return the deviation of the slope that noise alone has, shape (leads, 1), mV/s.

    Parameters
    ----------
    rest : float array, shape (leads, samples), mV
        What is left of the noise in a median beat; a lead without any value gets the median of the
        others, zero if there are none.
    smoothing, width : float, seconds
        As in `slopes_of`.
    """
    known = ~np.isnan(rest).all(axis=1)
    deviation = np.zeros((len(rest), 1))
    if not known.any():
        return deviation
    calm = smooth(fill_gaps(rest[known]), width=_odd(smoothing))
    steep = np.abs(slope(calm, sampling_rate=WORKING_RATE, width=_odd(width)))
    deviation[known, 0] = 1.4826 * row_quantiles(steep, 0.5)[0]
    if not known.all():
        deviation[~known] = np.median(deviation[known])
    return deviation


def limbs(steepness: Floats, share: float) -> NDArray[np.intp]:
    """Return where steepness peaks at `share` of its maximum or more; its ends count as low.

    Parameters
    ----------
    steepness : float array, shape (samples,), not negative
    share : float, 0-1
    """
    highest = steepness.max(initial=0.0)
    if highest <= 0:
        return np.zeros(0, dtype=np.intp)
    high: Mask = steepness >= share * highest
    high[1:] &= steepness[1:] >= steepness[:-1]
    high[:-1] &= steepness[:-1] > steepness[1:]
    return high.nonzero()[0]


def follow_limb(steep: Floats, limb: int, *, step: int, until: int, share: float) -> float:
    """Return where the limb ends, followed by `step` (+1 or -1) from its steepest sample.

    It ends where the slope falls under `share` of the steepest, where it changes sign, or at
    `until`. Between two samples the place is interpolated, so that it does not depend on the clock.
    """
    path = steep[limb : until + step : step] if until + step >= 0 else steep[limb::step]
    if len(path) < 2 or path[0] == 0:
        return float(limb)
    relative = path / path[0]  # positive as long as the limb goes on
    under = relative < share
    k = int(under.argmax())
    if not under[k]:
        return float(until)
    above, below = relative[k - 1], max(float(relative[k]), 0.0)
    part = (above - share) / (above - below) if above > below else 1.0
    return limb + step * (k - 1 + min(max(float(part), 0.0), 1.0))


def earliest(bounds: Floats) -> float:
    """Return the onset over all leads: the time by which three tenths of the leads have begun.

    Noise always makes some lead the first, the more so the more leads there are, and a true early
    onset shows in several. For an offset pass negative bounds and take the negative result.
    """
    return quantile(bounds[~np.isnan(bounds)], BEGUN)


def _odd(seconds: float) -> int:
    """Return a number of samples that has a middle one."""
    return 2 * int(seconds * WORKING_RATE / 2) + 1
