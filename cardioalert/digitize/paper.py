"""Tell the grid of the paper from the ink of curves and text, by how dark each place is."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

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
    channels = [_darkness(channel.astype(np.float32)) for channel in cv2.split(pixels)]
    darkness, blackness = np.maximum.reduce(channels), np.minimum.reduce(channels)
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
    for _round in range(INK_ROUNDS):
        mean, spread = _local_moments(blackness, 1.0 - ink)
        found = (blackness > least) & (blackness > mean + INK * spread)
        halo = cv2.dilate(found.astype(np.float32), np.ones((HALO, HALO), np.uint8))
        ink = np.asarray(halo, dtype=np.float32)
    return ink


def _local_moments(values: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the weighted mean and standard deviation around each pixel."""
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


def _darkness(channel: Floats) -> Floats:
    """Return 1 - brightness / local paper brightness, clipped to 0-1."""
    size = (max(8, channel.shape[1] // 4), max(8, channel.shape[0] // 4))
    small = cv2.resize(channel, size, interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), (0, 0), 8)
    paper = cv2.resize(paper, (channel.shape[1], channel.shape[0]))
    dark: Floats = np.clip(1.0 - channel / np.maximum(paper, 10.0), 0.0, 1.0)
    return dark
