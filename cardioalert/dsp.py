"""Signal processing that several stages share: gaps, sampling rates, filters, slopes.

Signals are arrays of shape (..., samples) whose last axis is time. Nothing here shifts a wave in
time: every filter is symmetric or runs forwards and backwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST_EXCHANGED = 15  # rows up to which exchanging neighbours is the quickest way to sort
SHORT = 200_000  # samples whose whole spectrum is taken at once
FORGOTTEN = 1e-9  # of a sample: what a recursive filter may still hold of it when it is ignored
RATIO_LIMIT = 1000  # largest numerator and denominator when two sampling rates are compared


def fill_gaps(signal: NDArray[np.floating[Any]]) -> Floats:
    """Return the signal with NaN replaced: a straight line inside, the nearest value at the ends.

    Parameters
    ----------
    signal : float array, shape (leads, samples)

    Returns
    -------
    float64 array, same shape
        Zero in a lead without any value.
    """
    filled = np.array(signal, dtype=np.float64)
    if not np.isnan(filled).any():
        return filled
    clock = np.arange(filled.shape[-1])
    for row in filled:
        missing = np.isnan(row)
        if missing.all():
            row[:] = 0.0
        elif missing.any():
            row[missing] = np.interp(clock[missing], clock[~missing], row[~missing])
    return filled


def stretches(here: Mask) -> list[tuple[int, int]]:
    """Return the first and the past-the-last sample of each stretch of True.

    Parameters
    ----------
    here : bool array, shape (samples,)
    """
    if here.all():
        return [(0, len(here))] if len(here) else []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], here, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def resample(signal: NDArray[np.floating[Any]], *, from_rate: float, to_rate: float) -> Floats:
    """Return a signal at another sampling rate, band-limited; NaN stay where they were.

    Parameters
    ----------
    signal : float array, shape (leads, samples)
    from_rate, to_rate : float, Hz

    Returns
    -------
    float64 array, shape (leads, about samples * to_rate / from_rate)
        The first sample of both stands for the same instant.
    """
    ratio = Fraction(to_rate / from_rate).limit_denominator(RATIO_LIMIT)
    if ratio == 1 or signal.shape[-1] < 2:
        return np.array(signal, dtype=np.float64)
    present = ~np.isnan(signal)
    filled = fill_gaps(signal)
    resampled: Floats
    if ratio.numerator == 1 and signal.shape[-1] <= SHORT:
        resampled = _thinned(filled, ratio.denominator)
    else:
        from scipy.signal import resample_poly  # noqa: PLC0415 - slow to import

        resampled = resample_poly(
            filled,
            ratio.numerator,
            ratio.denominator,
            axis=-1,
            window=_anti_alias(max(ratio.numerator, ratio.denominator)),
            padtype="line",
        )
    if present.all():
        return resampled
    nearest = np.round(np.arange(resampled.shape[-1]) / float(ratio)).astype(np.intp)
    kept = present[..., np.minimum(nearest, signal.shape[-1] - 1)]
    resampled[~kept] = np.nan
    return resampled


@cache
def _anti_alias(rate: int) -> Floats:
    """Design the low-pass of `resample_poly` once: by default it does so at every call."""
    from scipy.signal import firwin  # noqa: PLC0415 - slow to import

    taps: Floats = firwin(20 * rate + 1, 1.0 / rate, window=("kaiser", 5.0))
    return taps


def resample_to_each(
    signal: Floats, *, from_rate: float, to_rates: tuple[float, ...]
) -> list[Floats]:
    """Return a gapless signal at several rates: thinned from one spectrum where it can be."""
    ratios = [Fraction(rate / from_rate).limit_denominator(RATIO_LIMIT) for rate in to_rates]
    thinned = all(ratio.numerator == 1 < ratio.denominator for ratio in ratios)
    if thinned and 2 <= signal.shape[-1] <= SHORT:
        return _thinned_each(signal, *(ratio.denominator for ratio in ratios))
    return [resample(signal, from_rate=from_rate, to_rate=rate) for rate in to_rates]


def _thinned(signal: Floats, step: int) -> Floats:
    """Return every `step`-th sample of the low-passed signal, (leads, samples)."""
    return _thinned_each(signal, step)[0]


def _thinned_each(signal: Floats, *steps: int) -> list[Floats]:
    """Return every `step`-th sample of the low-passed signal, (leads, samples), for each step.

    What `resample_poly` does with the same taps, by way of the spectrum, in half the time: the
    spectrum of every `step`-th sample is that of all, folded.
    """
    from scipy import fft  # noqa: PLC0415 - slow to import

    samples, common = signal.shape[-1], math.lcm(*steps)
    line = signal[:, :1] + (signal[:, -1:] - signal[:, :1]) * _shares(samples)
    size = common * fft.next_fast_len((samples + 10 * max(steps)) // common + 1, real=True)
    spectrum = fft.rfft(signal - line, size, axis=-1)  # so the ends do not leap
    found = []
    for step in steps:
        few = size // step
        passed = spectrum * _response(step, size)
        half = few // 2 + 1
        folded = passed[:, :half].copy()
        for copy in range(1, step // 2 + 1):
            middle = copy * few
            folded += passed[:, middle : middle - half : -1].conj()
            if 2 * copy < step:
                folded += passed[:, middle : middle + half]
        count = -(-samples // step)
        thinned: Floats = fft.irfft(folded, few, axis=-1, overwrite_x=True)[:, :count]
        thinned += line[:, ::step]
        found.append(thinned)
    return found


@lru_cache(maxsize=16)
def _shares(samples: int) -> Floats:
    """Return how far each sample is from the first to the last, 0-1."""
    return np.arange(samples) / (samples - 1)


@lru_cache(maxsize=16)
def _response(step: int, size: int) -> Floats:
    """Return what the low-pass leaves of each frequency of `size` samples, shared by copies."""
    taps, middle = _anti_alias(step), 10 * step
    around = np.zeros(size)
    around[: middle + 1], around[-middle:] = taps[middle:], taps[:middle]
    response: Floats = np.fft.rfft(around).real / step
    return response


def band_pass(signal: Floats, *, sampling_rate: float, low: float, high: float) -> Floats:
    """Return the part of a gapless signal between two frequencies, without delay.

    Parameters
    ----------
    signal : float array, shape (..., samples), without NaN
    sampling_rate, low, high : float, Hz
        `high` is lowered to 45 % of the sampling rate.
    """
    reach = min(round(sampling_rate / low), signal.shape[-1] - 1)
    band = (low, min(high, 0.45 * sampling_rate))
    return butterworth(2, band, "bandpass", sampling_rate).both_ways(signal, padding=reach)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filter:
    """A recursive filter.

    Attributes
    ----------
    ahead, back : float arrays, shape (order + 1,)
        What it takes of the samples that go in, and of those that came out.
    steady : float array, shape (order,)
        Its state after a long stretch of ones.
    memory : int, samples
        After which less than `FORGOTTEN` of anything is left; 0 where it keeps a level forever.
    """

    ahead: Floats
    back: Floats
    steady: Floats
    memory: int = 0

    def both_ways(self, signal: Floats, *, padding: int) -> Floats:
        """Filter a gapless signal, (leads, samples), forwards and backwards: no wave moves.

        What `scipy.signal.filtfilt` does; that solves for the steady state at every call, which
        takes as long as filtering two leads. Sections of second order would take a third longer,
        and differ by less than a millionth of a millionth of the signal at our low orders.
        """
        first, last = signal[:, :1], signal[:, -1:]
        before, after = signal[:, padding:0:-1], signal[:, -2 : -(padding + 2) : -1]
        values = np.concatenate([2 * first - before, signal, 2 * last - after], axis=1)
        samples = values.shape[1]
        if self.memory and 4 * self.memory < samples <= SHORT:
            values = self._by_spectrum(values)
        else:
            values = self._there_and_back(values)
        return values[:, padding : samples - padding] if padding else values

    def _there_and_back(self, values: Floats) -> Floats:
        """Run over the samples one after the other, in both directions."""
        from scipy.signal import lfilter  # noqa: PLC0415 - slow to import

        for _direction in ("forwards", "backwards"):
            values, _ = lfilter(
                self.ahead, self.back, values, axis=1, zi=self.steady * values[:, :1]
            )
            values = values[:, ::-1]
        return values

    def _by_spectrum(self, values: Floats) -> Floats:
        """Do the same by way of the spectrum, in six tenths of the time.

        Running forwards is cut off at the last sample, and running backwards begins there at rest;
        the spectrum knows neither. What the two leave over follows from the state at the last
        sample, and has died away after `memory` samples.
        """
        from scipy import fft  # noqa: PLC0415 - slow to import
        from scipy.signal import lfilter  # noqa: PLC0415 - slow to import

        samples = values.shape[1]
        values -= values[:, :1]
        size = fft.next_fast_len(samples + self.memory, real=True)
        spectrum = fft.rfft(values, size, axis=1)
        spectrum *= _power(self, size)
        filtered: Floats = fft.irfft(spectrum, size, axis=1, overwrite_x=True)[:, :samples]
        ending = values[:, samples - self.memory :]
        ended, state = lfilter(
            self.ahead, self.back, ending, axis=1, zi=np.zeros((len(values), len(self.steady)))
        )
        over = np.concatenate([state, ended[:, -1:]], axis=1) @ _left_over(self)
        filtered[:, samples - over.shape[1] :] -= over
        return filtered


@lru_cache(maxsize=16)
def _power(filter_: Filter, size: int) -> Floats:
    """Return what running a filter both ways leaves of each frequency of `size` samples."""
    ahead, back = (np.fft.rfft(taps, size) for taps in (filter_.ahead, filter_.back))
    power: Floats = np.abs(ahead / back) ** 2
    return power


@lru_cache(maxsize=16)
def _left_over(filter_: Filter) -> Floats:
    """Return what running backwards makes of a unit of each state, and of a last sample of one.

    Shape (order + 1, samples): the last samples of a signal. What goes on by itself from a state
    lies behind the last sample, and is what a filter that knew no end would have run over before.
    """
    from scipy.signal import lfilter  # noqa: PLC0415 - slow to import

    order, span = len(filter_.steady), filter_.memory
    nothing = np.zeros((order, span))
    behind, _ = lfilter(filter_.ahead, filter_.back, nothing, axis=1, zi=np.eye(order))
    level = np.concatenate([np.zeros(span), np.ones(span)])
    late = np.concatenate([behind[:, ::-1], np.zeros((order, span))], axis=1)
    left: Floats = lfilter(filter_.ahead, filter_.back, np.vstack([late, level]), axis=1)
    return np.ascontiguousarray(left[:, span:][:, ::-1])


@cache
def butterworth(
    order: int, band: float | tuple[float, float], kind: str, sampling_rate: float
) -> Filter:
    """Design a Butterworth filter once: it takes as long as filtering a lead."""
    from scipy.signal import butter, lfilter_zi  # noqa: PLC0415 - slow to import

    ahead, back = butter(order, band, btype=kind, fs=sampling_rate)
    keeps_level = kind == "lowpass"
    slowest = np.abs(np.roots(back)).max()
    memory = 0 if keeps_level else int(np.ceil(np.log(FORGOTTEN) / np.log(slowest)))
    return Filter(ahead=ahead, back=back, steady=lfilter_zi(ahead, back), memory=memory)


def smooth(signal: Floats, *, width: int) -> Floats:
    """Return the centred moving average over `width` samples; the ends are held."""
    from scipy.ndimage import uniform_filter1d  # noqa: PLC0415 - slow to import

    if width <= 1 or signal.size == 0:
        return signal
    averaged = np.empty_like(signal)  # handed in: scipy takes as long to make one as to average
    uniform_filter1d(signal, width, axis=-1, output=averaged, mode="nearest")
    # The running sum behind it loses digits; an average never leaves the range of its values.
    np.maximum(averaged, signal.min(), out=averaged)
    bounded: Floats = np.minimum(averaged, signal.max(), out=averaged)
    return bounded


def slope(signal: Floats, *, sampling_rate: float, width: int) -> Floats:
    """Return the slope per second, smoothed over `width` samples; the ends are held.

    The mean of central differences is a difference of four samples, however many it is taken over.

    Parameters
    ----------
    signal : float array, shape (..., samples)
    sampling_rate : float, Hz
    width : int, samples, odd
    """
    samples, reach = signal.shape[-1], (width + 1) // 2
    if samples < 2:
        return np.zeros_like(signal)
    # Beyond the ends it goes on as straight as it arrives there.
    long = np.empty((*signal.shape[:-1], samples + 2 * reach), dtype=signal.dtype)
    long[..., reach:-reach] = signal
    steps = np.arange(1, reach + 1)
    first, last = signal[..., :1], signal[..., -1:]
    long[..., :reach] = first - (signal[..., 1:2] - first) * steps[::-1]
    long[..., -reach:] = last + (last - signal[..., -2:-1]) * steps
    steep = long[..., 2 * reach :] + long[..., 2 * reach - 1 : -1]
    steep -= long[..., :samples]
    steep -= long[..., 1 : samples + 1]
    steep *= sampling_rate / (2 * width)
    return steep


def gradient(signal: Floats) -> Floats:
    """Return the slope per sample, as `np.gradient` does in three times the time.

    Parameters
    ----------
    signal : float array, shape (..., samples), at least two samples
    """
    steep = np.empty_like(signal)
    np.subtract(signal[..., 2:], signal[..., :-2], out=steep[..., 1:-1])
    steep[..., 1:-1] /= 2.0
    steep[..., 0] = signal[..., 1] - signal[..., 0]
    steep[..., -1] = signal[..., -1] - signal[..., -2]
    return steep


def remove_line_noise(signal: Floats, *, sampling_rate: float) -> Floats:
    """Return a gapless signal without 50 or 60 Hz hum, where there is such hum.

    A band of 0.6 Hz is taken out of the spectrum of a lead in which it stands out ten-fold; so
    narrow a band leaves no ringing beside a QRS that could be seen.
    """
    samples = signal.shape[-1]
    if samples < 2 * sampling_rate:
        return signal
    from scipy import fft  # noqa: PLC0415 - slow to import, and a third quicker than that of numpy

    spectrum: NDArray[np.complex128] | None = None
    humming = np.zeros(len(signal), dtype=np.bool_)
    for hum in (50.0, 60.0):
        if sampling_rate < 2.2 * hum:
            continue
        if spectrum is None:
            spectrum = fft.rfft(signal, axis=-1)
        line, beside = _line_and_beside(samples, sampling_rate, hum)
        around = row_quantiles(np.abs(spectrum[:, beside]), 0.5)[0]
        loud = np.abs(spectrum[:, line]).max(axis=-1) > 10 * around
        if loud.any():
            humming |= loud
            spectrum[np.ix_(loud, line)] = 0.0
    if spectrum is None or not humming.any():
        return signal
    clean = signal.copy()
    clean[humming] = fft.irfft(spectrum[humming], samples, axis=-1)
    return clean


@lru_cache(maxsize=16)
def _line_and_beside(
    samples: int, sampling_rate: float, hum: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which places of a spectrum belong to a hum, and which lie beside it."""
    near = np.abs(np.fft.rfftfreq(samples, 1 / sampling_rate) - hum)
    return np.flatnonzero(near <= 0.3), np.flatnonzero((near > 1) & (near < 5))


