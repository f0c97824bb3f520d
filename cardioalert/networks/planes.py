"""What the networks that read whole pages are shown: two by two pixels become channels.

Their convolutions work at half the resolution of a page. The regrouping is done here and not in the
networks, on bytes: inside, on numbers of four bytes, it took a quarter of their time.
"""

from __future__ import annotations

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

SIDE: Final = 2  # px of the squares that become channels

Floats = NDArray[np.float32]
Number = TypeVar("Number", bound=np.generic)


def page_planes(pixels: NDArray[np.uint8]) -> Floats:
    """Return a page as the networks see it.

    Parameters
    ----------
    pixels : uint8 array, shape (height, width, 3), RGB, height and width even

    Returns
    -------
    float32 array, shape (1, 12, height / 2, width / 2), -2 to 2
        Channel 4 c + 2 i + j holds color c of the pixels in row i and column j of each square.
    """
    height, width = (side // SIDE for side in pixels.shape[:2])
    planes = np.empty((3, SIDE, SIDE, height, width), dtype=np.float32)
    for color, row, column in np.ndindex(planes.shape[:3]):
        plane = planes[color, row, column]
        np.divide(pixels[row::SIDE, column::SIDE, color], np.float32(255.0), out=plane)
        plane *= 4.0
        plane -= 2.0
    return planes.reshape(1, -1, height, width)


def page_map(planes: NDArray[Number]) -> NDArray[Number]:
    """Put four channels of a network's answer together again.

    Parameters
    ----------
    planes : array, shape (4, rows, columns)

    Returns
    -------
    array of the same type, shape (2 rows, 2 columns)
    """
    _channels, rows, columns = planes.shape
    whole = np.empty((rows * SIDE, columns * SIDE), dtype=planes.dtype)
    for channel, (row, column) in enumerate(np.ndindex(SIDE, SIDE)):
        whole[row::SIDE, column::SIDE] = planes[channel]
    return whole
