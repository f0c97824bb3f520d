"""Draw the curves that were read back on the photo they were read from.

This is how a person checks a digitized ECG: each line must lie on its ink, under the right name.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import Digitized, LeadTrace, Page
from cardioalert.domain.record import Lead
from cardioalert.geometry import sample_lattice
from cardioalert.report.drawing import Color, Picture, draw_line, write

LINE_MM: Final = 0.22  # thinner than printed ink, which stays visible on both sides
OPACITY: Final = 0.8
TICK_MM: Final = 3.0  # above and below the baseline
NAME_MM: Final = 2.6
SMALLEST_LETTERS: Final = 11  # pixels
LEGEND_SHARE: Final = 1 / 70  # letter height by picture width
WHITE: Final = (255, 255, 255)
LEGEND_GREY: Final = (38, 42, 48)

BLUE: Final = (0, 90, 220)
GREEN: Final = (0, 140, 60)
PURPLE: Final = (130, 40, 200)
ORANGE: Final = (225, 105, 0)
TEAL: Final = (0, 145, 150)

COLORS: Final[dict[Lead, Color]] = {
    Lead.I: BLUE,
    Lead.II: GREEN,
    Lead.III: PURPLE,
    Lead.AVR: ORANGE,
    Lead.AVL: TEAL,
    Lead.AVF: BLUE,
    Lead.V1: PURPLE,
    Lead.V2: ORANGE,
    Lead.V3: GREEN,
    Lead.V4: TEAL,
    Lead.V5: BLUE,
    Lead.V6: ORANGE,
}
"""Neighbours differ in every printed layout; no red, which is the colour of the grid."""


def draw_overlay(digitized: Digitized) -> Picture:
    """Return the photo with every trace on it, and a legend below.

    Returns
    -------
    uint8 array, shape (photo height + legend, photo width, 3), RGB
        The photo keeps its pixel positions.
    """
    legend = _legend(digitized)
    picture = np.concatenate([digitized.photo.pixels, legend])
    photo = picture[: len(digitized.photo.pixels)]
    for trace in digitized.traces:
        _draw_trace(photo, trace, digitized)
    for trace in digitized.traces:  # after all lines, so that no line crosses a name
        _draw_name(photo, trace, digitized)
    return picture


def photo_positions(
    page: Page, x: NDArray[np.floating], y: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where page positions lie on the photo.

    Parameters
    ----------
    page : Page
    x, y : float arrays of one shape, page pixels
        NaN stays NaN.

    Returns
    -------
    (x, y) : float arrays, photo pixels
    """
    known = np.isfinite(x) & np.isfinite(y)
    column = np.where(known, x, 0.0) / page.mesh_step
    row = np.where(known, y, 0.0) / page.mesh_step
    return (
        np.where(known, sample_lattice(page.photo_x, column, row), np.nan),
        np.where(known, sample_lattice(page.photo_y, column, row), np.nan),
    )


def _pixels(digitized: Digitized, millimeters: float) -> float:
    """Return a length on the photo."""
    return millimeters * sum(digitized.grid.photo_pixels_per_mm) / 2


def _line_width(digitized: Digitized) -> int:
    """Return the width of a trace on the photo."""
    return max(1, round(_pixels(digitized, LINE_MM)))


def _draw_trace(photo: Picture, trace: LeadTrace, digitized: Digitized) -> None:
    """Draw one curve, and a tick where it begins."""
    columns = np.arange(len(trace.y), dtype=np.float64)
    inside = (columns >= trace.start_x) & (columns <= trace.end_x)
    y = np.where(inside, trace.y, np.nan)
    width, color = _line_width(digitized), COLORS[trace.lead]
    draw_line(
        photo,
        *photo_positions(digitized.page, columns, y),
        color=color,
        width=width,
        opacity=OPACITY,
    )
    tick = TICK_MM * digitized.grid.pixels_per_mm * np.linspace(-1.0, 1.0, 9)
    at_start = np.full_like(tick, trace.start_x)
    draw_line(
        photo,
        *photo_positions(digitized.page, at_start, _baseline(trace) + tick),
        color=color,
        width=width,
        opacity=OPACITY,
    )


def _draw_name(photo: Picture, trace: LeadTrace, digitized: Digitized) -> None:
    """Write the name of a lead above the tick at its start."""
    size = max(_pixels(digitized, NAME_MM), SMALLEST_LETTERS)
    above = _baseline(trace) - TICK_MM * digitized.grid.pixels_per_mm
    x, y = photo_positions(digitized.page, np.array([trace.start_x]), np.array([above]))
    name = f"-{trace.lead}" if trace.inverted else trace.lead.value
    write(
        photo,
        name,
        left=float(x[0]),
        top=float(y[0]) - 1.25 * size,
        size=size,
        color=WHITE,
        background=COLORS[trace.lead],
    )


def _baseline(trace: LeadTrace) -> float:
    """Return the usual height of a curve on the page."""
    return float(np.nanmedian(trace.y)) if np.isfinite(trace.y).any() else 0.0


def _legend(digitized: Digitized) -> Picture:
    """Return a bar that says how the page was understood."""
    width = digitized.photo.pixels.shape[1]
    size = max(round(width * LEGEND_SHARE), SMALLEST_LETTERS)
    bar = np.full((2 * size, width, 3), LEGEND_GREY, dtype=np.uint8)
    grid = digitized.grid
    parts = (
        digitized.layout,
        f"{_pixels(digitized, 1.0):.1f} px/mm",
        f"{grid.paper_speed:g} mm/s",
        f"{grid.gain:g} mm/mV",
        f"quality {digitized.quality.grade}",
    )
    write(bar, "    ".join(parts), left=size / 2, top=0.375 * size, size=size, color=WHITE)
    return bar
