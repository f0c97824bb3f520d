"""Where the beats are: two detectors of different kinds, and how far they agree.

The first follows the steepness of all leads that are present at an instant; the second (Elgendi,
PLoS ONE 2013;8:e73557, applied to the energy of all leads) compares two moving averages. Changed
against that paper: 8-20 Hz energy summed over leads, and no further threshold on the width.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import (
    Floats,
    Mask,
    band_pass,
    median,
    quantile,
    row_quantiles,
    slope,
    smooth,
    stretches,
)
from cardioalert.measure.preparation import WORKING_RATE, Prepared

Peaks = NDArray[np.intp]

REFRACTORY: Final = 0.2  # s between two QRS
HUMP: Final = 0.06  # s over which steepness is averaged
THRESHOLD: Final = 0.30  # of the usual height of a beat
SURE: Final = 0.5  # of the usual height: a beat whatever the other detector says
SEARCH_BACK: Final = 1.66  # median RR without a beat: look again (Pan and Tompkins 1985)
SEARCH_BACK_THRESHOLD: Final = 0.5  # of the usual threshold
STANDS_OUT: Final = 2.0  # height of a beat over the median steepness; less is noise
T_WAVE_UNTIL: Final = 0.36  # s after a QRS in which a lower hump may be its T wave
T_WAVE_HEIGHT: Final = 0.5  # of the QRS before it
PULSE_HEIGHT, PULSE_VOLTAGE = 0.75, 0.35  # of the QRS after it: steep and low is a pacing pulse
CUT: Final = 0.06  # s from the ends of a record or lead, within which a QRS is not whole
TOO_EARLY: Final = 0.9  # of the usual distance of beats: such a beat must be seen whole
VOLTAGE_BAND, TALL = (1.0, 30.0), 0.7  # Hz, of the voltage of the other beats
AGREE_WITHIN: Final = 0.15  # s
QRS_REACH: Final = 0.08  # s on either side of the steepest instant that hold the R peak
ONE_LEAD_AT_MOST: Final = 1.5  # of the slope of its own QRS
NORMAL_PEAK: Final = 98.0  # percentile of steepness that stands for a QRS
RARE_PEAK, RARE_SHARE = 99.8, 0.1  # a tenth of this one stands for it when beats are very rare
LOWEST_LEVEL: Final = 0.3  # of the highest evidence in the record


def find_beats(prepared: Prepared, others: Peaks) -> Peaks:
    """Return the R peaks found by steepness, as samples at the working rate, increasing.

    Parameters
    ----------
    prepared : Prepared
    others : int array, samples
        Beats found in another way (`find_beats_by_energy`): one that is not steep must be among
        them, or it is a T wave or noise.
    """
    evidence = _steepness(prepared)
    if evidence.max(initial=0.0) <= 0:
        return np.zeros(0, dtype=np.intp)
    level = _usual_height(evidence)
    candidates = _local_maxima(evidence)
    heights = evidence[candidates] / level[candidates]
    sure = _near_to_any(candidates, others, round(AGREE_WITHIN * WORKING_RATE))
    sure |= heights >= SURE
    found = candidates[(heights >= THRESHOLD) & sure]
    found = _without_pulses(_without_t_waves(found, evidence), evidence, prepared)
    found = _without_cut(_search_back(found, candidates, heights, sure, prepared), prepared)
    return _on_r_peaks(found, prepared)


def find_beats_by_energy(prepared: Prepared) -> Peaks:
    """Return the beats found by two moving averages of the energy, for comparison."""
    if prepared.samples < 2 or not prepared.leads:
        return np.zeros(0, dtype=np.intp)
    energy = np.abs(band_pass(prepared.signal, sampling_rate=WORKING_RATE, low=8.0, high=20.0))
    energy /= _scale(energy, prepared.present)
    energy = _mean_of_present(np.square(energy, out=energy), prepared)
    short = smooth(energy, width=round(0.10 * WORKING_RATE))
    long = smooth(energy, width=round(0.60 * WORKING_RATE))
    inside = short > long + 0.08 * energy.mean()
    blocks = [(a, b) for a, b in stretches(inside) if b - a >= 0.06 * WORKING_RATE]
    peaks = [a + int(np.argmax(short[a:b])) for a, b in blocks]
    kept: list[int] = []
    for peak in peaks:
        if kept and peak - kept[-1] < 0.25 * WORKING_RATE:
            if short[peak] > short[kept[-1]]:
                kept[-1] = peak
        else:
            kept.append(peak)
    found = np.array(kept, dtype=np.intp)
    height = short[found]
    usual = median(height) if len(found) else 0.0
    return found[height > 0.1 * usual]


def agreement(one: Peaks, other: Peaks, *, samples: int) -> float:
    """Return the F1 of two lists of beats (bSQI), 0-1; beats cut by the ends do not count.

    Parameters
    ----------
    one, other : int arrays, samples at the working rate
    samples : int
        Length of the record.
    """
    near = round(AGREE_WITHIN * WORKING_RATE)
    matched = _near_to_any(one, other, near)
    back = _near_to_any(other, one, near)
    inner_one = (one > near) & (one < samples - near)
    inner_other = (other > near) & (other < samples - near)
    total = np.count_nonzero(matched | inner_one) + np.count_nonzero(back | inner_other)
    return float((matched.sum() + back.sum()) / total) if total else 0.0


def _near_to_any(peaks: Peaks, others: Peaks, near: int) -> Mask:
    """Tell for each peak whether another list has one within `near` samples."""
    if len(others) == 0 or len(peaks) == 0:
        return np.zeros(len(peaks), dtype=np.bool_)
    after = np.searchsorted(others, peaks)
    left = np.abs(peaks - others[np.maximum(after - 1, 0)])
    right = np.abs(peaks - others[np.minimum(after, len(others) - 1)])
    close: Mask = np.minimum(left, right) <= near
    return close


def _steepness(prepared: Prepared) -> Floats:
    """Return the mean slope over the leads present at each instant, shape (samples,).

    A mean of capped slopes, because an artefact in one lead must not make a beat.
    """
    if not prepared.leads:
        return np.zeros(prepared.samples)
    steep = slope(prepared.fast, sampling_rate=WORKING_RATE, width=3)
    np.abs(steep, out=steep)
    steep /= _scale(steep, prepared.present)
    np.minimum(steep, ONE_LEAD_AT_MOST, out=steep)
    together = _mean_where(steep, _whole_leads(prepared.present))
    return smooth(together, width=round(HUMP * WORKING_RATE))


def _whole_leads(present: Mask) -> Mask:
    """Return where leads are known that neither begin nor end nearby; all where there are none.

    Where two columns of a page meet, each lead shows a part of a QRS only, and a rhythm strip the
    whole.
    """
    if present.all():
        return present
    from scipy.ndimage import minimum_filter1d  # noqa: PLC0415 - slow to import

    width = 2 * round(CUT * WORKING_RATE) + 1
    whole = minimum_filter1d(present.view(np.uint8), width, axis=1, mode="nearest") > 0
    return np.where(whole.any(axis=0), whole, present)


def _scale(steep: Floats, present: Mask) -> Floats:
    """Return what a QRS measures in each lead, shape (leads, 1): robust, never zero."""
    thin = max(1, steep.shape[1] // 20_000)
    if present.all():
        usual, rare = row_quantiles(steep[:, ::thin], NORMAL_PEAK / 100, RARE_PEAK / 100)
        least: Floats = np.maximum(np.maximum(usual, RARE_SHARE * rare), 1e-9)
        return least[:, None]
    scales = np.full((len(steep), 1), 1e-9)
    for lead, (row, here) in enumerate(zip(steep, present, strict=True)):
        if here.any():
            usual, rare = np.percentile(row[here][::thin], (NORMAL_PEAK, RARE_PEAK))
            scales[lead] = max(usual, RARE_SHARE * rare, 1e-9)
    return scales


def _mean_of_present(values: Floats, prepared: Prepared) -> Floats:
    """Return the mean over the leads present at each instant, zero where there is none."""
    return _mean_where(values, prepared.present)


def _mean_where(values: Floats, counted: Mask) -> Floats:
    """Return the mean over the leads that count at each instant, zero where none does."""
    if counted.all():
        return np.asarray(values.sum(axis=0) / len(values))
    count = counted.sum(axis=0)
    total = np.where(counted, values, 0.0).sum(axis=0)
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1), 0.0)
    return mean


def _usual_height(evidence: Floats) -> Floats:
    """Return the height of a beat around each instant, shape (samples,); inf where none stands out.

    In blocks of one second at least a quarter hold a beat at any rate above 15 per minute.
    """
    block = round(WORKING_RATE)
    count = max(1, len(evidence) // block)
    tops = np.array([part.max() for part in np.array_split(evidence, count)])
    reach = 6
    around = [tops[max(0, k - reach) : k + reach + 1] for k in range(count)]
    level = np.array([quantile(part[part > 0], 0.75) if part.any() else np.inf for part in around])
    background = row_quantiles(evidence[None, evidence > 0], 0.5)[0][0]
    level[level < STANDS_OUT * background] = np.inf
    centres = (np.arange(count) + 0.5) * len(evidence) / count
    if np.isinf(level).all():
        return np.full(len(evidence), np.inf)
    level[np.isinf(level)] = level[np.isfinite(level)].max()
    level = np.maximum(level, LOWEST_LEVEL * evidence.max())
    return np.asarray(np.interp(np.arange(len(evidence)), centres, level))


def _local_maxima(evidence: Floats) -> Peaks:
    """Return the maxima at least a refractory period apart, higher ones first served."""
    from scipy.signal import find_peaks  # noqa: PLC0415 - slow to import

    padded = np.concatenate([[0.0], evidence, [0.0]])
    peaks, _ = find_peaks(padded, distance=round(REFRACTORY * WORKING_RATE))
    return np.asarray(peaks - 1, dtype=np.intp)


def _without_t_waves(found: Peaks, evidence: Floats) -> Peaks:
    """Return the beats without low humps that follow a beat as closely as its T wave does."""
    kept: list[int] = []
    for peak in found.tolist():
        follows = kept and peak - kept[-1] < T_WAVE_UNTIL * WORKING_RATE
        if follows and evidence[peak] < T_WAVE_HEIGHT * evidence[kept[-1]]:
            continue
        kept.append(peak)
    return np.array(kept, dtype=np.intp)


def _without_pulses(found: Peaks, evidence: Floats, prepared: Prepared) -> Peaks:
    """Return the beats without steep but low marks closely before a beat: pacing of the atria."""
    close = np.flatnonzero(np.diff(found) < T_WAVE_UNTIL * WORKING_RATE)
    close = close[evidence[found[close]] < PULSE_HEIGHT * evidence[found[close + 1]]]
    if len(close) == 0:
        return found
    voltage = _voltage(prepared)
    low = voltage[found[close]] < PULSE_VOLTAGE * voltage[found[close + 1]]
    return np.delete(found, close[low])


def _search_back(
    found: Peaks, candidates: Peaks, heights: Floats, sure: Mask, prepared: Prepared
) -> Peaks:
    """Return the beats with those added that a long gap makes likely.

    A beat that is not steep must be seen by the other detector or be as tall as the others, as a
    broad ventricular beat is; noise in a pause is neither.
    """
    if len(found) < 3:
        return found
    longest = SEARCH_BACK * _usual(found)
    gaps = [(one, other) for one, other in pairwise(found.tolist()) if other - one >= longest]
    if not gaps:
        return found
    voltage = _voltage(prepared)
    tall = TALL * float(np.median(voltage[found]))
    possible = (heights >= SEARCH_BACK_THRESHOLD * THRESHOLD) & (
        sure | (voltage[candidates] > tall)
    )
    margin = T_WAVE_UNTIL * WORKING_RATE
    added: list[int] = []
    for left, right in gaps:
        inside = possible & (candidates > left + margin) & (candidates < right - margin)
        if inside.any():
            added.append(int(candidates[inside][np.argmax(heights[inside])]))
    return np.sort(np.concatenate([found, np.array(added, dtype=np.intp)]))


def _without_cut(found: Peaks, prepared: Prepared) -> Peaks:
    """Return the beats without a first or last one that is cut by the end and out of rhythm.

    The rim of a sheet and the start of a recorder look like half a QRS.
    """
    if len(found) < 4:
        return found
    distance, early = np.diff(found), TOO_EARLY * _usual(found)
    first = found[0] < CUT * WORKING_RATE and distance[0] < early
    last = found[-1] >= prepared.samples - CUT * WORKING_RATE and distance[-1] < early
    return found[int(first) : len(found) - int(last)]


def _usual(found: Peaks) -> float:
    """Return the median distance of beats in samples."""
    return median(np.diff(found)) if len(found) > 1 else float("inf")


def _voltage(prepared: Prepared) -> Floats:
    """Return the largest voltage within a QRS around each instant, over the leads present."""
    from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 - slow to import

    low, high = VOLTAGE_BAND
    size = np.abs(band_pass(prepared.signal, sampling_rate=WORKING_RATE, low=low, high=high))
    together = _mean_of_present(size / _scale(size, prepared.present), prepared)
    highest: Floats = maximum_filter1d(together, 2 * round(QRS_REACH * WORKING_RATE) + 1)
    return highest


def _on_r_peaks(found: Peaks, prepared: Prepared) -> Peaks:
    """Return each beat moved to the largest voltage over the leads within its QRS."""
    size = np.abs(prepared.fast)
    size /= _scale(size, prepared.present)
    together = smooth(_mean_of_present(np.square(size, out=size), prepared), width=5)
    reach = round(QRS_REACH * WORKING_RATE)
    moved = []
    for peak in found.tolist():
        first = max(0, peak - reach)
        moved.append(first + int(np.argmax(together[first : peak + reach + 1])))
    return np.unique(np.array(moved, dtype=np.intp))
