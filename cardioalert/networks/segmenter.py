"""Tell trace from grid and text on a flattened page."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import InkMaps
from cardioalert.networks.sessions import run_network

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
    padded = np.pad(pixels, padding, mode="edge")
    batch = np.ascontiguousarray(padded.transpose(2, 0, 1)[None]).astype(np.float32) / 255.0
    maps = run_network("segmenter", page=batch)[0, :, :height, :width]
    return InkMaps(centre=maps[0], trace=maps[1], marks=maps[3])
