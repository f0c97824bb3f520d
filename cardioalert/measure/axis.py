"""Electrical axes in the frontal plane, and whether the limb leads add up."""

from __future__ import annotations

import math
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import Measured, not_measurable
from cardioalert.domain.record import LIMB_LEADS, Lead
from cardioalert.dsp import Floats, Mask, row_quantiles
from cardioalert.measure.intervals import Evidence
from cardioalert.measure.limbs import WaveBounds

DIRECTIONS: Final = MappingProxyType(
    {
        Lead.I: (1.0, 0.0),
        Lead.II: (0.5, np.sqrt(0.75)),
        Lead.III: (-0.5, np.sqrt(0.75)),
        Lead.AVR: (-0.75, -np.sqrt(0.1875)),
        Lead.AVL: (0.75, -np.sqrt(0.1875)),
        Lead.AVF: (0.0, np.sqrt(0.75)),
    }
)
"""Each limb lead as a projection of the frontal vector (x to the left arm, y to the feet).

So I = x and aVF = sqrt(3)/2 y: the axis atan2(y, x) is atan2(2/sqrt(3) aVF, I).
"""
BALANCED: Final = 0.15  # net over total area, below which up and down cancel
SMALLEST_VECTOR: Final = MappingProxyType({"p_axis": 0.02, "qrs_axis": 0.05, "t_axis": 0.03})
"""mV, mean over the wave; below, there is no axis."""
P_LEVEL: Final = 6  # samples up to the onset of P that give its level
METHOD_ERROR: Final = 5.0  # deg
WIDEST_ERROR: Final = 60.0  # deg; beyond, a direction says nothing


def axis_values(
    signal: Floats,
    leads: tuple[Lead, ...],
    waves: dict[str, WaveBounds | None],
    *,
    noise: Floats,
    evidence: Evidence,
) -> dict[str, Measured]:
    """Return `p_axis`, `qrs_axis` and `t_axis`.

    Parameters
    ----------
    signal : float array, shape (leads, samples), mV
        Median beat, zero at the QRS onset.
    leads : tuple of Lead
    waves : the wave behind each of the three names; None where it is absent
    noise : float array, shape (leads,), mV
        Of the median beat.
    evidence : Evidence
    """
    absent = {"p_axis": "no-p-wave", "qrs_axis": "no-qrs-bounds", "t_axis": "no-t-wave"}
    rows = [row for row, lead in enumerate(leads) if lead in LIMB_LEADS]
    values = {}
    for name, wave in waves.items():
        if wave is None:
            values[name] = not_measurable("deg", absent[name])
        elif len(rows) < 2:
            values[name] = not_measurable("deg", "limb-leads-missing")
        else:
            first, last = int(np.floor(wave.first)), int(np.ceil(wave.last)) + 1
            piece = signal[rows, max(0, first) : last]
            if name == "p_axis":
                before = signal[rows, max(0, first - P_LEVEL + 1) : first + 1]
                piece = piece - before.mean(axis=1, keepdims=True)
            limb = tuple(leads[row] for row in rows)
            values[name] = _axis(piece, limb, noise[rows], SMALLEST_VECTOR[name], evidence)
    return values


def einthoven_residual(
    signal: NDArray[np.float32], present: Mask, leads: tuple[Lead, ...]
) -> float | None:
    """Return the RMS of I + III - II where all three are present, mV; None where they never are.

    The level of each lead is removed: recorders filter the leads one by one.
    """
    if not {Lead.I, Lead.II, Lead.III} <= set(leads):
        return None
    one, two, three = (leads.index(lead) for lead in (Lead.I, Lead.II, Lead.III))
    common = present[one] & present[two] & present[three]
    if not common.any():
        return None
    rest = (signal[one] + signal[three] - signal[two])[common]
    rest -= row_quantiles(rest[None], 0.5)[0]
    return math.sqrt(np.square(rest, out=rest).mean())


@cache
def _projection(limb: tuple[Lead, ...]) -> tuple[Floats, Floats]:
    """Return how limb leads show a vector, (leads, 2), and the least squares back, (2, leads)."""
    projection = np.array([DIRECTIONS[lead] for lead in limb])
    return projection, np.linalg.pinv(projection)


def _axis(
    piece: Floats,
    limb: tuple[Lead, ...],
    noise: Floats,
    smallest: float,
    evidence: Evidence,
) -> Measured:
    """Return the direction of the mean vector of a wave, from all limb leads by least squares."""
    if piece.shape[1] == 0 or np.isnan(piece).any():
        return not_measurable("deg", "limb-leads-missing")
    projection, inverse = _projection(limb)
    vectors = inverse @ piece
    net = vectors.mean(axis=1)
    length = math.hypot(*net.tolist())
    total = float(np.hypot(*vectors).mean())
    if length < smallest or length < BALANCED * total:
        return not_measurable("deg", "axis-indeterminate")
    apart = (projection @ net - piece.mean(axis=1)).std()
    error = math.sqrt(float((noise**2).mean()) / len(limb)) + float(apart)
    uncertainty = math.hypot(METHOD_ERROR, math.degrees(math.atan2(error, length)))
    if uncertainty > WIDEST_ERROR:
        return not_measurable("deg", "axis-indeterminate")
    degrees = math.degrees(math.atan2(net[1], net[0]))
    return evidence.measured(degrees, unit="deg", uncertainty=evidence.widen(uncertainty))
