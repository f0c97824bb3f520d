"""Tell whose ink it is where the curves of neighboring rows run into each other.

A tall QRS reaches the rows above and below its own, and there its ink looks like theirs. A network
of convolutions sees the whole neighborhood, with the base lines of the rows, and answers for each
pixel whether it belongs to the first or second row above it or below it. Where curves cross, a
pixel belongs to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import InkMaps
from cardioalert.networks.planes import page_map
from cardioalert.networks.sessions import run_network

ANSWERS: Final = (0, -1, 1, 2)
"""Of which row each map tells, counted downward from the last base line above the pixel."""
FAR: Final = 3.0  # row spacings to the next base line that are told to the network, at most
SPACING_UNIT: Final = 200.0  # px
PLANES: Final = 11
MIDWAY: Final = 0.3  # row spacings from every base line: ink there may be of either row
FEWEST_INKED: Final = 3  # px of it in a column
NEAR: Final = 64  # px on both sides of such a column that the network is asked about
MARGIN: Final = 64  # px more that it sees; even
WIDEST: Final = 512  # px of a piece, even: wide ones take much memory on tall pages
MOST_PIXELS: Final = 2_200_000  # that the network sees at once: its memory grows with them
WHOLE: Final = 255  # certainty, in the bytes that answers are kept as
MULTIPLE: Final = 32  # px; the network halves its input five times

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Piece:
    """What the network said of some columns of a page.

    Attributes
    ----------
    left, right : int, page pixels
    answer : uint8 array, shape (4, height, columns), probabilities in 255ths
        For each of `ANSWERS`; some columns and rows more than there are.
    """

    left: int
    right: int
    answer: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowOwners:
    """What the network said of a page.

    Attributes
    ----------
    pieces : tuple of _Piece
        The columns it was asked about.
    base_lines : float array, shape (rows,), page pixels
    width : int, page pixels
    """

    pieces: tuple[_Piece, ...]
    base_lines: NDArray[np.float64]
    width: int

    def claims(
        self, row: int, *, top: int, heights: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return how much of the ink around a row it may claim, and how much is surely its own.

        Only what surely belongs to another row is denied to it: ink that the network cannot tell,
        such as that of a kind it never saw, stays everybody's, and nobody's own.

        Returns
        -------
        share, own : uint8 arrays, shape (width, heights), in 255ths
            From `top` downward; all and nothing beyond the page and where nobody asked the network.
        """
        share = np.full((self.width, heights), WHOLE, np.uint8)
        sure = np.zeros((self.width, heights), np.uint8)
        for piece in self.pieces:
            first, last = max(top, 0), min(top + heights, piece.answer.shape[1])
            maps = piece.answer[:, first:last, : piece.right - piece.left]
            above = np.searchsorted(self.base_lines, np.arange(first, last), side="right") - 1
            own = np.zeros(maps.shape[1:], np.uint8)
            others = np.zeros(maps.shape[1:], np.uint8)
            for answer, step in zip(maps, ANSWERS, strict=True):
                here = above + step == row
                own[here] = answer[here]
                others[~here] = np.maximum(others[~here], answer[~here])
            place = np.s_[piece.left : piece.right, first - top : last - top]
            most = np.maximum(own, others)
            share[place] = WHOLE - (most - own).T
            sure[place] = (most - others).T
        return share, sure


