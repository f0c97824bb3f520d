"""Read the printed lead names on a flattened page.

The network looks at the page once and answers for each square millimetre: is the middle of a lead
name here, which name is it, and how far away are the edges of its letters? It is an object
detector without anchors (Zhou et al., Objects as points, arXiv:1904.07850); ours is small, tells
the name apart from its presence, and was trained on drawn pages only.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import PrintedLabel
from cardioalert.domain.record import Lead
from cardioalert.networks.planes import page_planes
from cardioalert.networks.sessions import run_network

CELL: Final = 8  # page pixels per answer: one millimetre
NAMES: Final = (*((lead, False) for lead in Lead), (Lead.AVR, True))  # (lead, inverted)
LEAST_CONFIDENCE: Final = 0.4

# What the network's own probability means was counted on real pictures: the log odds are SLOPE
# times as large, and moved by an offset. A plain `I` is a stroke like many others on a page.
SLOPE: Final = 2.5
OFFSETS: Final = np.array([-1.5 if lead is Lead.I else 0.95 for lead, _ in NAMES], np.float32)
LARGEST_OVERLAP: Final = 0.3  # of two boxes, relative to the smaller

Floats = NDArray[np.float32]


def read_labels(pixels: NDArray[np.uint8]) -> tuple[PrintedLabel, ...]:
    """Find the lead names of a page.

    Parameters
    ----------
    pixels : uint8 array, shape (height, width, 3), RGB
        A flattened page, 8 pixels per mm.

    Returns
    -------
    tuple of PrintedLabel
        The most confident first; boxes do not overlap.

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % CELL), (0, -width % CELL), (0, 0)), mode="edge")
    return decode(run_network("label_reader", planes=page_planes(padded))[0])


def decode(maps: Floats) -> tuple[PrintedLabel, ...]:
    """Turn answers per cell into labels without overlap.

    Parameters
    ----------
    maps : float32 array, shape (1 + names + 4, rows, columns)
        Presence of the middle of a name, which name it is, and the distances of its left, top,
        right and bottom edge from the middle of the cell, in cells.
    """
    names = maps[1 : 1 + len(NAMES)]
    confidence = calibrated(maps[0] * names.max(axis=0), OFFSETS[names.argmax(axis=0)])
    found = [
        _label(maps, row, column, float(confidence[row, column]))
        for row, column in np.argwhere(confidence >= LEAST_CONFIDENCE)
    ]
    return _suppress(sorted(found, key=lambda label: -label.confidence))


def calibrated(probability: Floats, offset: Floats) -> Floats:
    """Return how often a name read with such a probability is right."""
    odds = np.log(np.clip(probability, 1e-6, 1.0)) - np.log(np.clip(1.0 - probability, 1e-6, 1.0))
    share: Floats = 1.0 / (1.0 + np.exp(-(SLOPE * odds + offset)))
    return share


def _label(maps: Floats, row: int, column: int, confidence: float) -> PrintedLabel:
    """Read one cell's answer; distances are in cells from the middle of the cell."""
    lead, inverted = NAMES[int(maps[1 : 1 + len(NAMES), row, column].argmax())]
    left, top, right, bottom = (float(part) for part in maps[-4:, row, column])
    return PrintedLabel(
        lead=lead,
        inverted=inverted,
        left=_pixel(column - left),
        top=_pixel(row - top),
        right=_pixel(column + right),
        bottom=_pixel(row + bottom),
        confidence=confidence,
    )


def _pixel(cells: float) -> float:
    """Turn a position in cells into pixels; both count from the middle of the first."""
    return (cells + 0.5) * CELL - 0.5


def _suppress(labels: list[PrintedLabel]) -> tuple[PrintedLabel, ...]:
    """Keep, of labels that overlap, the first."""
    kept: list[PrintedLabel] = []
    for label in labels:
        if all(_overlap(label, other) <= LARGEST_OVERLAP for other in kept):
            kept.append(label)
    return tuple(kept)


def _overlap(first: PrintedLabel, second: PrintedLabel) -> float:
    """Shared area relative to the smaller box."""
    (left, right), (other_left, other_right) = _span(first), _span(second)
    width = min(right, other_right) - max(left, other_left)
    height = min(first.bottom, second.bottom) - max(first.top, second.top)
    area = (right - left) * (first.bottom - first.top)
    other_area = (other_right - other_left) * (second.bottom - second.top)
    return max(width, 0.0) * max(height, 0.0) / max(min(area, other_area), 1e-6)


def _span(label: PrintedLabel) -> tuple[float, float]:
    """Left and right edge, at least as far apart as the label is high.

    Two answers about one `I` lie a few pixels apart and are too narrow to overlap.
    """
    middle = (label.left + label.right) / 2.0
    half = max(label.right - label.left, label.bottom - label.top) / 2.0
    return middle - half, middle + half
