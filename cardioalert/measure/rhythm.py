"""RR intervals, the class of each beat, and how regular they are."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import BeatClass, Rhythm
from cardioalert.dsp import Floats, Mask
from cardioalert.measure.beats import Shapes
from cardioalert.measure.preparation import WORKING_RATE, Prepared

EARLY: Final = 0.85  # of the usual RR: an early beat
REGULAR: Final = 0.12  # deviation over mean of the other RR, above which "early" means nothing
WIDE: Final = 0.11  # s; a QRS this long is wide
WIDER: Final = 1.2  # times the dominant QRS: wide beside it
CONSTANT_PR: Final = 0.9  # share of the dominant beats that must show the repeating P
FEWEST_BEATS: Final = 3


def joined(r: Floats, prepared: Prepared) -> Mask:
    """Tell for each pair of consecutive beats whether some lead shows everything between them.

    Parameters
    ----------
    r : float array, shape (beats,), samples
    prepared : Prepared
    """
    if len(r) < 2:
        return np.zeros(0, dtype=np.bool_)
    if prepared.present.all():
        return np.ones(len(r) - 1, dtype=np.bool_)
    missing = np.cumsum(~prepared.present, axis=1)
    at = np.clip(np.round(r).astype(np.intp), 0, prepared.samples - 1)
    through: Mask = (missing[:, at[1:]] == missing[:, at[:-1]]).any(axis=0)
    return through


def beat_classes(
    shapes: Shapes, together: Mask, widths: NDArray[np.float64]
) -> tuple[BeatClass, ...]:
    """Return the class of each beat.

    Parameters
    ----------
    shapes : Shapes
    together : bool array, shape (beats - 1,)
        From `joined`.
    widths : float array, shape (shapes,), seconds
        QRS duration by shape number; NaN when unknown.
    """
    early = _early(shapes, together)
    # Where a page changes its leads, a first beat that looks early begins a row of others like it.
    mostly_early = [
        2 * np.count_nonzero(early[beats]) > len(beats)
        for beats in map(shapes.members, range(int(shapes.shape.max(initial=0)) + 1))
    ]
    classes = []
    for beat, number in enumerate(shapes.shape):
        width = widths[number] if number < len(widths) else np.nan
        if number == 0:
            classes.append(BeatClass.ECTOPIC_NARROW if early[beat] else BeatClass.DOMINANT)
        elif width >= WIDE and (np.isnan(widths[0]) or width >= WIDER * widths[0]):
            classes.append(BeatClass.ECTOPIC_WIDE)
        elif early[beat] and width < WIDE and mostly_early[number]:
            classes.append(BeatClass.ECTOPIC_NARROW)
        else:
            classes.append(BeatClass.OTHER)
    return tuple(classes)


def measure_rhythm(
    r: Floats,
    together: Mask,
    classes: tuple[BeatClass, ...],
    *,
    p_repetition: float | None,
    has_p: bool,
    duration: float,
) -> Rhythm:
    """Return the regularity of the beats.

    Parameters
    ----------
    r : float array, shape (beats,), seconds
    together : bool array, shape (beats - 1,)
        From `joined`.
    classes : one per beat
    p_repetition : share of beats with the repeating hump before the QRS, where there is one
    has_p : whether that hump is a P wave
    duration : float, seconds
    """
    rr = np.diff(r)[together]
    if len(rr) == 0:
        return Rhythm()
    normal = np.array([kind is BeatClass.DOMINANT for kind in classes])
    between = (normal[1:] & normal[:-1])[together]
    steady = rr[between]
    variation = successive = None
    if len(steady) >= FEWEST_BEATS - 1:
        variation = float(np.std(steady) / np.mean(steady))
    steps = np.diff(np.where(between, rr, np.nan))
    steps = steps[~np.isnan(steps)]
    if len(steps) >= FEWEST_BEATS - 1:
        successive = float(np.sqrt(np.mean(steps**2)) / np.mean(steady))
    repetition = p_repetition if has_p else 0.0
    return Rhythm(
        rr_min=float(rr.min()),
        rr_max=float(rr.max()),
        rr_variation=variation,
        rr_successive=successive,
        p_repetition=repetition,
        p_before_every_qrs=has_p and p_repetition is not None and p_repetition >= CONSTANT_PR,
        longest_pause=float(max(rr.max(), r[0], duration - r[-1])),
    )


def _early(shapes: Shapes, together: Mask) -> Mask:
    """Tell which beats come early in an otherwise regular rhythm."""
    early = np.zeros(len(shapes.r), dtype=np.bool_)
    rr = np.diff(shapes.r) / WORKING_RATE
    known = rr[together]
    if len(known) < FEWEST_BEATS:
        return early
    usual = float(np.median(known))
    near = known[(known > EARLY * usual) & (known < 1.15 * usual)]
    regular = len(near) >= 0.5 * len(known) and np.std(near) < REGULAR * usual
    if regular:
        early[1:] = together & (rr < EARLY * usual)
    return early
