"""Tell the grid of the paper from the ink of curves and text, by how dark each place is."""

from __future__ import annotations

from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.beside import beside
from cardioalert.geometry import Floats

INK: Final = 3.0  # local standard deviations above the mean blackness
LEAST_INK: Final = 0.1  # blackness
INK_SHARES: Final = (0.4, 0.6, 0.8)  # of the blackness of the darkest ink, from which on it is ink
MOST_INK: Final = 0.27  # of the surroundings that ink covers, at three quarters of all places
DARKEST_SHARE: Final = 0.995  # quantile of the blackness of a page that is surely ink
INK_ROUNDS: Final = 3
HALO: Final = 7  # px, diameter of the blur of ink
AROUND: Final = (61, 61)  # px, of local statistics


def paper_darkness(
    pixels: NDArray[np.uint8], known_ink: NDArray[np.bool_] | None = None
) -> tuple[Floats, Floats]:
    """Return how dark each pixel is for its surroundings, and where there is no ink.

    The darkest of the three channels against the local paper shows grids of any color. What is much
    darker than its surroundings in all channels is ink, not grid: the flanks of QRS complexes would
    otherwise pull the lines towards them.

    Parameters
    ----------
    pixels : uint8 array, shape (height, width, 3), RGB
    known_ink : bool array, shape (height, width), optional
        What somebody else took for ink, with its surroundings.

    Returns
    -------
    darkness : float32 array, shape (height, width), local standard deviations above the mean
    paper : float32 array of the same shape, 0 where there is ink, else 1
    """
    red, green, blue = (np.asarray(part, dtype=np.uint8) for part in cv2.split(pixels))
    with beside() as start:
        waiting = start(partial(_darkness, red))
        second, third = _darkness(green), _darkness(blue)
        first = waiting()
    darkness = np.maximum(first, second)
    np.maximum(darkness, third, out=darkness)
    blackness = np.minimum(first, second, out=first)
    np.minimum(blackness, third, out=blackness)
    del second, third
    paper = 1.0 - _ink(blackness)
    if known_ink is not None:
        paper[known_ink] = 0.0
    mean, spread = _local_moments(darkness, paper)
    darkness -= mean
    darkness /= np.maximum(spread, np.float32(0.01), out=spread)
    return darkness, paper


def _ink(blackness: Floats) -> Floats:
    """Return 1 where there is ink, or close by, and 0 elsewhere.

    No curve and no text covers a third of the sheet: what does is a dark grid. Then only what is
    darker still is ink, or nothing.
    """
    darkest = float(np.quantile(blackness[::3, ::3], DARKEST_SHARE))
    for share in INK_SHARES:
        ink = _darker_than(blackness, max(LEAST_INK, share * darkest))
        covered = np.asarray(cv2.blur(ink, AROUND))[::8, ::8]
        if np.quantile(covered, 0.75) < MOST_INK:
            return ink
    return np.zeros_like(blackness)


def _darker_than(blackness: Floats, least: float) -> Floats:
    """Return 1 at and around what is dark, and much darker than its surroundings.

    Ink itself would raise the limit around it, so what was found is left out of the next round.
    """
    ink = np.zeros_like(blackness)
    dark, around = blackness > least, np.ones((HALO, HALO), np.uint8)
    for _round in range(INK_ROUNDS):
        limit, spread = _local_moments(blackness, 1.0 - ink)
        spread *= np.float32(INK)
        limit += spread
        found = dark & (blackness > limit)
        ink = cv2.dilate(found.view(np.uint8), around).astype(np.float32)
    return ink


def _local_moments(values: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the weighted mean and standard deviation around each pixel.

    The upper and the lower half are worked out beside each other, each with what is around it.
    """
    mean, spread = np.empty_like(values), np.empty_like(values)
    middle, reach = len(values) // 2, AROUND[1] // 2

    def half(rows: slice) -> None:
        seen = slice(max(0, rows.start - reach), rows.stop + reach)
        moments = _moments(values[seen], weight[seen])
        for target, moment in zip((mean, spread), moments, strict=True):
            target[rows] = moment[rows.start - seen.start :][: rows.stop - rows.start]

    with beside() as start:
        upper = start(partial(half, slice(0, middle)))
        half(slice(middle, len(values)))
        upper()
    return mean, spread


def _moments(values: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the weighted mean and standard deviation around each pixel of a part of a page."""
    count = np.asarray(cv2.blur(weight, AROUND), dtype=np.float32)
    count += np.float32(1e-3)
    weighted = values * weight
    mean = np.asarray(cv2.blur(weighted, AROUND), dtype=np.float32)
    mean /= count
    weighted *= values
    square = np.asarray(cv2.blur(weighted, AROUND), dtype=np.float32)
    square /= count
    square -= np.multiply(mean, mean, out=weighted)
    np.maximum(square, 1e-6, out=square)
    return mean, np.sqrt(square, out=square)


def _darkness(channel: NDArray[np.uint8]) -> Floats:
    """Return 1 - brightness / local paper brightness, at least 0."""
    size = (max(8, channel.shape[1] // 4), max(8, channel.shape[0] // 4))
    small = cv2.resize(channel.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), (0, 0), 8)
    np.maximum(paper, 10.0, out=paper)
    dark = np.asarray(cv2.resize(paper, (channel.shape[1], channel.shape[0])), dtype=np.float32)
    cv2.divide(channel, dark, dst=dark, dtype=cv2.CV_32F)
    np.subtract(1.0, dark, out=dark)
    return np.maximum(dark, 0.0, out=dark)
