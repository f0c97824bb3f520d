"""P, QRS and T of a median beat, and of every single beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cardioalert.dsp import fill_gaps
from cardioalert.measure.averaging import Average, move_columns
from cardioalert.measure.limbs import WaveBounds
from cardioalert.measure.p_bounds import PCandidate, p_candidate
from cardioalert.measure.preparation import WORKING_RATE
from cardioalert.measure.qrs_bounds import qrs_bounds
from cardioalert.measure.refinement import refined
from cardioalert.measure.t_bounds import t_bounds

LARGEST_MOVE: Final = 0.06  # s between the R peaks of two columns
P_LIKENESS: Final = 0.5  # correlation of single P waves with the others
P_ABSENT: Final = 0.3  # correlation below which a single beat has no such P
P_REPEATS: Final = 0.6  # share of beats with such a P
P_STANDS_OUT: Final = 1.3  # times as steep as the segment before it
FAR_P: Final = 0.30  # s before the QRS: farther away it may be the T of the beat before
P_HEIGHT: Final = 0.03  # mV, the smallest wave to report (IEC 60601-2-51 Annex GG)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delineation:
    """The waves of one median beat.

    Attributes
    ----------
    qrs : WaveBounds
    t : WaveBounds, optional
    p : WaveBounds, optional
        None where no P wave could be shown.
    p_candidate : PCandidate, optional
        The best candidate, accepted or not.
    """

    qrs: WaveBounds
    t: WaveBounds | None
    p: WaveBounds | None
    p_candidate: PCandidate | None


def delineate(average: Average) -> Delineation | None:
    """Find the waves of a median beat; None where no QRS stands out."""
    signal = fill_gaps(average.signal)
    qrs = qrs_bounds(signal, r_index=average.r_index)
    if qrs is None:
        return None
    noise = average.noise_of_median
    shown = _shown_until(average)
    t = t_bounds(signal, qrs=qrs, r_index=average.r_index, rr=average.rr, noise=noise, until=shown)
    candidate = _p_before(average, qrs, t)
    p = candidate.bounds if candidate is not None and is_p(candidate) else None
    if p is not None:
        # The next P limits T: what comes later belongs to the next beat.
        next_p = average.rr + p.first - 0.01 * WORKING_RATE
        if t is not None and t.last > next_p - 0.02 * WORKING_RATE:
            t = t_bounds(
                signal,
                qrs=qrs,
                r_index=average.r_index,
                rr=average.rr,
                noise=noise,
                until=min(shown, next_p),
            )
    p, qrs, t = refined(average, p=p, qrs=qrs, t=t)
    return Delineation(qrs=qrs, t=t, p=p, p_candidate=candidate)


def align_columns(average: Average) -> Average:
    """Return a median beat whose columns begin their QRS together.

    Columns of a page have no beat in common, and their R peaks lie at different places of the QRS.
    """
    if len(average.columns) < 2:
        return average
    signal = fill_gaps(average.signal)
    onsets = []
    for rows in average.columns:
        qrs = qrs_bounds(signal[rows], r_index=average.r_index)
        onsets.append(np.nan if qrs is None else qrs.first)
    if np.isnan(onsets).all():
        return average
    late = np.nanmedian(onsets) - np.array(onsets)
    limit = LARGEST_MOVE * WORKING_RATE
    shifts = np.where(np.abs(late) <= limit, np.round(np.nan_to_num(late)), 0).astype(np.intp)
    return move_columns(average, shifts)


def is_p(candidate: PCandidate) -> bool:
    """Tell whether a hump before the QRS is a P wave."""
    known = candidate.likeness[~np.isnan(candidate.likeness)]
    if len(known) < 2:
        return False
    return (
        candidate.height >= P_HEIGHT
        and candidate.stands_out >= P_STANDS_OUT
        and float(np.mean(known >= P_LIKENESS)) >= P_REPEATS
    )


def _p_before(average: Average, qrs: WaveBounds, t: WaveBounds | None) -> PCandidate | None:
    """Return the candidate for P between the T of the beat before and the QRS.

    Where beats follow at very different distances, the T before the early ones lies where the
    others show nothing. A candidate so far from the QRS is looked for again behind that T.
    """
    signal = fill_gaps(average.signal)
    ends = [] if t is None else [t.last - average.rr, t.last - average.rr_before]
    found = None
    for previous in ends or [-np.inf]:
        found = p_candidate(
            signal, average.single, qrs=qrs, previous_t_end=previous, rest=average.rest
        )
        if found is None or found.bounds.first > qrs.first - FAR_P * WORKING_RATE:
            return found
        if not ends or found.bounds.first > ends[-1]:
            return found
    return found


def _shown_until(average: Average) -> float:
    """Return the last sample that half of the leads show."""
    here = np.mean(~np.isnan(average.signal), axis=0) >= 0.5
    return float(np.flatnonzero(here)[-1]) if here.any() else 0.0
