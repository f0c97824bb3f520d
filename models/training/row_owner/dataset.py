"""Maps of drawn pages with the row of every curve: `python -m training.row_owner.dataset --help`.

Each page of the segmenter's training gives one file: the maps of the shipped segmenter, the base
lines that are found in them, and the true heights of the curves of each of these rows.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.following import row_spacing
from cardioalert.digitize.tracing import find_rows
from cardioalert.errors import TraceNotFoundError
from cardioalert.networks.segmenter import segment_page
from training.drawn_pages import missing_pages, page_options, read_page, write_arrays

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
    options = page_options(__doc__)
    cv2.setNumThreads(1)
    for stem, target in missing_pages(
        options.pages, options.cache, minutes=options.minutes, part=options.part
    ):
        try:
            write_arrays(target, rows_of(*read_page(stem)))
        except TraceNotFoundError:
            continue


if __name__ == "__main__":
    main()
