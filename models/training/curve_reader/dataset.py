"""Strips around the paths of drawn pages: `python -m training.curve_reader.dataset --help`.

Each page of the segmenter's training gives one file: the features of its rows as the shipped
segmenter and row follower produce them, with the true heights.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.following import follow_rows
from cardioalert.digitize.tracing import find_rows
from cardioalert.errors import TraceNotFoundError
from cardioalert.networks.curve_reader import curve_features, page_brightness
from cardioalert.networks.segmenter import segment_page
from training.drawn_pages import missing_pages, page_options, read_page, write_arrays

NEAR = 14.0  # px outside the true heights of a column and its neighbors where a path is lost
OWN = 0.35  # of the row spacing: base lines so near are the same row
Floats = NDArray[np.float32]


def strips_of(rgb: NDArray[np.uint8], centre: Floats, fine: Floats) -> tuple[Floats, Floats]:
    """Follow the rows of a page and look up their true heights.

    Returns
    -------
    features : float16 array, shape (rows, FEATURES, columns)
    offsets : float32 array, shape (rows, 2 columns), px from the path, NaN where unknown
    """
    maps = segment_page(rgb)
    followed = follow_rows(maps, find_rows(maps))
    bright = page_brightness(rgb)
    features, offsets = [], []
    for row in followed:
        truth = true_heights(row.base, row.spacing, centre, fine)
        if np.isfinite(truth).mean() < 0.1:
            continue
        strip = curve_features(row.centre, row.ink, row.cut(bright), row.path)
        features.append(strip.astype(np.float16))
        offsets.append(_offsets(truth, row.path + row.top))
    return np.array(features, np.float16), np.array(offsets, np.float32)


def true_heights(base: float, spacing: float, centre: Floats, fine: Floats) -> Floats:
    """Join the true lines that run around a base line; (2 columns,), NaN where there is none."""
    truth = np.full(fine.shape[1], np.nan, np.float32)
    for seen, line in zip(centre, fine, strict=True):
        if np.isfinite(seen).any() and abs(np.nanmedian(seen) - base) < OWN * spacing:
            shown = np.isfinite(np.repeat(seen, 2)) & np.isfinite(line)
            truth[shown] = line[shown]
    return truth


def _offsets(truth: Floats, path: NDArray[np.intp]) -> Floats:
    """Subtract the path; forget columns where it was lost."""
    pairs = truth.reshape(-1, 2)
    padded = np.pad(pairs, ((1, 1), (0, 0)), mode="edge")
    around = np.concatenate([padded[:-2], pairs, padded[2:]], axis=1)
    lost = (path > around.max(axis=1) + NEAR) | (path < around.min(axis=1) - NEAR)
    away = pairs - path[:, None]
    away[lost | ~np.isfinite(around).all(axis=1)] = np.nan
    return away.reshape(-1)


def main() -> None:
    """Turn pages into strips as they appear."""
    options = page_options(__doc__, minutes=60.0)
    cv2.setNumThreads(1)
    for stem, target in missing_pages(
        options.pages, options.cache, minutes=options.minutes, part=options.part
    ):
        try:
            features, offsets = strips_of(*read_page(stem))
        except TraceNotFoundError:
            features, offsets = np.zeros((0, 1, 1), np.float16), np.zeros((0, 2), np.float32)
        write_arrays(target, {"features": features, "offsets": offsets})


if __name__ == "__main__":
    main()
