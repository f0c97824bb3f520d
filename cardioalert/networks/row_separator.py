"""Tell which ink belongs to which printed row where rows cross.

Tall QRS reach over the neighboring rows, and as all leads beat at once, the chest leads of a page
can be one column of ink. The network looks at the ink around one row and answers how much of it
is that row's.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.networks.sessions import run_network

HEIGHT: Final = 144  # pixels of a band as the network sees it
SPACING: Final = 32  # pixels of a band between two rows
REACH: Final = HEIGHT / 2 / SPACING  # row spacings above and below the base line in a band
MULTIPLE: Final = 16  # columns; the network halves its input four times
MEETING: Final = (0.35, 0.65)  # between two base lines: ink here may belong to either row
INKED: Final = 0.3
CONTEXT: Final = 56  # columns around such ink that are looked at
APART: Final = 48  # columns between two pieces that are looked at alone

Floats = NDArray[np.float32]


def separate_rows(bands: Floats, base_lines: NDArray[np.float64], spacing: float) -> Floats:
    """Return which share of the ink in the band of each row belongs to that row.

    Parameters
    ----------
    bands : float32 array, shape (rows, columns, heights)
        Ink of the traces within REACH row spacings of each base line.
    base_lines : float array, shape (rows,), pixels, increasing
    spacing : float, pixels, between two rows

    Returns
    -------
    float32 array, shape (rows, columns, heights), 0-1
        1 where no rows meet.

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    shares = np.ones_like(bands)
    for row in range(len(base_lines)):
        for start, stop in _meetings(bands[row], base_lines - base_lines[row], spacing):
            seen = _as_seen(bands[row, start:stop], base_lines - base_lines[row], spacing)
            answer = run_network("row_separator", band=seen[None])[0]
            shares[row, start:stop] = _enlarge(answer, bands.shape[2])[:, : stop - start].T
    return shares


def _meetings(band: Floats, away: NDArray[np.float64], spacing: float) -> list[tuple[int, int]]:
    """Return the (start, stop) columns where ink lies between this row and its neighbors."""
    middle = band.shape[1] // 2
    meets = np.zeros(len(band), dtype=np.uint8)
    for other in away[(away != 0.0) & (np.abs(away) < 1.5 * spacing)]:
        first, last = sorted(int(middle + share * other) for share in MEETING)
        meets |= (band[:, max(first, 0) : last + 1] > INKED).any(axis=1).astype(np.uint8)
    reach = np.ones((1, 2 * CONTEXT + 1), np.uint8)
    wide = cv2.dilate(meets[None, :], reach)[0]
    closed = cv2.morphologyEx(wide[None, :], cv2.MORPH_CLOSE, np.ones((1, APART), np.uint8))[0]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], closed, [0]])))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _as_seen(band: Floats, away: NDArray[np.float64], spacing: float) -> Floats:
    """Bring a piece of a band to the size of the network; add the base lines of all rows."""
    columns = len(band)
    ink = cv2.resize(band.T, (columns, HEIGHT), interpolation=cv2.INTER_AREA)
    ink = np.pad(ink, ((0, 0), (0, -columns % MULTIPLE)))
    height = np.arange(HEIGHT)[:, None] - (HEIGHT - 1) / 2.0
    lines = np.exp(-0.5 * (height - away[None, :] / spacing * SPACING) ** 2).sum(axis=1)
    return np.stack([ink, np.repeat(lines[:, None], ink.shape[1], axis=1)]).astype(np.float32)


def _enlarge(answer: Floats, heights: int) -> Floats:
    """Bring an answer back to the heights of the page."""
    return np.asarray(cv2.resize(answer, (answer.shape[1], heights)), dtype=np.float32)
