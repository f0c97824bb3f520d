"""The overlay puts each curve where it lies on the photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cardioalert.domain.imaging import Grid, Photo
from cardioalert.domain.record import Lead
from cardioalert.report.overlay import COLORS, draw_overlay, photo_positions
from tests.made_analysis import (
    SCALE,
    SHIFT_X,
    SHIFT_Y,
    made_digitized,
    made_page,
    made_trace,
)

GREY = 230


def drawn(**changes):
    return draw_overlay(made_digitized(**changes))


def test_page_positions_go_through_the_mesh():
    x, y = photo_positions(made_page(), np.array([0.0, 100.0, 333.3]), np.array([50.0, 0.0, 77.7]))
    assert x == pytest.approx(np.array([0.0, 100.0, 333.3]) * SCALE + SHIFT_X, abs=0.3)
    assert y == pytest.approx(np.array([50.0, 0.0, 77.7]) * SCALE + SHIFT_Y, abs=0.3)


def test_unknown_positions_stay_unknown():
    x, y = photo_positions(made_page(), np.array([10.0, np.nan]), np.array([np.nan, 10.0]))
    assert np.isnan(x).all()
    assert np.isnan(y).all()


def test_the_photo_keeps_its_place_above_a_legend():
    picture = drawn()
    assert picture.dtype == np.uint8
    assert picture.shape[1:] == (1200, 3)
    assert 700 < picture.shape[0] < 760
    assert (picture[:40, :40] == GREY).all()


def test_a_trace_is_drawn_on_its_line_in_its_colour():
    trace = made_trace(Lead.V1, row=0, column=2)
    picture = drawn(traces=(trace,))
    row = round(150.0 * SCALE + SHIFT_Y)
    columns = slice(round(trace.start_x * SCALE + SHIFT_X) + 5, 800)
    line = picture[row, columns].astype(float)
    assert np.abs(line - COLORS[Lead.V1]).max() < np.abs(GREY - np.array(COLORS[Lead.V1])).max()
    assert (line.std(axis=0) < 12).all()
    for away in (row - 4, row + 4):
        assert (picture[away, columns] == GREY).all()


def test_ink_stays_visible_below_the_line():
    photo = made_digitized().photo
    pixels = photo.pixels.copy()
    row = round(150.0 * SCALE + SHIFT_Y)
    pixels[row - 3 : row + 4, 600:700] = 0
    trace = made_trace(Lead.V1, row=0, column=2)
    picture = drawn(traces=(trace,), photo=replace(photo, pixels=pixels))
    assert picture[row, 650].sum() < picture[row, 750].sum()


def test_nothing_is_drawn_where_the_trace_has_a_gap():
    trace = made_trace(Lead.I, row=0, column=0)
    y = trace.y.copy()
    y[200:300] = np.nan
    picture = drawn(traces=(replace(trace, y=y),))
    row = round(150.0 * SCALE + SHIFT_Y)
    gap = slice(round(205 * SCALE + SHIFT_X), round(295 * SCALE + SHIFT_X))
    assert (picture[row - 3 : row + 4, gap] == GREY).all()


def test_the_input_photo_is_not_changed():
    digitized = made_digitized()
    draw_overlay(digitized)
    assert (digitized.photo.pixels == GREY).all()


@pytest.mark.parametrize("scale", [0.5, 4.0])
def test_lines_grow_with_the_photo(scale):
    digitized = made_digitized()
    page, photo = digitized.page, digitized.photo
    size = (round(700 * scale), round(1200 * scale), 3)
    picture = draw_overlay(
        replace(
            digitized,
            photo=Photo(pixels=np.full(size, GREY, dtype=np.uint8), source=photo.source),
            page=replace(page, photo_x=page.photo_x * scale, photo_y=page.photo_y * scale),
            grid=Grid(
                pixels_per_mm=8.0,
                photo_pixels_per_mm=(4.0 * scale, 4.0 * scale),
                confidence=0.9,
                scale_confirmed=True,
            ),
            traces=(made_trace(Lead.II, row=3, column=0, columns=1),),
        )
    )
    row = round((1050.0 * SCALE + SHIFT_Y) * scale)
    column = round(800 * scale)
    inked = (picture[row - 20 : row + 20, column] != GREY).any(axis=1).sum()
    assert round(0.8 * scale) <= inked <= round(0.9 * scale) + 3  # soft edges


def test_a_trace_that_leaves_the_photo_does_no_harm():
    digitized = made_digitized()
    page = replace(digitized.page, photo_x=digitized.page.photo_x - 2000)
    picture = draw_overlay(replace(digitized, page=page))
    assert picture.shape[1] == 1200


def test_a_trace_without_ink_does_no_harm():
    trace = made_trace(Lead.I, row=0, column=0)
    picture = drawn(traces=(replace(trace, y=np.full_like(trace.y, np.nan)),))
    assert picture.shape[1] == 1200
