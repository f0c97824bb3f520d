"""Draw curves with characters: each braille character holds 2 x 4 dots.

A canvas is a bool array of dots, shape (4 * lines, 2 * characters), row 0 at the top. Where the
terminal has no braille, the same canvas is shown with `-`, `|` and their like.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

DOTS_HIGH: Final = 4
DOTS_WIDE: Final = 2

_FIRST_CHARACTER: Final = 0x2800
_DOT_VALUES: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_ASCII_OF_DOT_ROWS: Final = {
    (False, False, False, False): " ",
    (True, False, False, False): "'",
    (False, True, False, False): "-",
    (False, False, True, False): "-",
    (False, True, True, False): "-",
    (False, False, False, True): ".",
}
"""What stands for a cell, by the dot rows it uses; every other pattern is an upright stroke."""

Canvas = NDArray[np.bool_]


def blank_canvas(*, lines: int, characters: int) -> Canvas:
    """Return a canvas without a dot."""
    return np.zeros((lines * DOTS_HIGH, characters * DOTS_WIDE), dtype=np.bool_)


def column_extremes(
    signal: NDArray[np.float32], *, columns: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest value behind each column of dots.

    Extremes and not every n-th sample: an R peak is one sample wide and must not fall between two
    columns. Neighbours that do not touch are both stretched to the middle between them.

    Parameters
    ----------
    signal : float array, shape (samples,)
    columns : int

    Returns
    -------
    (low, high) : float arrays, shape (columns,)
        NaN where the column has no readable sample.

    Examples
    --------
    >>> low, high = column_extremes(np.array([0, 5, 0, 0, 2, 2], dtype=np.float32), columns=3)
    >>> low.tolist(), high.tolist()
    ([0.0, 0.0, 1.0], [5.0, 1.0, 2.0])
    """
    low = np.full(columns, np.nan)
    high = np.full(columns, np.nan)
    edges = np.arange(columns + 1) * len(signal) / columns
    for column in range(columns):
        first = int(edges[column])
        samples = signal[first : max(int(np.ceil(edges[column + 1])), first + 1)]
        if np.isfinite(samples).any():
            low[column], high[column] = np.nanmin(samples), np.nanmax(samples)
    middle = np.maximum(low[1:], low[:-1]) / 2 + np.minimum(high[1:], high[:-1]) / 2
    rising = low[1:] > high[:-1]
    falling = high[1:] < low[:-1]
    high[:-1][rising], low[1:][rising] = middle[rising], middle[rising]
    low[:-1][falling], high[1:][falling] = middle[falling], middle[falling]
    return low, high


def draw_curve(
    canvas: Canvas, signal: NDArray[np.float32], *, top: float, dots_per_unit: float
) -> None:
    """Set the dots of a curve that spans the whole width of the canvas.

    Parameters
    ----------
    canvas : bool array, changed in place
    signal : float array, shape (samples,)
        Gaps (NaN) stay empty.
    top : float
        Value at the upper edge of the canvas.
    dots_per_unit : float
        Vertical scale.
    """
    height, width = canvas.shape
    low, high = column_extremes(signal, columns=width)
    for column in np.flatnonzero(np.isfinite(low)):
        first = _dot_row(float(high[column]), top, dots_per_unit, height)
        last = _dot_row(float(low[column]), top, dots_per_unit, height)
        canvas[first : last + 1, column] = True


def _dot_row(value: float, top: float, dots_per_unit: float, height: int) -> int:
    """Return the dot row of a value, kept inside the canvas."""
    return int(np.clip(np.floor((top - value) * dots_per_unit), 0, height - 1))


def braille_lines(canvas: Canvas) -> list[str]:
    """Return the canvas as lines of braille; cells without dots are spaces."""
    values = np.einsum("iajb,ab->ij", _cells(canvas), _DOT_VALUES)
    return [
        "".join(chr(_FIRST_CHARACTER + value) if value else " " for value in row) for row in values
    ]


def ascii_lines(canvas: Canvas) -> list[str]:
    """Return the canvas as lines of plain ASCII, for terminals without braille."""
    used = _cells(canvas).sum(axis=3) > 0
    return [
        "".join(_ASCII_OF_DOT_ROWS.get(tuple(cell.tolist()), "|") for cell in row)
        for row in np.moveaxis(used, 1, 2)
    ]


def _cells(canvas: Canvas) -> NDArray[np.int64]:
    """Return the dots by cell, shape (lines, 4, characters, 2)."""
    height, width = canvas.shape
    shape = (height // DOTS_HIGH, DOTS_HIGH, width // DOTS_WIDE, DOTS_WIDE)
    return canvas.reshape(shape).astype(np.int64)
