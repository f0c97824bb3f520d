"""Strips around the paths of drawn pages: `python -m training.curve_reader.dataset --help`.

Each page of the segmenter's training gives one file: the features of its rows as the shipped
segmenter and row follower produce them, with the true heights.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.following import follow_rows
from cardioalert.digitize.tracing import find_rows
from cardioalert.errors import TraceNotFoundError
from cardioalert.networks.curve_reader import curve_features, page_brightness
from cardioalert.networks.segmenter import segment_page

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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, required=True, help="folder of segmenter pages")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to wait for pages")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.cache.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60.0 * options.minutes
    while time.monotonic() < until:
        for page in sorted(options.pages.glob("[0-9]*[0-9].npy")):
            target = options.cache / f"{page.stem}.npz"
            if "_" in page.stem or target.exists():
                continue
            stem = page.with_suffix("")
            rgb = np.ascontiguousarray(np.load(page)[..., :3])
            lines = np.load(f"{stem}_centre.npy"), np.load(f"{stem}_fine.npy")
            try:
                features, offsets = strips_of(rgb, *lines)
            except TraceNotFoundError:
                features, offsets = np.zeros((0, 1, 1), np.float16), np.zeros((0, 2), np.float32)
            temporary = target.with_suffix(".tmp.npz")
            np.savez(temporary, features=features, offsets=offsets)
            temporary.replace(target)
        time.sleep(5.0)


if __name__ == "__main__":
    main()
