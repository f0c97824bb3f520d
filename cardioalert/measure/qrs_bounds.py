"""Where the QRS begins and ends, per lead and over all leads."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats, median, row_quantiles
from cardioalert.measure.limbs import WaveBounds, earliest, slopes_of
from cardioalert.measure.preparation import WORKING_RATE

SLOPE_WIDTHS: Final = (0.014, 0.022, 0.030)  # s, the first that leaves the QRS clear of the noise
CLEAR: Final = 0.06  # of the steepest slope: the background in the median lead
PEAK_REACH: Final = 0.12  # s on either side of R in which the steepest slope is looked for
MAIN_LIMB: Final = 0.4  # of the steepest slope: surely QRS
LIMB_END_ON, LIMB_END_OFF = 0.03, 0.04  # of the steepest slope: not yet, no longer QRS
BACKGROUND: Final = 3.0  # times the median slope of the beat: no longer noise
QUARTILE_TO_MEDIAN: Final = 3.0  # of an absolute slope, a little more than that of Gaussian noise
CALM: Final = 0.016  # s for which the slope must stay low
BEFORE, AFTER = 0.15, 0.22  # s around R within which the QRS must lie
EARLIER, LATER = (
    0.030,
    0.040,
)  # s by which one lead may go beyond all; LUDB's go 26 and 37 ms at most


def qrs_bounds(signal: Floats, *, r_index: int) -> WaveBounds | None:
    """Find the QRS of a median beat.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV, without NaN
    r_index : int
        Sample of the R peak.

    Returns
    -------
    WaveBounds, or None where no slope stands out of the background.
    """
    reach = round(PEAK_REACH * WORKING_RATE)
    first, last = max(0, r_index - reach), min(signal.shape[1], r_index + reach)
    for width in SLOPE_WIDTHS:
        steep = np.abs(slopes_of(signal, smoothing=0.0, width=width).steep)
        peak = np.maximum(steep[:, first:last].max(axis=1), 1e-9)
        background = _background(steep)
        if median(BACKGROUND * background / peak) <= CLEAR:
            break
    low_on = np.maximum(LIMB_END_ON * peak, BACKGROUND * background)
    low_off = np.maximum(LIMB_END_OFF * peak, BACKGROUND * background)
    on = np.full(len(signal), np.nan)
    off = np.full(len(signal), np.nan)
    limbs: dict[int, NDArray[np.intp]] = {}
    for lead, row in enumerate(steep):
        if peak[lead] <= 1e-9 or low_off[lead] >= MAIN_LIMB * peak[lead]:
            continue
        main = limbs[lead] = first + (row[first:last] > MAIN_LIMB * peak[lead]).nonzero()[0]
        on[lead] = _walk(row, int(main[0]), -1, float(low_on[lead]), r_index)
        off[lead] = _walk(row, int(main[-1]), 1, float(low_off[lead]), r_index)
    if np.isnan(on).all():
        return None
    # In a lead with a low QRS, P or T can be as steep as a limb: look again, near the others.
    begins = earliest(on) - EARLIER * WORKING_RATE
    ends = -earliest(-off) + LATER * WORKING_RATE
    for lead, main in limbs.items():
        near = main[(main >= begins) & (main <= ends)]
        if on[lead] < begins:
            on[lead] = _again(steep[lead], near[:1], -1, float(low_on[lead]), r_index)
        if off[lead] > ends:
            off[lead] = _again(steep[lead], near[-1:], 1, float(low_off[lead]), r_index)
    on[on < begins] = np.nan
    off[off > ends] = np.nan
    return WaveBounds(on=on, off=off, first=earliest(on), last=-earliest(-off))


def _again(steep: Floats, limb: NDArray[np.intp], step: int, low: float, r_index: int) -> float:
    """Return the bound seen from the limb that is left, NaN without one."""
    return _walk(steep, int(limb[0]), step, low, r_index) if len(limb) else float("nan")


def _background(steep: Floats) -> Floats:
    """Return the slope between the waves, shape (leads,).

    The median over the beat, or what the calmest quarter lets expect if that is less: at high rates
    most of the beat is wave.
    """
    calm, middle = row_quantiles(steep, 0.25, 0.5)
    lesser: Floats = np.minimum(middle, QUARTILE_TO_MEDIAN * calm)
    return lesser


def _walk(steep: Floats, start: int, step: int, low: float, r_index: int) -> float:
    """Return the first sample of `CALM` seconds below `low`, seen from `start`, interpolated."""
    far = r_index + round((BEFORE if step < 0 else AFTER) * WORKING_RATE) * step
    stop = min(max(far, 0), len(steep) - 1)
    path = steep[start : stop + step : step] if stop + step >= 0 else steep[start::step]
    calm = round(CALM * WORKING_RATE)
    quiet = (path < low).tobytes() + b"\1" * calm  # beyond the end it is calm
    k = quiet.find(b"\1" * calm)
    if k == len(path):
        return float(stop)
    if k == 0:
        return float(start)
    above, below = path[k - 1], path[k]
    part = (above - low) / (above - below) if above > below else 1.0
    return start + step * (k - 1 + min(max(float(part), 0.0), 1.0))
