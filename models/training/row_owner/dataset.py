"""Maps of drawn pages with the row of every curve: `python -m training.row_owner.dataset --help`.

Each page of the segmenter's training gives one file: the maps of the shipped segmenter, the base
lines that are found in them, and the true heights of the curves of each of these rows.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.following import row_spacing
from cardioalert.digitize.tracing import find_rows
from cardioalert.errors import TraceNotFoundError
from cardioalert.networks.segmenter import segment_page

OWN = 0.35  # of the row spacing: base lines so near are the same row
Floats = NDArray[np.float32]


def rows_of(rgb: NDArray[np.uint8], centre: Floats, fine: Floats) -> dict[str, NDArray[np.generic]]:
    """Segment a page, find its rows and look up whose the true lines are.

    Returns
    -------
    dict of centre, trace : uint8 arrays, shape (height, width), probability in 255ths
        base_lines : float array, shape (rows,); spacing : float
        lines : float32 array, shape (lines, 2 columns), px; owner : int array, -1 for none
    """
    maps = segment_page(rgb)
    base_lines = find_rows(maps)
    spacing = row_spacing(base_lines, len(rgb))
    owner = np.full(len(centre), -1)
    for number, line in enumerate(centre):
        if np.isfinite(line).any():
            away = np.abs(base_lines - np.nanmedian(line))
            owner[number] = away.argmin() if away.min() < OWN * spacing else -1
    return {
        "centre": np.round(255 * maps.centre).astype(np.uint8),
        "trace": np.round(255 * maps.trace).astype(np.uint8),
        "base_lines": base_lines,
        "spacing": np.array(spacing),
        "lines": fine,
        "owner": owner,
    }


def main() -> None:
    """Turn pages into files of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, required=True, help="folder of segmenter pages")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=0.0, help="how long to wait for pages")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.cache.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60.0 * options.minutes
    while True:
        for page in sorted(options.pages.glob("[0-9]*[0-9].npy")):
            target = options.cache / f"{page.stem}.npz"
            if "_" in page.stem or target.exists():
                continue
            stem = page.with_suffix("")
            rgb = np.ascontiguousarray(np.load(page)[..., :3])
            try:
                found = rows_of(rgb, np.load(f"{stem}_centre.npy"), np.load(f"{stem}_fine.npy"))
            except TraceNotFoundError:
                continue
            temporary = target.with_suffix(".tmp.npz")
            np.savez(temporary, **found)
            temporary.replace(target)
        if time.monotonic() >= until:
            break
        time.sleep(5.0)


if __name__ == "__main__":
    main()
