"""The deflections of one lead: q, r, s, r', s', their durations, notches, and the P wave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from cardioalert.dsp import Floats, gradient, smooth
from cardioalert.measure.preparation import WORKING_RATE

SMALLEST_WAVE: Final = 0.03  # mV, with two opposite slopes (IEC 60601-2-51 Annex GG)
SHORTEST_WAVE: Final = 0.006  # s
NOISE_FACTOR: Final = 3.0  # deviations of the median beat that a deflection must exceed
INITIAL: Final = 0.030  # s of the QRS in which a delta wave shows
NOTCH_DEPTH: Final = 0.05  # mV, or this share of R if that is more
NOTCH_HEIGHT: Final = 0.5  # of R: a notch below is not near its top
SLUR: Final = 0.15  # of the steepest slope: the limb nearly stops
SLUR_LENGTH: Final = 0.010  # s
RUNS_INTO_ST: Final = 0.2  # mV at the end of a QRS without any wave: not a J point but a height
END_NOTCH: Final = 0.02  # mV, rise and fall of a notch at the end of the QRS
JP_BELOW: Final = 0.5  # of R: a notch must lie in the lower half of the descent
P_LEVEL_WIDTH: Final = 0.012  # s before P that give its reference level
P_NOTCH: Final = 0.1  # of the smaller peak of a notched P, the depth of its notch
P_CALM: Final = 5  # samples over which P is smoothed before its peaks are counted
HALF_PEAK: Final = 0.5  # of the height of P: a lower peak is not one of its two


@dataclass(frozen=True, slots=True, kw_only=True)
class Deflection:
    """One deflection of a QRS.

    Attributes
    ----------
    start, end : int, samples; `end` is past it
    peak : int, sample
    voltage : float, mV, signed
    """

    start: int
    end: int
    peak: int
    voltage: float


def deflections(signal: Floats, *, smallest: float) -> list[Deflection]:
    """Return the alternating deflections of a QRS that are real waves.

    A real wave rises and falls by `smallest` at least and lasts; what does not is merged into its
    neighbours. An offset at the J point that never comes back is ST, not a wave.

    Parameters
    ----------
    signal : float array, shape (samples,), mV
        From QRS onset to J point, zero at the onset.
    smallest : float, mV
    """
    if len(signal) == 0:
        return []
    signs = np.sign(signal)
    edges = (signs[1:] != signs[:-1]).nonzero()[0] + 1
    values = signal.tolist()  # from here on a loop takes less than calls of numpy
    waves: list[Deflection] = []
    for start, end in pairwise([0, *edges.tolist(), len(values)]):
        if end - start < SHORTEST_WAVE * WORKING_RATE:
            continue
        wave = _deflection(values, start, end)
        if wave is None or not _is_real(values, wave, smallest):
            continue
        if waves and (waves[-1].voltage > 0) == (wave.voltage > 0):
            waves[-1] = _merged(waves[-1], wave)
        else:
            waves.append(wave)
    return waves


def qrs_voltages(signal: Floats, *, first: float, last: float, noise: float) -> dict[str, Any]:
    """Return the QRS fields of `LeadMeasurements` for one lead.

    Where the QRS does nothing but climb into an ST far from the base line, it has a height nobody
    can tell from that of ST: R (or S) is None then, not 0.0.

    Parameters
    ----------
    signal : float array, shape (samples,), mV
        Median beat, zero at the QRS onset.
    first, last : float, samples
        Bounds of the QRS in this lead.
    noise : float, mV
        Of the median beat.
    """
    start, end = max(0, int(np.floor(first))), int(np.ceil(last)) + 1
    piece = signal[start:end]
    if len(piece) < 3 or np.isnan(piece).any():
        return {}
    waves = deflections(piece, smallest=max(SMALLEST_WAVE, NOISE_FACTOR * noise))
    steep = np.abs(gradient(piece)) * WORKING_RATE
    initial, steepest = steep[: round(INITIAL * WORKING_RATE)], float(steep.max())
    values = _named(waves)
    if not waves and abs(piece[-1]) >= RUNS_INTO_ST:
        name = "r" if piece[-1] > 0 else "s"
        values |= {name: None, f"{name}_duration": None}
    values["qrs_peak_to_peak"] = float(piece.max() - piece.min())
    values["initial_slope_ratio"] = float(initial.mean()) / steepest if steepest else None
    upward = [wave for wave in waves if wave.voltage > 0]
    if upward:
        values["r_peak_time"] = (start + upward[-1].peak - first) / WORKING_RATE
        tallest = max(upward, key=lambda wave: wave.voltage)
        values["notched_r"] = _is_notched(piece.tolist(), tallest)
        descent = signal[start + upward[-1].peak : end + round(0.02 * WORKING_RATE)]
        values["end_qrs_notch"] = _end_notch(descent.tolist())
    return values


def p_voltages(
    signal: Floats, *, first: float, last: float, begun: float, noise: float
) -> dict[str, Any]:
    """Return the P fields of `LeadMeasurements` for one lead.

    Parameters
    ----------
    signal : float array, shape (samples,), mV
    first, last : float, samples
        Bounds of P.
    begun : float, samples
        Where P begins over all leads: the level before it is the reference. A lead whose own onset
        is found late has no level of its own left, and a PR segment below it would be taken for P.
    noise : float, mV
        Of the median beat.
    """
    start, end = max(0, int(np.floor(first))), int(np.ceil(last)) + 1
    piece = signal[start:end]
    if len(piece) < 5 or np.isnan(piece).any():
        return {}
    level_end = min(start, max(0, int(np.floor(begun))))
    before = signal[max(0, level_end - round(P_LEVEL_WIDTH * WORKING_RATE)) : level_end + 1]
    before = before[~np.isnan(before)]
    if len(before) == 0:  # the lead begins with its P, as at a border of a page
        return {}
    piece = piece - float(before.mean())
    values = piece.tolist()
    least = max(SMALLEST_WAVE / 2, NOISE_FACTOR * noise)
    top, bottom = max(values), min(values)
    larger = top if top >= -bottom else bottom
    peak = values.index(larger)
    # A negative end counts only after a positive beginning, or as the whole of P.
    half = len(values) // 2 if bottom > -least or peak >= len(values) // 2 else 0
    late = values[half if top >= least else len(values) // 2 :]
    deepest = min(late) if min(late) <= -least else 0.0
    below = sum(value < -least / 2 for value in late) if deepest else 0
    return {
        "p": larger if abs(larger) >= least else 0.0,
        "p_duration": (last - first) / WORKING_RATE,
        "p_terminal": deepest,
        "p_terminal_duration": below / WORKING_RATE,
        "p_peaks_apart": _peaks_apart(math.copysign(1.0, larger) * piece, least),
    }


def _peaks_apart(piece: Floats, least: float) -> float:
    """Return the time between the two largest peaks of a notched P, seconds; 0.0 with one peak.

    A notch is a valley that both peaks overlook by `P_NOTCH` of the smaller one.
    """
    calm = smooth(piece, width=P_CALM)
    rises = calm[1:] > calm[:-1]
    tops = (rises[:-1] & ~rises[1:]).nonzero()[0] + 1
    tops = tops[calm[tops] >= max(least, HALF_PEAK * float(calm.max()))]
    widest = 0.0
    for one, other in pairwise(tops.tolist()):
        valley = float(calm[one:other].min())
        smaller = float(min(calm[one], calm[other]))
        if smaller - valley >= max(P_NOTCH * smaller, least / 2):
            widest = max(widest, (other - one) / WORKING_RATE)
    return widest


def _deflection(values: list[float], start: int, end: int) -> Deflection | None:
    """Return the deflection between two crossings of zero."""
    piece = values[start:end]
    voltage = max(piece) if piece[0] > 0 else min(piece)
    if voltage == 0:
        return None
    return Deflection(start=start, end=end, peak=start + piece.index(voltage), voltage=voltage)


def _is_real(values: list[float], wave: Deflection, smallest: float) -> bool:
    """Tell whether a deflection goes up and comes back by enough; inside it crosses zero."""
    rise = fall = abs(wave.voltage)
    if wave.start == 0:
        rise -= min(map(abs, values[: wave.peak + 1]))
    if wave.end == len(values):
        fall -= min(map(abs, values[wave.peak :]))
    return min(rise, fall) >= smallest


def _merged(one: Deflection, other: Deflection) -> Deflection:
    """Return two deflections of the same sign as one, with what little lies between them."""
    taller = one if abs(one.voltage) >= abs(other.voltage) else other
    return Deflection(start=one.start, end=other.end, peak=taller.peak, voltage=taller.voltage)


def _named(waves: list[Deflection]) -> dict[str, Any]:
    """Return q, r, s, r' and s' with the durations of the first three; 0.0 where absent."""
    names = ("q", "q_duration", "r", "r_duration", "s", "s_duration", "r_prime", "s_prime")
    values: dict[str, Any] = dict.fromkeys(names, 0.0)
    values["qs"] = False
    upward = 0
    downward = 0
    for wave in waves:
        if wave.voltage > 0:
            upward += 1
            name = {1: "r", 2: "r_prime"}.get(upward)
        elif upward == 0:
            name = "q"
        else:
            downward += 1
            name = {1: "s", 2: "s_prime"}.get(downward)
        if name:
            values[name] = wave.voltage
            if f"{name}_duration" in values:
                values[f"{name}_duration"] = (wave.end - wave.start) / WORKING_RATE
    if waves and upward == 0:
        values.update(qs=True, s=values["q"], s_duration=values["q_duration"])
    return values


def _is_notched(piece: list[float], wave: Deflection) -> bool:
    """Tell whether R has a notch (two peaks) or a slur (a limb nearly stops) in its upper half."""
    high = piece[wave.start : wave.end]
    depth = max(NOTCH_DEPTH, NOTCH_DEPTH * wave.voltage)
    half, near_top = NOTCH_HEIGHT * wave.voltage, 0.9 * wave.voltage
    peak = wave.peak - wave.start
    for limb in (high[: peak + 1], high[peak:][::-1]):
        # A notch is where the limb falls on its way to the peak.
        top = limb[0]
        for value in limb:
            if value > top:
                top = value
            elif value >= half and top - value >= depth:
                return True
        climb = [after - before for before, after in pairwise(limb)]
        if len(climb) < 3:
            continue
        slow = SLUR * max(climb)
        upper = [
            value
            for step, value in zip(climb, limb[1:], strict=True)
            if step < slow and half <= value <= near_top
        ]
        if len(upper) >= SLUR_LENGTH * WORKING_RATE:
            return True
    return False


def _end_notch(descent: list[float]) -> float:
    """Return the height of a notch on the last descent, else 0.0.

    Macfarlane et al. 2015 (10.1016/j.jacc.2015.05.033): Jp is the peak of the notch, in the lower
    half of the descent of a prominent R. Slurs count there too, but are not looked for here: every
    descent slows down where it ends, and calling that a slur made a third of normal people ill.
    """
    if len(descent) < 4 or any(map(math.isnan, descent)):
        return 0.0
    low = JP_BELOW * descent[0]
    for top in range(1, len(descent) - 1):
        height = descent[top]
        if not (descent[top - 1] < height <= low and height > 0 and descent[top + 1] <= height):
            continue
        if height - max(min(descent[:top]), min(descent[top:])) >= END_NOTCH:
            return height
    return 0.0