def median(values: NDArray[np.floating[Any]]) -> float:
    """Return the median of some numbers, as `np.median` does in ten times the time.

    Parameters
    ----------
    values : float array, shape (count,), not empty
    """
    return quantile(values, 0.5)


def quantile(values: NDArray[np.floating[Any]], share: float) -> float:
    """Return a quantile of some numbers, as `np.quantile` does in twenty times the time.

    Parameters
    ----------
    values : float array, shape (count,), not empty
    share : float, 0-1
    """
    return quantile_of_sorted(np.sort(values), share)


def quantile_of_sorted(ordered: NDArray[np.floating[Any]], share: float) -> float:
    """Return a quantile of rising numbers, of which NaN are the last.

    Parameters
    ----------
    ordered : float array, shape (count,), not empty
    share : float, 0-1
    """
    last = len(ordered) - 1
    if math.isnan(ordered[last]):
        return float("nan")
    place = last * share
    before = int(place)
    part = place - before
    low, high = ordered[before], ordered[min(before + 1, last)]
    if part == 0.0:
        return float(low)
    if part == 0.5:  # the usual median
        return float((low + high) / 2)
    step = high - low
    return float(low + step * part if part < 0.5 else high - step * (1 - part))


def row_quantiles(values: Floats, *shares: float) -> tuple[Floats, ...]:
    """Return quantiles of each row, as `np.quantile` does in ten times the time.

    Partitioning at one rank is vectorized in numpy, at several ranks it is not; what lies above one
    rank holds the next.

    Parameters
    ----------
    values : float array, shape (rows, count), not empty, without NaN
    shares : float, 0-1, rising

    Returns
    -------
    float array, shape (rows,), for each share
    """
    last = values.shape[1] - 1
    found = []
    above, below = values, 0  # the highest values, and how many lie below them
    for share in shares:
        rank = int(last * share)
        part = last * share - rank
        above = np.partition(above, rank - below, axis=1)[:, rank - below :]
        below = rank
        low = above[:, 0]
        high = above[:, 1:].min(axis=1) if rank < last else low
        step = high - low
        found.append(low + step * part if part < 0.5 else high - step * (1 - part))
    return tuple(found)


def sort_few(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sort along the first axis, over which there are few values: a dozen beats, not a thousand.

    Neighbours are exchanged until all stand in order (odd-even sort). Each exchange serves all
    columns at once, which for a dozen rows takes a tenth of the time of `np.sort`.

    Parameters
    ----------
    values : float array, shape (rows, ...), without NaN
    """
    count = len(values)
    if count > MOST_EXCHANGED:
        return np.sort(values, axis=0)
    rows = values.copy()
    for turn in range(count):
        one, other = rows[turn % 2 : -1 : 2], rows[turn % 2 + 1 :: 2]
        lower = np.minimum(one[: len(other)], other)
        np.maximum(one[: len(other)], other, out=other)
        one[: len(other)] = lower
    return rows


def parabola_peak(before: float, top: float, after: float) -> float:
    """Return where a parabola through three neighbours peaks, in samples from the middle one."""
    bend = before - 2 * top + after
    if bend == 0:
        return 0.0
    return min(max(float(0.5 * (before - after) / bend), -0.5), 0.5)
