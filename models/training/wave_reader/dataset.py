"""Windows around the waves of drawn pages: `python -m training.wave_reader.dataset --help`.

Each page of the segmenter's training gives one file: windows of its rows as the shipped networks
and the row follower produce them, with the true heights.
"""

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
from training.drawn_pages import missing_pages, page_options, read_page, write_arrays

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
    options = page_options(__doc__)
    cv2.setNumThreads(1)
    for stem, target in missing_pages(
        options.pages, options.cache, minutes=options.minutes, part=options.part
    ):
        try:
            found = windows_of(*read_page(stem), np.random.default_rng(int(stem.name)))
        except TraceNotFoundError:
            found = {"maps": np.zeros((0, 1, 1, 1), np.uint8)}
        write_arrays(target, found)


if __name__ == "__main__":
    main()
