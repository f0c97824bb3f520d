"""Pages and ink maps drawn so that every answer is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import InkMaps, PrintedLabel, RowTrace
from cardioalert.domain.record import Lead

PX = 8.0  # page pixels per mm


def grid_photo(
    u: NDArray[np.float64],
    v: NDArray[np.float64],
    *,
    pixels_per_mm: float,
    minor: bool = True,
    color: tuple[int, int, int] = (230, 120, 130),
) -> NDArray[np.uint8]:
    """Draw a grid whose paper coordinates (mm) at each pixel are given."""
    line = 0.7 / pixels_per_mm  # mm, half width
    paper = np.full((*u.shape, 3), 250.0)
    for coordinate in (u, v):
        major = np.abs((coordinate + 2.5) % 5.0 - 2.5) < line * 1.4
        paper[major] = color
        if minor:
            fine = np.abs((coordinate + 0.5) % 1.0 - 0.5) < line
            paper[fine & ~major] = (np.array(color) + 2 * np.array((250, 235, 235))) / 3
    return np.clip(paper, 0, 255).astype(np.uint8)


def paper_coordinates(
    width: int,
    height: int,
    *,
    pixels_per_mm: float,
    degrees: float = 0.0,
    perspective: float = 0.0,
    curl_mm: float = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return paper positions (mm) for a camera that is turned and tilted, over wavy paper."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    x, y = x - width / 2, y - height / 2
    depth = 1.0 + perspective * x / width + 0.5 * perspective * y / height
    x, y = x * depth, y * depth
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    u, v = (c * x + s * y) / pixels_per_mm, (-s * x + c * y) / pixels_per_mm
    return u, v + curl_mm * np.sin(u / 35.0)


def row_trace(y: NDArray[np.float64]) -> RowTrace:
    """Make a row from the heights of its curve."""
    known = np.isfinite(y)
    return RowTrace(
        y=y.astype(np.float32),
        confidence=np.where(known, 0.8, 0.0).astype(np.float32),
        baseline=float(np.median(y[known])),
    )


def ink_of(curves: Sequence[NDArray[np.float64]], height: int, stroke: float = 4.0) -> InkMaps:
    """Draw curves as a perfect network would see them: a ridge of 1 px and a stroke."""
    width = len(curves[0])
    rows = np.arange(height, dtype=np.float64)[:, None]
    centre = np.zeros((height, width))
    trace = np.zeros((height, width))
    for curve in curves:
        centre = np.maximum(centre, np.nan_to_num(np.exp(-0.5 * (rows - curve[None, :]) ** 2)))
        left = np.concatenate([curve[:1], curve[:-1]])
        right = np.concatenate([curve[1:], curve[-1:]])
        top = np.fmin.reduce([curve, (curve + left) / 2, (curve + right) / 2]) - stroke / 2
        bottom = np.fmax.reduce([curve, (curve + left) / 2, (curve + right) / 2]) + stroke / 2
        inside = np.clip(np.minimum(rows - top, bottom - rows) + 0.5, 0.0, 1.0)
        trace = np.maximum(trace, np.nan_to_num(inside))
    blank = np.zeros((height, width), dtype=np.float32)
    return InkMaps(centre=centre.astype(np.float32), trace=trace.astype(np.float32), marks=blank)


def heart_curve(
    width: int, base: float, *, size_px: float, every: float = 160.0
) -> NDArray[np.float64]:
    """Return the heights of a row with a P, a narrow QRS and a T wave in every beat."""
    x = np.arange(width, dtype=np.float64)
    phase = (x - 60.0) % every
    wave = (
        0.12 * np.exp(-0.5 * ((phase - 20) / 6) ** 2)
        - 0.12 * np.exp(-0.5 * ((phase - 46) / 2) ** 2)
        + 1.0 * np.exp(-0.5 * ((phase - 52) / 2.5) ** 2)
        - 0.25 * np.exp(-0.5 * ((phase - 58) / 2.5) ** 2)
        + 0.25 * np.exp(-0.5 * ((phase - 100) / 12) ** 2)
    )
    return base - size_px * wave


def label(lead: Lead, left: float, y: float, *, inverted: bool = False) -> PrintedLabel:
    """A lead name read without doubt."""
    return PrintedLabel(
        lead=lead,
        inverted=inverted,
        left=left,
        top=y - 10,
        right=left + 30,
        bottom=y + 10,
        confidence=0.95,
    )


def pixels_of(maps: InkMaps) -> NDArray[np.uint8]:
    """Draw the ink of the traces on white paper."""
    grey = np.round(255.0 - 230.0 * maps.trace).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
