"""The grid of a drawn page is found where it was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.digitize.grid import measure_grid
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM, flatten_page
from cardioalert.errors import GridNotFoundError
from tests.unit.digitize.drawn import grid_photo, paper_coordinates

WIDTH, HEIGHT = 1200, 700
LARGEST_MISS_MM = 0.2  # 8 ms at 25 mm/s, at the very edge of the picture


def largest_miss(**camera: float) -> float:
    """Return the largest error (mm) of the measured map, the free origin removed."""
    pixels_per_mm, strokes = camera.pop("pixels_per_mm"), camera.pop("strokes", 0.0)
    u, v = paper_coordinates(WIDTH, HEIGHT, pixels_per_mm=pixels_per_mm, **camera)
    photo = grid_photo(u, v, pixels_per_mm=pixels_per_mm)
    if strokes:  # a QRS in each row, one below the other, between the lines
        photo[(np.abs(u % strokes - 0.3) < 0.3) & (v % 25.0 < 16.0)] = 20
    grid = measure_grid(photo)
    misses = []
    for found, true in ((grid.u, u), (grid.v, v)):
        rows = np.arange(1, found.shape[0] - 2)
        columns = np.arange(1, found.shape[1] - 2)
        at = np.ix_(
            np.round(rows * grid.step).astype(int), np.round(columns * grid.step).astype(int)
        )
        difference = found[np.ix_(rows, columns)] - true[at]
        misses.append(np.abs(difference - np.median(difference)).max())
    return float(max(misses))


@pytest.mark.parametrize(
    ("pixels_per_mm", "confirmed"),
    # In the last, a close-up, the 5 mm lines are too far apart to stand out from the 1 mm lines.
    [(4.0, True), (5.6, True), (8.0, True), (12.3, False)],
)
def test_pitch_of_a_flat_page(pixels_per_mm: float, confirmed: bool) -> None:
    u, v = paper_coordinates(WIDTH, HEIGHT, pixels_per_mm=pixels_per_mm)
    grid = measure_grid(grid_photo(u, v, pixels_per_mm=pixels_per_mm))
    assert grid.pixels_per_mm == pytest.approx((pixels_per_mm, pixels_per_mm), rel=0.005)
    assert grid.scale_confirmed is confirmed


@pytest.mark.parametrize(
    "camera",
    [
        {"pixels_per_mm": 6.0, "degrees": 6.0},
        {"pixels_per_mm": 6.0, "degrees": -4.0, "perspective": 0.15},
        {"pixels_per_mm": 5.0, "perspective": 0.1, "curl_mm": 1.5},
        {"pixels_per_mm": 6.0, "perspective": 0.1, "curl_mm": 1.0, "strokes": 20.7},
    ],
    ids=["turned", "tilted", "curled", "inked"],
)
def test_every_point_of_a_distorted_page_is_found(camera: dict[str, float]) -> None:
    assert largest_miss(**camera) < LARGEST_MISS_MM


def test_bare_major_lines_are_enough() -> None:
    u, v = paper_coordinates(WIDTH, HEIGHT, pixels_per_mm=6.0)
    grid = measure_grid(grid_photo(u, v, pixels_per_mm=6.0, minor=False))
    assert grid.pixels_per_mm == pytest.approx((6.0, 6.0), rel=0.005)
    assert not grid.scale_confirmed


@pytest.mark.parametrize("kind", ["blank", "noise", "gradient"])
def test_no_grid_is_refused(kind: str) -> None:
    rng = np.random.default_rng(1)
    pixels = {
        "blank": np.full((600, 800, 3), 240, np.uint8),
        "noise": rng.integers(0, 255, (600, 800, 3)).astype(np.uint8),
        "gradient": np.repeat(
            np.linspace(0, 255, 800, dtype=np.uint8)[None, :, None].repeat(600, 0), 3, 2
        ),
    }[kind]
    with pytest.raises(GridNotFoundError):
        measure_grid(pixels)


def test_flattened_grid_lines_fall_on_whole_millimetres() -> None:
    u, v = paper_coordinates(WIDTH, HEIGHT, pixels_per_mm=6.0, degrees=3.0, perspective=0.1)
    photo = grid_photo(u, v, pixels_per_mm=6.0)
    page = flatten_page(photo, measure_grid(photo))
    darkness = 255.0 - page.pixels[200:600, 400:1000, 1]
    step = int(PAGE_PIXELS_PER_MM)
    for profile in (darkness.mean(axis=0), darkness.mean(axis=1)):
        folded = profile[: len(profile) // step * step].reshape(-1, step).mean(axis=0)
        # Rows 200 and columns 400 are multiples of 8: lines belong at phase 0.
        assert np.argmax(folded) in (0, 1, step - 1)
        assert folded.max() > 1.5 * folded[step // 2]
