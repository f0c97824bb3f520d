"""Windows around the waves of drawn pages: `python -m training.wave_reader.dataset --help`.

Each page of the segmenter's training gives one file: windows of its rows as the shipped networks
and the row follower produce them, with the true heights.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.following import REACH, follow_rows
from cardioalert.digitize.tracing import find_rows, lost_ink
from cardioalert.digitize.waves import (
    surroundings_of,
    wave_columns,
    wave_windows,
    window_of,
)
from cardioalert.errors import TraceNotFoundError
from cardioalert.networks.curve_reader import curve_features, page_brightness, read_curves
from cardioalert.networks.segmenter import segment_page
from cardioalert.networks.wave_reader import BIN, COLUMNS, PACKED, SIZES, same_planes, window_maps
from training.curve_reader.dataset import true_heights

MOST = 24  # windows of a page
MULTIPLE = 16  # packed bins
JITTER = 10  # columns that a wave may stand beside the middle of its window
ANYWHERE = 3  # windows of a row that are put anywhere: not every dark spot is a wave
SHIFT = 6  # px, largest shift of a base line
UNIT = 127.0  # of maps that are kept as bytes; they reach 2
Floats = NDArray[np.float32]


def windows_of(
    rgb: NDArray[np.uint8], centre: Floats, fine: Floats, rng: np.random.Generator
) -> dict[str, NDArray[np.generic]]:
    """Follow the rows of a page and cut out their waves.

    Returns
    -------
    dict of maps : uint8 array, shape (windows, MAPS, COLUMNS, heights)
        same : float32 array, shape (windows, SAME, heights / 2)
        read, wanted : float32 arrays, shape (windows, COLUMNS, 2), px below the middle
        sure : float32 array, shape (windows, COLUMNS)
    """
    maps = segment_page(rgb)
    base_lines = find_rows(maps)
    bright = page_brightness(rgb)
    page = (maps.centre, maps.trace, bright, maps.marks)
    found = []
    rows = follow_rows(maps, base_lines)
    features = [curve_features(row.centre, row.ink, row.cut(bright), row.path) for row in rows]
    offsets, confidence = read_curves(np.stack(features))
    curves = [
        offset.reshape(-1, 2) + (row.path + row.top)[:, None].astype(np.float32)
        for row, offset in zip(rows, offsets, strict=True)
    ]
    lost = lost_ink(maps.trace, rows, curves)
    for row, read, sure, unexplained in zip(rows, curves, confidence, lost, strict=True):
        truth = true_heights(row.base, row.spacing, centre, fine).reshape(-1, 2)
        if np.isfinite(truth).mean() < 0.1:
            continue
        around = surroundings_of(row, page, base_lines)
        waves = wave_windows(wave_columns(row, around.stroke, unexplained))
        starts = [window.first + int(rng.integers(-JITTER, JITTER + 1)) for window in waves]
        starts += rng.integers(0, len(truth) - COLUMNS, ANYWHERE).tolist()
        for first in starts:
            shift = int(rng.integers(-SHIFT, SHIFT + 1))
            wanted = window_of(truth - (around.base - shift), first, np.nan)
            if np.isfinite(wanted).any():
                told = window_of(read - (around.base - shift), first, 0.0)
                found.append((row, around, first, shift, wanted, told, window_of(sure, first, 0.0)))
    rng.shuffle(found)
    parts: dict[str, list[NDArray[np.generic]]] = {
        name: [] for name in ("maps", "same", "wanted", "read", "sure")
    }
    for row, around, first, shift, wanted, told, sure in found[:MOST]:
        bins = window_heights(row.spacing)
        cut = window_maps(around, first, bins, shift)
        parts["maps"].append(np.round(UNIT * cut).astype(np.uint8))
        parts["same"].append(same_planes(around, bins, shift))
        for name, part in (("wanted", wanted), ("read", told), ("sure", sure)):
            parts[name].append(part)
    return {name: np.array(each) for name, each in parts.items()}


def window_heights(spacing: float) -> int:
    """Return how many packed bins the windows of a page have, at most as many as may be read."""
    wanted = 2.0 * REACH * spacing / (BIN * PACKED)
    return int(min(SIZES[-1], MULTIPLE * np.ceil(wanted / MULTIPLE)))


def main() -> None:
    """Turn pages into windows as they appear."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, required=True, help="folder of segmenter pages")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=0.0, help="how long to wait for pages")
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1), help="which of how many parts")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.cache.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60.0 * options.minutes
    part, parts = options.part
    while True:
        for page in sorted(options.pages.glob("[0-9]*[0-9].npy")):
            target = options.cache / f"{page.stem}.npz"
            if "_" in page.stem or target.exists() or int(page.stem) % parts != part:
                continue
            stem = page.with_suffix("")
            rgb = np.ascontiguousarray(np.load(page)[..., :3])
            lines = np.load(f"{stem}_centre.npy"), np.load(f"{stem}_fine.npy")
            try:
                found = windows_of(rgb, *lines, np.random.default_rng(int(page.stem)))
            except TraceNotFoundError:
                found = {"maps": np.zeros((0, 1, 1, 1), np.uint8)}
            temporary = target.with_suffix(".tmp.npz")
            np.savez(temporary, **found)
            temporary.replace(target)
        if time.monotonic() >= until:
            break
        time.sleep(5.0)


if __name__ == "__main__":
    main()
