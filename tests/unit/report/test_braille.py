"""Curves become exactly the characters that hold their dots."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.report.braille import (
    ascii_lines,
    blank_canvas,
    braille_lines,
    column_extremes,
    draw_curve,
)


@pytest.mark.parametrize(
    ("row", "column", "character"),
    [
        (0, 0, "⠁"),
        (1, 0, "⠂"),
        (2, 0, "⠄"),
        (3, 0, "⡀"),
        (0, 1, "⠈"),
        (1, 1, "⠐"),
        (2, 1, "⠠"),
        (3, 1, "⢀"),
    ],
)
def test_each_dot_has_its_place(row, column, character):
    canvas = blank_canvas(lines=1, characters=1)
    canvas[row, column] = True
    assert braille_lines(canvas) == [character]


def test_a_full_cell_and_an_empty_one():
    canvas = blank_canvas(lines=1, characters=2)
    canvas[:, :2] = True
    assert braille_lines(canvas) == ["⣿ "]


def test_a_ramp_climbs_one_dot_a_column():
    canvas = blank_canvas(lines=2, characters=4)
    signal = np.arange(8, dtype=np.float32) + 0.5
    draw_curve(canvas, signal, top=8.0, dots_per_unit=1.0)
    for column in range(1, 8):  # stretched to the middle between neighbours
        assert np.flatnonzero(canvas[:, column]).tolist() == [7 - column, 8 - column]
    assert np.flatnonzero(canvas[:, 0]).tolist() == [7]


def test_a_peak_of_one_sample_is_kept():
    signal = np.zeros(1000, dtype=np.float32)
    signal[503] = 7.0
    canvas = blank_canvas(lines=2, characters=10)
    draw_curve(canvas, signal, top=7.0, dots_per_unit=1.0)
    assert canvas[0].sum() == 1
    assert np.flatnonzero(canvas[0]).tolist() == [10]


def test_both_extremes_of_a_column_are_kept():
    low, high = column_extremes(np.array([0, 3, -2, 0, 0, 0], dtype=np.float32), columns=2)
    assert low.tolist() == [-2.0, 0.0]
    assert high.tolist() == [3.0, 0.0]


def test_neighbouring_columns_touch():
    rng = np.random.default_rng(5)
    canvas = blank_canvas(lines=6, characters=20)
    signal = rng.normal(size=400).cumsum().astype(np.float32)
    signal -= signal.min()
    draw_curve(canvas, signal, top=float(signal.max()), dots_per_unit=23 / float(signal.max()))
    for left, right in zip(canvas.T, canvas.T[1:], strict=False):
        rows = np.flatnonzero(left), np.flatnonzero(right)
        assert rows[0].min() <= rows[1].max() + 1
        assert rows[1].min() <= rows[0].max() + 1


def test_a_gap_stays_empty():
    signal = np.zeros(40, dtype=np.float32)
    signal[10:30] = np.nan
    canvas = blank_canvas(lines=1, characters=10)
    draw_curve(canvas, signal, top=0.5, dots_per_unit=4.0)
    assert canvas[:, 5:15].sum() == 0
    assert canvas[:, :5].any(axis=0).all()
    assert canvas[:, 15:].any(axis=0).all()


def test_a_signal_shorter_than_the_canvas_is_stretched():
    canvas = blank_canvas(lines=1, characters=4)
    draw_curve(canvas, np.array([0.0, 1.0], dtype=np.float32), top=1.0, dots_per_unit=3.0)
    assert canvas.any(axis=0).all()


def test_values_outside_the_canvas_are_drawn_on_its_edge():
    canvas = blank_canvas(lines=1, characters=1)
    draw_curve(canvas, np.array([9.0, -9.0], dtype=np.float32), top=1.0, dots_per_unit=2.0)
    assert canvas.any(axis=1).tolist() == [True, True, True, True]


def test_ascii_uses_nothing_but_ascii():
    rng = np.random.default_rng(1)
    canvas = rng.random((8, 40)) < 0.3
    for line in ascii_lines(canvas):
        assert line.isascii()
        assert len(line) == 20


def test_ascii_shows_level_and_steep():
    canvas = blank_canvas(lines=1, characters=4)
    canvas[1, 0:2] = True  # level, middle
    canvas[:, 2] = True  # upright
    canvas[3, 4] = True  # at the bottom
    canvas[0, 6] = True  # at the top
    assert ascii_lines(canvas) == ["-|.'"]
