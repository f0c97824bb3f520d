"""Tell trace from grid and text on a flattened page."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import InkMaps
from cardioalert.networks.planes import page_map, page_planes
from cardioalert.networks.sessions import run_network

CENTRE, TRACE, MARKS = 0, 1, 3  # of the network's four maps; 2 is the grid
MULTIPLE: Final = 32  # px; the network halves its input five times


def segment_page(pixels: NDArray[np.uint8]) -> InkMaps:
    """Return what each pixel of a page is.

    Parameters
    ----------
    pixels : uint8 array, shape (height, width, 3), RGB, 8 pixels per mm

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    height, width = pixels.shape[:2]
    padding = ((0, -height % MULTIPLE), (0, -width % MULTIPLE), (0, 0))
    planes = page_planes(np.pad(pixels, padding, mode="edge"))
    answer = run_network("segmenter", planes=planes)[0]
    centre, trace, marks = (
        page_map(answer[4 * channel : 4 * channel + 4])[:height, :width]
        for channel in (CENTRE, TRACE, MARKS)
    )
    return InkMaps(centre=centre, trace=trace, marks=marks)
