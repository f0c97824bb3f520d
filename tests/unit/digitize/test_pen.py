"""Curves drawn with a known pen are moved to where the pen was."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cardioalert.digitize.pen import redraw

WIDTH, HEIGHT, MIDDLE = 400, 160, 100.0
FINER = 16  # the picture is drawn so much larger, and averaged
TIPS = (80, 160, 240, 320)


def qrs(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights (px) of a curve with four R waves 6 px wide, at positions along time."""
    waves = sum(
        70.0 * np.exp(-0.5 * ((at - tip) / 2.0) ** 2)
        - 20.0 * np.exp(-0.5 * ((at - tip - 6.0) / 1.8) ** 2)
        for tip in TIPS
    )
    return MIDDLE - np.asarray(waves) + 3.0 * np.sin(at / 40.0)


def drawn(pen: float, *, grid: int = 255) -> NDArray[np.float32]:
    """Draw it with a round pen; darkness, shape (columns, heights)."""
    canvas = np.full((HEIGHT * FINER, WIDTH * FINER), 255, np.uint8)
    for line in range(0, HEIGHT, 8):
        cv2.line(canvas, (0, line * FINER), (WIDTH * FINER, line * FINER), grid, FINER)
    at = np.arange(0.0, WIDTH, 0.1)
    points = np.column_stack([at, qrs(at)]) * FINER + (FINER - 1) / 2.0
    cv2.polylines(canvas, [np.round(points).astype(np.int32)], False, 0, round(pen * FINER))
    small = cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return (1.0 - small.astype(np.float32) / 255.0).T.copy()


def as_read(shrink: float) -> NDArray[np.float32]:
    """Return the curve as a reader gives it that makes waves a little too low."""
    at = np.arange(2 * WIDTH) / 2.0 - 0.25
    level = MIDDLE + 3.0 * np.sin(at / 40.0)
    return (level + (1.0 - shrink) * (qrs(at) - level)).reshape(-1, 2).astype(np.float32)


NOBODY = np.zeros((WIDTH, HEIGHT), np.bool_)


@pytest.mark.parametrize("pen", [1.6, 2.0, 3.0])
def test_low_waves_are_raised_to_the_ink(pen: float) -> None:
    read = as_read(0.05)
    moved = redraw(read, drawn(pen), NOBODY, top=0, grid=0.0)
    truth = as_read(0.0)
    before, after = (np.sqrt(np.mean((curve - truth) ** 2)) for curve in (read, moved))
    assert after < 0.5 * before
    for tip in TIPS:
        near = slice(tip - 3, tip + 4)
        assert moved[near].min() == pytest.approx(truth[near].min(), abs=0.7)


def test_band_may_begin_anywhere_on_the_page() -> None:
    darkness = drawn(2.0)
    there = redraw(as_read(0.05) + 500.0, darkness, NOBODY, top=500, grid=0.0)
    here = redraw(as_read(0.05), darkness, NOBODY, top=0, grid=0.0)
    assert there - 500.0 == pytest.approx(here, abs=0.3)


def test_columns_that_were_not_read_stay_unread() -> None:
    read = as_read(0.05)
    read[150:170] = np.nan
    moved = redraw(read, drawn(2.0), NOBODY, top=0, grid=0.0)
    assert np.array_equal(np.isnan(moved), np.isnan(read))


def test_printed_page_is_left_to_the_reader() -> None:
    read = as_read(0.05)
    assert redraw(read, drawn(2.0, grid=200), NOBODY, top=0, grid=0.2) is read


def test_blurred_page_is_left_to_the_reader() -> None:
    read = as_read(0.05)
    blurred = cv2.GaussianBlur(drawn(2.0), (0, 0), 1.2)
    assert redraw(read, blurred, NOBODY, top=0, grid=0.0) is read


def test_ink_that_no_pen_explains_moves_nothing() -> None:
    """A block beside each wave, as a separator or a letter would be."""
    darkness = drawn(2.0)
    for tip in TIPS:
        darkness[tip - 3 : tip + 12, 20:140] = 1.0
    read = as_read(0.05)
    assert redraw(read, darkness, NOBODY, top=0, grid=0.0) == pytest.approx(read, abs=1e-3)


def test_ink_of_other_rows_is_not_followed() -> None:
    darkness = drawn(2.0)
    others = NOBODY.copy()
    darkness[:, :12], others[:, :12] = 1.0, True
    clean = redraw(as_read(0.05), drawn(2.0), NOBODY, top=0, grid=0.0)
    assert redraw(as_read(0.05), darkness, others, top=0, grid=0.0) == pytest.approx(clean, abs=0.1)


def test_separator_is_not_hatched() -> None:
    """A bar over a level part could be explained by a pen that goes up and down in it."""
    darkness = drawn(2.0)
    darkness[117:122, 70:130] = 1.0
    read = as_read(0.05)
    read[118:120] += 10.0
    moved = redraw(read, darkness, NOBODY, top=0, grid=0.0)
    assert moved[110:130] == pytest.approx(read[110:130], abs=1e-3)
    assert np.abs(moved - read).max() > 1.0, "waves elsewhere are moved all the same"