def row_owners(maps: InkMaps, base_lines: NDArray[np.float64], spacing: float) -> RowOwners:
    """Tell whose ink each pixel is, where ink stands between two rows.

    Parameters
    ----------
    maps : InkMaps
    base_lines : float array, shape (rows,), page pixels, increasing
    spacing : float, page pixels
        Between the rows.

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    height, width = maps.trace.shape
    pieces = []
    doubtful = doubtful_columns(maps.trace, base_lines, spacing)
    for (first, last), inside in joined_views(doubtful, width=width, height=height):
        seen = slice(first, last)
        planes = owner_planes(maps.centre[:, seen], maps.trace[:, seen], base_lines, spacing)
        answer = run_network("row_owner", planes=planes[None])[0]
        for left, right in inside:
            kept = answer[:, :, (left - first) // 2 : (right - first + 1) // 2]
            kept = np.round(np.float32(WHOLE) * kept)
            kept = kept.astype(np.uint8)  # all pieces of a large page take 50 MB
            maps_of_all = np.stack(
                [page_map(part) for part in kept.reshape(len(ANSWERS), 4, *kept.shape[1:])]
            )
            pieces.append(_Piece(left=left, right=right, answer=maps_of_all))
    return RowOwners(pieces=tuple(pieces), base_lines=base_lines, width=width)


def doubtful_columns(
    trace: Floats, base_lines: NDArray[np.float64], spacing: float
) -> list[tuple[int, int]]:
    """Return the columns around ink that stands midway between rows, in pieces, left even.

    Parameters
    ----------
    trace : float32 array, shape (height, width), probability
    base_lines : float array, shape (rows,), pixels, increasing
    spacing : float, pixels
    """
    y = np.arange(len(trace))
    inner = (y > base_lines[0]) & (y < base_lines[-1])
    away = np.abs(y[:, None] - base_lines).min(axis=1)
    midway = trace[inner & (away > MIDWAY * spacing)]
    inked = np.count_nonzero(midway > 0.5, axis=0) >= FEWEST_INKED
    near = np.convolve(inked, np.ones(2 * NEAR + 1), mode="same") > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], near.astype(np.int8), [0]])))
    pieces = []
    for start, stop in edges.reshape(-1, 2).tolist():
        for left in range(start - start % 2, stop, WIDEST):
            pieces.append((left, min(left + WIDEST, stop)))
    return pieces


def joined_views(
    pieces: list[tuple[int, int]], *, width: int, height: int
) -> list[tuple[tuple[int, int], list[tuple[int, int]]]]:
    """Return the columns that the network sees at once, and the pieces inside them.

    Pieces whose margins meet are seen together: what lies between them is less than two margins.

    Parameters
    ----------
    pieces : (left, right) of each, from the left
    width, height : int, page pixels
    """
    views: list[tuple[tuple[int, int], list[tuple[int, int]]]] = []
    for left, right in pieces:
        first, last = max(left - MARGIN, 0), min(right + MARGIN, width)
        if views:
            (start, stop), inside = views[-1]
            if first <= stop and (last - start) * height <= MOST_PIXELS:
                views[-1] = ((start, last), [*inside, (left, right)])
                continue
        views.append(((first, last), [(left, right)]))
    return views


def owner_planes(
    centre: Floats, trace: Floats, base_lines: NDArray[np.float64], spacing: float
) -> Floats:
    """Return what the network sees.

    Parameters
    ----------
    centre, trace : float32 arrays, shape (height, width), probabilities
    base_lines : float array, shape (rows,), pixels, increasing
    spacing : float, pixels

    Returns
    -------
    float32 array, shape (PLANES, rows, columns), half as large and padded to whole squares
        Two by two pixels of both maps; distances to the base lines above and below in spacings;
        the spacing in units of 200 px.
    """
    padding = tuple((0, -side % MULTIPLE) for side in trace.shape)
    parts = [
        np.pad(part, padding)[row::2, column::2]
        for part in (centre, trace)
        for row in (0, 1)
        for column in (0, 1)
    ]
    rows, columns = parts[0].shape
    y = 2.0 * np.arange(rows) + 0.5
    edged = np.concatenate([[-np.inf], base_lines, [np.inf]])
    after = np.searchsorted(base_lines, y, side="right")
    for distance in (y - edged[after], edged[after + 1] - y):
        near = np.minimum(distance / spacing, FAR).astype(np.float32)
        parts.append(np.broadcast_to(near[:, None], (rows, columns)))
    parts.append(np.full((rows, columns), spacing / SPACING_UNIT, np.float32))
    return np.stack(parts).astype(np.float32, copy=False)
