"""Lines and letters on pictures: what the overlay and the redrawn ECG share.

Positions are (x, y) in pixels, with the centre of the first pixel at 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture: TypeAlias = NDArray[np.uint8]
Color: TypeAlias = tuple[int, int, int]

_FRACTION_BITS: Final = 4  # lines are placed to 1/16 pixel
_FAST_COMPRESSION: Final = 3  # of PNG: a photo takes one second instead of five


def draw_line(
    picture: Picture,
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    *,
    color: Color,
    width: int,
    opacity: float = 1.0,
) -> None:
    """Draw a smooth line into a picture; it is interrupted where a position is NaN.

    Parameters
    ----------
    picture : uint8 array, shape (height, width, 3), RGB, changed in place
    x, y : float arrays, shape (points,), pixels
    width : int, pixels
    opacity : float, 0-1
        Below 1, what lies under the line stays visible.
    """
    lines = [np.stack([x[run], y[run]], axis=1) for run in finite_runs(x + y)]
    if not lines:
        return
    left, top, right, bottom = _frame(lines, picture.shape, width)
    if right <= left or bottom <= top:
        return
    mask = np.zeros((bottom - top, right - left), dtype=np.uint8)
    scale = 1 << _FRACTION_BITS
    points = [np.round((line - (left, top)) * scale).astype(np.int32) for line in lines]
    cv2.polylines(mask, points, False, 255, width, cv2.LINE_AA, _FRACTION_BITS)
    part = picture[top:bottom, left:right]
    share = (mask.astype(np.float32) * (opacity / 255.0))[:, :, None]
    part[:] = np.round(part * (1.0 - share) + np.array(color, np.float32) * share).astype(np.uint8)


def finite_runs(values: NDArray[np.floating]) -> Iterator[slice]:
    """Return the stretches without NaN.

    Examples
    --------
    >>> list(finite_runs(np.array([np.nan, 1.0, 2.0, np.nan, 3.0])))
    [slice(1, 3, None), slice(4, 5, None)]
    """
    finite = np.concatenate([[False], np.isfinite(values), [False]])
    edges = np.flatnonzero(finite[1:] != finite[:-1])
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        yield slice(int(first), int(last))


def _frame(
    lines: list[NDArray[np.float64]], shape: tuple[int, ...], width: int
) -> tuple[int, int, int, int]:
    """Return the part of the picture that lines can touch: left, top, right, bottom."""
    points = np.concatenate(lines)
    margin = width + 2
    low = np.floor(points.min(axis=0)).astype(int) - margin
    high = np.ceil(points.max(axis=0)).astype(int) + margin + 1
    left, top = np.clip(low, 0, None)
    right, bottom = np.minimum(high, (shape[1], shape[0]))
    return int(left), int(top), int(right), int(bottom)


def write(
    picture: Picture,
    words: str,
    *,
    left: float,
    top: float,
    size: float,
    color: Color,
    background: Color | None = None,
) -> None:
    """Write Latin text into a picture.

    Parameters
    ----------
    left, top : float, pixels
        Corner of the text, or of its background.
    size : float, pixels
    background : Color, optional
        Colour of a tag behind the text.
    """
    pad = size * 0.25
    font = ImageFont.load_default(size)
    box = font.getbbox(words)
    width, height = box[2] + 2 * pad, size + pad
    left = min(max(left, 0.0), max(picture.shape[1] - width, 0.0))
    top = min(max(top, 0.0), max(picture.shape[0] - height, 0.0))
    rows = slice(int(top), int(top + height) + 1)
    columns = slice(int(left), int(left + width) + 1)
    image = Image.fromarray(picture[rows, columns])
    draw = ImageDraw.Draw(image)
    if background is not None:
        draw.rounded_rectangle((0, 0, width, height), radius=pad, fill=background)
    draw.text((pad, height / 2), words, font=font, fill=color, anchor="lm")
    picture[rows, columns] = np.asarray(image)


def save_picture(picture: Picture, path: Path) -> None:
    """Write a picture as PNG.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    Image.fromarray(picture).save(path, format="PNG", compress_level=_FAST_COMPRESSION)
