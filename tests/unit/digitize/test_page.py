"""The flattened page holds what was drawn, also where it leaves the grid."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cardioalert.digitize.grid import measure_grid
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM, _is_crossed, flatten_page
from tests.unit.digitize.drawn import grid_photo, paper_coordinates

PX_MM = 6.0
BLANK_MM = 30  # of paper above the grid


def sheet() -> NDArray[np.uint8]:
    """A printed grid, with blank paper above it."""
    u, v = paper_coordinates(900, 600, pixels_per_mm=PX_MM)
    grid = grid_photo(u, v, pixels_per_mm=PX_MM)
    blank = np.full((int(BLANK_MM * PX_MM), grid.shape[1], 3), 250, np.uint8)
    return np.concatenate([blank, grid])


def height_mm(picture: NDArray[np.uint8]) -> float:
    """Return the height of the flattened page."""
    page = flatten_page(picture, measure_grid(picture))
    return page.pixels.shape[0] / PAGE_PIXELS_PER_MM


def with_strokes(picture: NDArray[np.uint8], *, above_mm: float, count: int) -> NDArray[np.uint8]:
    """Draw upright strokes, 3 px wide, that leave the grid upward."""
    drawn = picture.copy()
    top = int((BLANK_MM - above_mm) * PX_MM)
    for at in np.linspace(100, 800, count).astype(int):
        drawn[top : int((BLANK_MM + 20) * PX_MM), at : at + 3] = 20
    return drawn


def test_page_goes_as_far_as_a_wave_that_leaves_the_grid() -> None:
    plain = height_mm(sheet())
    tall = height_mm(with_strokes(sheet(), above_mm=11.0, count=4))
    assert plain + 7.0 <= tall <= plain + 12.0  # one step of 8 mm, in pieces of 4
    taller = height_mm(with_strokes(sheet(), above_mm=19.0, count=4))
    assert taller >= tall + 7.0


def test_page_ends_at_its_margin_where_nothing_leaves_it() -> None:
    inside = with_strokes(sheet(), above_mm=-5.0, count=4)
    assert height_mm(inside) == pytest.approx(height_mm(sheet()))


def test_only_dark_strokes_cross_the_edge() -> None:
    strip = np.full((40, 900, 3), 240, np.uint8)
    assert not _is_crossed(strip)
    strip[:, 300:303] = (30, 30, 60)
    assert _is_crossed(strip)
    strip[25:] = 240
    assert not _is_crossed(strip), "a letter ends there"
    strip[:, 100:400] = 30
    assert not _is_crossed(strip), "a table, or a line along the edge"
