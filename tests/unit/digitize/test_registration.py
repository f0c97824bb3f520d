"""A grid that is drawn displaced is found displaced, whatever it is made of."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cardioalert.digitize.registration import register_grid
from cardioalert.domain.imaging import InkMaps
from tests.unit.digitize.drawn import PX, grid_photo, ink_of

WIDTH, HEIGHT = 1600, 960
CURVES = (240.0, 480.0, 720.0)
INSIDE = np.s_[2:-2, 2:-2]  # at the rim half of the surroundings is missing
Doubles = NDArray[np.float64]


def true_displacements(x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
    """Return how far (px) a bent paper is displaced; a fold changes it within 30 mm."""
    return (
        1.5 * np.sin(x / 260.0) + 1.0 * np.tanh((y - 500.0) / 120.0),
        1.2 * np.cos(x / 310.0 + y / 420.0),
    )


def page_of(kind: str) -> tuple[NDArray[np.uint8], InkMaps]:
    """Draw a displaced page with three curves of tall steep waves."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    right, down = true_displacements(x, y)
    u, v = (x - right) / PX, (y - down) / PX
    pixels = grid_photo(u, v, pixels_per_mm=PX, minor=kind != "five")
    if kind == "points":
        away = (np.hypot((part + 0.5) % 1.0 - 0.5, 0.0) for part in (u, v))
        pixels = np.full_like(pixels, 250)
        pixels[np.maximum(*away) < 0.14] = (200, 120, 130)
    columns = np.arange(WIDTH)
    waves = [base - 120.0 * np.exp(-((((columns % 173) - 40) / 3.0) ** 2)) for base in CURVES]
    ink = ink_of(waves, HEIGHT)
    pixels = (pixels * (1.0 - ink.trace[..., None])).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.8), dtype=np.uint8), ink


@pytest.mark.parametrize("kind", ["lines", "five", "points"])
def test_a_bent_page_is_measured(kind: str) -> None:
    found = register_grid(*page_of(kind))
    row, column = np.indices(found.right.shape) * found.step
    for part, true in zip((found.right, found.down), true_displacements(column, row), strict=True):
        miss = (part - true)[INSIDE]
        assert np.std(miss) < 0.25  # px: 1.25 ms at 25 mm/s
        assert np.std(miss) < 0.3 * np.std(true[INSIDE])


def test_points_are_put_where_they_belong() -> None:
    found = register_grid(*page_of("lines"))
    x, y = np.meshgrid(np.linspace(150.0, 1450.0, 40), np.linspace(120.0, 840.0, 20))
    right, down = true_displacements(x, y)
    placed_x, placed_y = found.placed(x + right, y + down)
    assert np.std(placed_x - x) < 0.25
    assert np.std(placed_y - y) < 0.25


def test_ink_that_is_known_does_not_pull_the_grid() -> None:
    """Grey bars, paler than what is ink by its darkness, stand beside the lines of the grid."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    pixels = grid_photo(x / PX, y / PX, pixels_per_mm=PX)
    bars = (x % 120.0 > 12.0) & (x % 120.0 < 18.0) & (x > 800)
    pixels[bars] = 215
    trace = bars.astype(np.float32)
    nothing = np.zeros_like(trace)
    told = InkMaps(centre=nothing, trace=trace, marks=nothing)
    blind = InkMaps(centre=nothing, trace=nothing, marks=nothing)
    largest = [np.abs(register_grid(pixels, maps).right[INSIDE]).max() for maps in (told, blind)]
    assert largest[0] < 0.2
    assert largest[0] < 0.5 * largest[1]


@pytest.mark.parametrize("shape", [(160, 160), (160, 3840)])
@pytest.mark.parametrize("kind", ["white", "black", "noise"])
@pytest.mark.parametrize("inked", [0.0, 1.0])
def test_a_page_without_a_grid_is_left_nearly_as_it_is(
    shape: tuple[int, int], kind: str, inked: float
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    pixels = {"white": np.full_like(noise, 250), "black": np.zeros_like(noise), "noise": noise}[
        kind
    ]
    maps = np.full(shape, inked, np.float32)
    found = register_grid(pixels, InkMaps(centre=maps, trace=maps, marks=maps))
    for part in (found.right, found.down):
        assert np.isfinite(part).all()
        assert np.abs(part).max() < 12.0  # px, 1.5 mm: three rounds, and some beyond the rim
        if kind != "noise" or inked:
            assert np.abs(part).max() < 1e-3
