"""Where the T wave begins and ends.

First the last limb of T is found in all leads together, by its steepness and by how usual such a QT
would be at this heart rate; then each lead is followed on its own. A U wave or the next P, whose
limbs are less steep or come improbably late, are not mistaken for T, and a biphasic T ends with its
last limb. The end lies between the point where the limb has become flat and the point where its
tangent meets the level after it (the two disagree by 25 ms; McLaughlin, 10.1109/CIC.1993.378348).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from cardioalert.dsp import Floats, median, quantile
from cardioalert.measure.limbs import Slopes, WaveBounds, follow_limb, limbs, slopes_of
from cardioalert.measure.preparation import WORKING_RATE

SMOOTHING, SLOPE_WIDTH = 0.030, 0.018  # s
LIMB_SHARE: Final = 0.4  # of the steepest limb of T: belongs to T
FAINT_LIMB: Final = 0.1  # of the steepest slope after the QRS: may be looked at
GLOBAL_SHARE: Final = 0.35  # of the best limb over all leads, after weighting by the usual QT
FLAT_ON, FLAT_OFF = 0.32, 0.15  # of the steepest slope of the limb: T has not begun, has ended
TANGENT_WEIGHT: Final = 0.3  # of the tangent against the flat point
AFTER_QRS: Final = 0.07  # s after the QRS where T is looked for
BEFORE_NEXT: Final = 0.10  # s before the next R where T must have ended (half at high rates)
HIGH_RATE: Final = 0.5  # s of RR, below which `BEFORE_NEXT` is halved
RATE_POWER: Final = 0.4  # QT grows with this power of RR, between Fridericia and Bazett
LONGEST_QT: Final = 0.66  # s at RR 1 s
USUAL_QT, QT_DEVIATION = 0.40, 0.06  # s at RR 1 s; wide, so that a long QT still counts
PLATEAU: Final = 0.02  # s around the usual QT without penalty
LIMB_BEFORE_END: Final = 0.04  # s from the steepest descent to the end of T
UNFINISHED: Final = 0.7  # of the height of T: the wave has not come back yet
LATER: Final = 0.03  # s by which a lead's last limb may come after that of all leads
SPREAD_ON: Final = 0.03  # s by which T onsets of single leads may differ from their median
LEVEL_WIDTH: Final = 0.04  # s after the flat point that show the level
NOISE_FACTOR: Final = 2.0  # deviations of the median beat that T must exceed in a lead


def t_bounds(
    signal: Floats, *, qrs: WaveBounds, r_index: int, rr: float, noise: Floats, until: float
) -> WaveBounds | None:
    """Find the T wave of a median beat; None where no lead shows one.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV, without NaN
    qrs : WaveBounds
    r_index : int
    rr : float, samples
        To the next beat.
    noise : float array, shape (leads,), mV
        Of the median beat.
    until : float, samples
        T must have ended here: the next P or the end of what is there.
    """
    slopes = slopes_of(signal, smoothing=SMOOTHING, width=SLOPE_WIDTH)
    start = round(qrs.last + AFTER_QRS * WORKING_RATE)
    stop = _latest_end(qrs.first, r_index, rr, until, signal.shape[1])
    if stop - start < 0.04 * WORKING_RATE:
        return None
    last_limb = _last_limb_of_all(slopes, start, stop, qrs.first, rr)
    if last_limb is None:
        return None
    floor = NOISE_FACTOR * noise
    late = min(stop, last_limb + round(LATER * WORKING_RATE))
    on = np.full(len(signal), np.nan)
    off = np.full(len(signal), np.nan)
    for lead in range(len(signal)):
        steep = slopes.steep[lead]
        found = start + limbs(np.abs(steep[start:late]), LIMB_SHARE)
        if len(found) == 0 or np.ptp(slopes.signal[lead, start:stop]) < floor[lead]:
            continue
        on[lead] = follow_limb(
            steep, int(found[0]), step=-1, until=max(0, round(qrs.last)), share=FLAT_ON
        )
        off[lead] = _end(signal[lead], slopes, lead, int(found[-1]), stop)
    if np.isnan(off).all():
        return None
    on = _near_median(on, SPREAD_ON * WORKING_RATE)
    return WaveBounds(on=on, off=off, first=quantile(on[~np.isnan(on)], 0.1), last=longest(off))


def longest(off: Floats) -> float:
    """Return the global end of T: the median of the three latest leads, outliers left out."""
    ordered = np.sort(off[~np.isnan(off)])
    if len(ordered) >= 4:
        ordered = ordered[ordered <= median(ordered) + 0.06 * WORKING_RATE]
    return median(ordered[-3:])


def _latest_end(qrs_on: float, r_index: int, rr: float, until: float, samples: int) -> int:
    """Return the sample by which T must have ended."""
    seconds = rr / WORKING_RATE
    usual = qrs_on + LONGEST_QT * seconds**RATE_POWER * WORKING_RATE
    next_beat = BEFORE_NEXT if seconds > HIGH_RATE else BEFORE_NEXT / 2
    return int(min(usual, r_index + rr - next_beat * WORKING_RATE, until, samples - 1))


def _last_limb_of_all(
    slopes: Slopes, start: int, stop: int, qrs_on: float, rr: float
) -> int | None:
    """Return the steepest sample of the last limb of T over all leads."""
    together = slopes.together[start:stop]
    found = limbs(together, FAINT_LIMB)
    if len(found) == 0:
        return None
    scale = (rr / WORKING_RATE) ** RATE_POWER * WORKING_RATE
    qt = (start + found - qrs_on) / scale + LIMB_BEFORE_END
    unusual = np.maximum(0.0, np.abs(qt - USUAL_QT) - PLATEAU) / QT_DEVIATION
    weight = together[found] * np.exp(-(unusual**2) / 2)
    last = int(np.flatnonzero(weight >= GLOBAL_SHARE * weight.max())[-1])
    # A limb that leaves the signal far from its level is not the last: what rises must fall.
    height = np.sqrt(np.mean(slopes.signal[:, start:stop] ** 2, axis=0))
    tall = float(height[found[0] :].max())
    while last + 1 < len(found):
        between = slice(int(found[last]), int(found[last + 1]) + 1)
        turn = int(found[last]) + int(np.argmin(together[between]))
        if height[turn] < UNFINISHED * tall:
            break
        last += 1
    return int(start + found[last])


def _end(signal: Floats, slopes: Slopes, lead: int, limb: int, stop: int) -> float:
    """Return the end of T in one lead, between flat point and tangent."""
    steep, calm = slopes.steep[lead], slopes.signal[lead]
    far = min(len(signal) - 1, stop + round(0.06 * WORKING_RATE))
    flat = follow_limb(steep, limb, step=1, until=far, share=FLAT_OFF)
    k = int(np.ceil(flat))
    level = median(signal[k : k + round(LEVEL_WIDTH * WORKING_RATE) + 1])
    tangent = flat
    if steep[limb] != 0:
        tangent = limb + (level - calm[limb]) / steep[limb] * WORKING_RATE
    tangent = min(max(float(tangent), float(limb)), flat + 0.04 * WORKING_RATE)
    return (1 - TANGENT_WEIGHT) * flat + TANGENT_WEIGHT * tangent


def _near_median(bounds: Floats, reach: float) -> Floats:
    """Return bounds with those of single leads drawn towards the median of all."""
    middle = median(bounds[~np.isnan(bounds)])
    return np.clip(bounds, middle - reach, middle + reach)
