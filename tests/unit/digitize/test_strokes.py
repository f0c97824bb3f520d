"""Vertical strokes beside a curve are found with their time; separators and the QRS are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from cardioalert.digitize.columns import Columns
from cardioalert.digitize.strokes import find_strokes
from cardioalert.domain.imaging import Grid, InkMaps, LeadTrace
from cardioalert.domain.record import Lead, Stroke
from tests.unit.digitize.drawn import PX, heart_curve, ink_of

WIDTH, HEIGHT, BASE = 1000, 400, 200.0
GRID = Grid(
    pixels_per_mm=PX, photo_pixels_per_mm=(PX, PX), confidence=1.0, scale_confirmed=True
)  # 200 px/s, 80 px/mV
COLUMNS = Columns(count=2, start=0.0, width=WIDTH / 2, evidence=1.0, end=WIDTH - 1.0)


def found(curve: NDArray[np.float64], marks: NDArray[np.float32]) -> tuple[Stroke, ...]:
    trace = LeadTrace(
        lead=Lead.II,
        named_by="label",
        row=0,
        start_x=0.0,
        end_x=WIDTH - 1.0,
        y=curve.astype(np.float32),
        start_time=0.0,
        quality=1.0,
    )
    ink: InkMaps = replace(ink_of([curve], HEIGHT), marks=marks)
    return find_strokes([trace], ink, COLUMNS, GRID)


def marked(*boxes: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Marks that fill boxes of (left, right, top, bottom)."""
    marks = np.zeros((HEIGHT, WIDTH), np.float32)
    for left, right, top, bottom in boxes:
        marks[top:bottom, left:right] = 1.0
    return marks


def test_a_stroke_on_the_curve_has_the_time_and_height_of_its_ink() -> None:
    flat = np.full(WIDTH, BASE)
    up, down = found(flat, marked((298, 303, 160, 200), (700, 703, 200, 240)))
    assert (up.time, up.height) == (pytest.approx(1.5), pytest.approx(0.5, abs=0.02))
    assert (down.time, down.height) == (pytest.approx(3.505), pytest.approx(0.5, abs=0.02))
    assert up.lead is Lead.II


def test_dots_of_the_grid_do_not_cut_a_stroke() -> None:
    marks = marked((298, 303, 150, 200))
    marks[170:173] = 0.0
    (stroke,) = found(np.full(WIDTH, BASE), marks)
    assert stroke.height == pytest.approx(50 / 80, abs=0.02)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((298, 303, 100, 140), id="a letter above the curve"),
        pytest.param((280, 300, 120, 200), id="a broad mark"),
        pytest.param((298, 303, 195, 200), id="hardly higher than the pen"),
        pytest.param((498, 503, 100, 300), id="a separator of columns"),
    ],
)
def test_what_is_no_stroke(box: tuple[int, int, int, int]) -> None:
    assert found(np.full(WIDTH, BASE), marked(box)) == ()


def test_the_flank_of_a_wave_explains_its_own_ink() -> None:
    curve = heart_curve(WIDTH, BASE, size_px=120)
    tall = ink_of([curve], HEIGHT).trace
    assert found(curve, tall) == ()


def test_no_curve_no_stroke() -> None:
    assert found(np.full(WIDTH, np.nan), marked((298, 303, 100, 300))) == ()
