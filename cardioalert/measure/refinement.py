"""Bounds found by rule and bounds found by the network, made one.

The rules say which waves there are: no wave is invented because a network expects one. Where a
wave begins and ends is then the mean of both opinions, which is better than either (docs/accuracy/
measure.md): the rules do not know how people mark a faint beginning of T, the network does not know
what it has never seen. How far the two differ, and how unsure the network is, become the error.
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats
from cardioalert.measure.averaging import Average
from cardioalert.measure.limbs import WaveBounds, earliest
from cardioalert.measure.preparation import WORKING_RATE
from cardioalert.measure.t_bounds import longest
from cardioalert.networks.delineator import BOUNDS, Delineated, delineate_beat

NETWORK_SHARE: Final = 0.5  # of the bounds of a lead
OF_ALL_SHARE: Final = 0.5  # of the network's own bounds over all leads against those of its leads
FARTHEST: Final = 0.08  # s; a bound the two put farther apart stays where the rules put it
LEAST: Final = MappingProxyType(
    {"p_on": 0.8, "p_off": 2.0, "qrs_on": 0.8, "qrs_off": 2.4, "t_on": 5.0, "t_off": 4.0}
)
"""Samples; the error of a bound over all leads that remains when nothing speaks for more.

These and the two shares were set so that about 70 % of the errors of PR, QRS and QT lie within one
uncertainty and 95 % within two, on LUDB records that the network had not seen.
"""
DOUBT_SHARE: Final = 0.25  # of the network's own deviation
APART_SHARE: Final = 0.35  # of the distance between rule and network


def refined(
    average: Average, *, p: WaveBounds | None, qrs: WaveBounds, t: WaveBounds | None
) -> tuple[WaveBounds | None, WaveBounds, WaveBounds | None]:
    """Return P, QRS and T of a median beat with the bounds of rules and network made one.

    Parameters
    ----------
    average : Average
    p, qrs, t : WaveBounds
        As the rules found them; None where there is no such wave.
    """
    seen = delineate_beat(average.signal, r_index=average.r_index, sampling_rate=WORKING_RATE)
    return (
        None if p is None else _one(p, seen, "p"),
        _one(qrs, seen, "qrs"),
        None if t is None else _one(t, seen, "t"),
    )


def _one(wave: WaveBounds, seen: Delineated, name: str) -> WaveBounds:
    """Return one wave with both opinions made one."""
    start, end = BOUNDS.index(f"{name}_on"), BOUNDS.index(f"{name}_off")
    on = _mixed(wave.on, seen.place[:, start])
    off = _mixed(wave.off, seen.place[:, end])
    first, first_error = _of_all(wave.first, earliest(on), seen, start)
    until = longest(off) if name == "t" else -earliest(-off)
    last, last_error = _of_all(wave.last, until, seen, end)
    if not first < last:
        return wave
    return replace(
        wave,
        on=on,
        off=off,
        first=first,
        last=last,
        first_error=first_error,
        last_error=last_error,
    )


def _mixed(rule: Floats, network: NDArray[np.float32]) -> Floats:
    """Return the bounds of the leads; NaN where the rules see no wave."""
    apart = np.abs(network - rule) > FARTHEST * WORKING_RATE
    mixed: Floats = (1 - NETWORK_SHARE) * rule + NETWORK_SHARE * network
    return np.where(apart, rule, mixed)


def _of_all(rule: float, leads: float, seen: Delineated, bound: int) -> tuple[float, float]:
    """Return a bound over all leads, and its error, samples."""
    network, doubt = float(seen.place_of_all[bound]), float(seen.doubt_of_all[bound])
    apart = abs(network - rule)
    place = leads
    if apart <= FARTHEST * WORKING_RATE:
        place = (1 - OF_ALL_SHARE) * leads + OF_ALL_SHARE * network
    return place, math.hypot(LEAST[BOUNDS[bound]], DOUBT_SHARE * doubt, APART_SHARE * apart)
