"""Smooth surfaces keep their shape through noise, holes, outliers and edges."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.digitize.surface import smooth_surface

ROWS, COLUMNS = 40, 60


def bent(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return a curled sheet with a slope."""
    return 0.3 * np.sin(column / 12.0) + 0.01 * row + 0.02 * column


def at_middles() -> np.ndarray:
    row, column = np.mgrid[0:ROWS, 0:COLUMNS] + 0.5
    return bent(row, column).astype(np.float32)


def at_corners() -> np.ndarray:
    row, column = np.mgrid[0 : ROWS + 1, 0 : COLUMNS + 1]
    return bent(row, column)


def test_noise_is_averaged_and_the_bend_is_kept() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.05, (ROWS, COLUMNS)).astype(np.float32)
    trust = np.ones((ROWS, COLUMNS), np.float32)
    surface = smooth_surface(at_middles() + noise, trust, stiffness=3.0)
    error = np.abs(surface - at_corners())
    assert np.median(error) < 0.01
    assert error.max() < 0.1


@pytest.mark.parametrize("stiffness", [3.0, 30.0])
def test_a_plane_continues_straight_where_nothing_was_seen(stiffness: float) -> None:
    row, column = np.mgrid[0:ROWS, 0:COLUMNS] + 0.5
    heights = (0.03 * column - 0.02 * row).astype(np.float32)
    trust = np.ones((ROWS, COLUMNS), np.float32)
    heights[:, -12:], trust[:, -12:] = 0.0, 0.0
    surface = smooth_surface(heights, trust, stiffness=stiffness)
    row, column = np.mgrid[0 : ROWS + 1, 0 : COLUMNS + 1]
    assert np.abs(surface - (0.03 * column - 0.02 * row)).max() < 1e-3


def test_a_stripe_of_wrong_heights_does_not_pull() -> None:
    """As ink of QRS complexes would, one below the other."""
    heights, trust = at_middles(), np.ones((ROWS, COLUMNS), np.float32)
    heights[:, 30:33] += 0.5
    error = np.abs(smooth_surface(heights, trust, stiffness=3.0) - at_corners())
    assert error.max() < 0.05


@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (50, 3)])
def test_narrow_maps_are_fitted_too(shape: tuple[int, int]) -> None:
    surface = smooth_surface(np.ones(shape, np.float32), np.ones(shape, np.float32), stiffness=3.0)
    assert surface.shape == (shape[0] + 1, shape[1] + 1)
    assert np.allclose(surface, 1.0, atol=1e-3)


def test_a_map_on_its_side_gives_the_same_surface() -> None:
    trust = np.ones((ROWS, COLUMNS), np.float32)
    upright = smooth_surface(at_middles(), trust, stiffness=3.0)
    lying = smooth_surface(at_middles().T, trust.T, stiffness=3.0)
    assert np.allclose(upright, lying.T, atol=1e-9)
