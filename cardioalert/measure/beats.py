"""Which beats look alike: shapes, the dominant one, and the class of every beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from cardioalert.dsp import Floats, Mask, parabola_peak
from cardioalert.measure.detection import Peaks
from cardioalert.measure.preparation import WORKING_RATE, Prepared

Real = TypeVar("Real", bound=np.floating)

SHAPE_REACH: Final = 0.10  # s on either side of R that are compared
SHIFT_REACH: Final = 0.05  # s by which a beat may be moved onto its shape
SAME_SHAPE: Final = 0.90  # correlation over all common leads
SHAPE_FALLBACK: Final = 0.75  # used when noise leaves no majority at SAME_SHAPE
CORE: Final = 0.04  # s around R that must exist for a lead to be compared
MOST_SHAPES: Final = 6  # other shapes that are looked for; further beats stand alone
MAJORITY: Final = 0.5  # share of the beats
MOST_COMPARED: Final = 300  # beats of a long record that choose the shapes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapes:
    """The beats of a record, each on its shape.

    Attributes
    ----------
    r : float array, shape (beats,), samples at the working rate
        R peaks aligned on the shape they belong to; fractions of a sample are kept.
    shape : int array, shape (beats,)
        0 is the dominant shape, 1 and higher the others, most frequent first.
    """

    r: Floats
    shape: NDArray[np.intp]

    def members(self, number: int) -> NDArray[np.intp]:
        """Return which beats have a shape."""
        return np.flatnonzero(self.shape == number)


def group_beats(peaks: Peaks, prepared: Prepared) -> Shapes:
    """Group beats by the correlation of their QRS over all common leads, and align them."""
    if len(peaks) == 0:
        return Shapes(r=np.zeros(0), shape=np.zeros(0, dtype=np.intp))
    qrs, whole = _complexes(peaks, prepared)
    shape, shift = _group(qrs, whole, SAME_SHAPE)
    if np.mean(shape == 0) < MAJORITY:
        looser, looser_shift = _group(qrs, whole, SHAPE_FALLBACK)
        if np.mean(looser == 0) >= MAJORITY:
            shape, shift = looser, looser_shift
    aligned = peaks + shift
    order = np.argsort(aligned, kind="stable")
    return Shapes(r=aligned[order], shape=shape[order])


def cut_out(
    values: NDArray[Real], centres: NDArray[np.intp], before: int, after: int
) -> NDArray[Real]:
    """Return the surroundings of each beat, shape (beats, leads, before + after + 1).

    Parameters
    ----------
    values : float array, shape (leads, samples)
    centres : int array, shape (beats,), samples
    before, after : int, samples
        Where the surroundings leave the record the result is NaN.
    """
    index = centres[:, None] + np.arange(-before, after + 1)[None, :]
    outside = (index < 0) | (index >= values.shape[1])
    cut = values[:, np.clip(index, 0, values.shape[1] - 1)].transpose(1, 0, 2).copy()
    for beat in np.flatnonzero(outside.any(axis=1)):
        cut[beat, :, outside[beat]] = np.nan
    return cut


def _complexes(peaks: Peaks, prepared: Prepared) -> tuple[NDArray[np.float32], Mask]:
    """Return the QRS of each beat per lead with room to be shifted, and in which leads it is whole.

    Leads are weighted by the root of their size, so that the tall ones do not decide alone.
    """
    reach = round((SHAPE_REACH + SHIFT_REACH) * WORKING_RATE)
    here = prepared.fast.astype(np.float32)
    if not prepared.present.all():
        here[~prepared.present] = np.nan
    cut = cut_out(here, peaks, reach, reach)
    core = round(CORE * WORKING_RATE)
    missing = np.isnan(cut)
    whole = np.asarray(~missing[:, :, reach - core : reach + core + 1].any(axis=2), dtype=np.bool_)
    if missing.any():
        cut[missing] = 0.0
        cut[~whole] = 0.0
    size = np.sqrt(np.mean(cut**2, axis=2).max(axis=0)) + 1e-9
    return cut / np.sqrt(size)[None, :, None].astype(np.float32), whole


def _group(qrs: NDArray[np.float32], whole: Mask, limit: float) -> tuple[NDArray[np.intp], Floats]:
    """Return the shape number and the shift of each beat, by repeatedly taking the commonest shape.

    Beats of another print column have no lead in common with the dominant beats; the commonest
    shape there is taken as dominant too (number 0). Beats without any whole lead, cut by the ends
    of the record, count as dominant: nothing speaks against it.
    """
    beats = len(qrs)
    shape = np.where(whole.any(axis=1), -1, 0).astype(np.intp)
    shift = np.zeros(beats)
    compared = shape == 0  # with a dominant beat
    number = 1
    while (shape < 0).any():
        free = np.flatnonzero(shape < 0)
        if number > MOST_SHAPES:
            shape[free] = number + np.arange(len(free))
            break
        template, there = _commonest(qrs[free], whole[free], limit)
        fit, late = _fit_shifted(qrs[free], whole[free], template, there)
        members = free[fit >= limit]
        if len(members) == 0:
            members = free[[int(np.nanargmax(np.nan_to_num(fit, nan=-1.0)))]]
        new_column = not compared[members].any()
        shape[members] = 0 if new_column else number
        shift[members] = late[np.searchsorted(free, members)]
        if new_column:
            compared[free[~np.isnan(fit)]] = True
        else:
            number += 1
    return shape, shift


def _commonest(
    qrs: NDArray[np.float32], whole: Mask, limit: float
) -> tuple[NDArray[np.float32], Mask]:
    """Return the mean of the largest group of beats that are alike as they stand."""
    some, there = qrs, whole
    if len(qrs) > MOST_COMPARED:
        chosen = np.linspace(0, len(qrs) - 1, MOST_COMPARED).astype(np.intp)
        some, there = qrs[chosen], whole[chosen]
    edge = round(SHIFT_REACH * WORKING_RATE)
    alike = _correlations(some[:, :, edge:-edge], there)
    close = np.nan_to_num(alike, nan=-1.0) >= limit
    members = close[:, int(np.argmax(close.sum(axis=0)))]
    if not members.any():
        members = there.any(axis=1) & (np.cumsum(there.any(axis=1)) == 1)
    count = there[members].sum(axis=0)
    mean = some[members].sum(axis=0) / np.maximum(count, 1)[:, None].astype(np.float32)
    return mean, count > 0


def _correlations(qrs: NDArray[np.float32], whole: Mask) -> Floats:
    """Return the correlation of each pair over the leads both have; NaN without common lead."""
    flat = qrs.reshape(len(qrs), -1)
    power = (qrs**2).sum(axis=2) @ whole.T.astype(np.float32)
    scale = np.sqrt(power * power.T)
    alike: Floats = np.full(power.shape, np.nan)
    # Not `flat @ flat.T`: for that the second thread of BLAS wakes, and then turns idly for
    # milliseconds on the core that the networks use.
    np.divide(np.einsum("ik,jk->ij", flat, flat), scale, out=alike, where=scale > 1e-9)
    return alike


def _fit_shifted(
    qrs: NDArray[np.float32], whole: Mask, template: NDArray[np.float32], there: Mask
) -> tuple[Floats, Floats]:
    """Return the best correlation of each beat with a template, and how late the beat is, samples.

    The correlation is NaN without a common lead.
    """
    from scipy import fft  # noqa: PLC0415 - slow to import

    edge = round(SHIFT_REACH * WORKING_RATE)
    core = template[:, edge:-edge]
    width = core.shape[1]
    length = qrs.shape[2]
    spectrum = fft.rfft(qrs, length + width)
    reference = fft.rfft(core, length + width)
    product = fft.irfft((spectrum * reference.conj()[None]).sum(axis=1), length + width)
    product = product[:, : 2 * edge + 1]
    common = whole & there[None]
    square = (qrs if common.all() else np.where(common[:, :, None], qrs, 0.0)) ** 2
    running = np.concatenate(
        [np.zeros((len(qrs), 1)), np.cumsum(square.sum(axis=1, dtype=np.float64), axis=1)], axis=1
    )
    power = running[:, width:] - running[:, :-width]
    power_core = common.astype(np.float32) @ (core**2).sum(axis=1)
    scale = np.sqrt(np.maximum(power, 0.0) * power_core[:, None])
    fit = np.full(product.shape, np.nan)
    np.divide(product, scale, out=fit, where=scale > 1e-9)
    return _best_shifts(fit, edge)


def _best_shifts(fit: Floats, edge: int) -> tuple[Floats, Floats]:
    """Return the highest value of each row and its place against the middle, interpolated."""
    known = np.nan_to_num(fit, nan=-1.0)
    top = np.argmax(known, axis=1)
    best = np.where(np.isnan(fit).all(axis=1), np.nan, known[np.arange(len(fit)), top])
    late = np.zeros(len(fit))
    for row, place in enumerate(top):
        late[row] = place - edge
        if 0 < place < fit.shape[1] - 1:
            late[row] += parabola_peak(*known[row, place - 1 : place + 2])
    late[~(best > 0)] = 0.0
    return best, late
