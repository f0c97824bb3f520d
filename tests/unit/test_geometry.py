"""Wrapped phases are laid flat again."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.geometry import unwrap_from_best

PERIOD = 5.0
ROWS, COLUMNS = 60, 80


def wrapped(surface: np.ndarray) -> np.ndarray:
    """Return what is left of a surface within half a period."""
    return (surface - PERIOD * np.round(surface / PERIOD)).astype(np.float32)


def test_a_surface_of_several_periods_is_found_but_for_whole_periods() -> None:
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    surface = 0.2 * column + 3.0 * np.sin(row / 9.0)
    found = unwrap_from_best(wrapped(surface), np.ones_like(surface, np.float32), period=PERIOD)
    away = (found - surface) / PERIOD
    assert away == pytest.approx(np.full(surface.shape, np.round(away[0, 0])), abs=1e-4)


def test_a_turn_at_the_shadow_of_a_fold_does_not_move_half_of_the_sheet() -> None:
    """A phone page lost 6 mm beside a fold: the phase turned once in the rows seen best there."""
    surface = np.zeros((ROWS, COLUMNS))
    support = np.full(surface.shape, 0.2, np.float32)
    support[:, 38:44] = 0.08
    shadow = slice(20, 26)
    support[shadow, 38:44] = 0.1
    surface[shadow, 38:44] = -PERIOD * (np.arange(6) + 1.0) / 7.0
    surface[shadow, 44:] = -PERIOD
    found = unwrap_from_best(wrapped(surface), support, period=PERIOD)
    seen = support > 0.15
    assert np.ptp(found[seen]) == pytest.approx(0.0, abs=1e-4)
