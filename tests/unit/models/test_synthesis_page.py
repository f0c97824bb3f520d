"""A drawn page says truly what is on it."""

from dataclasses import replace

import numpy as np
import pytest
from synthesis.canvas import line_profile
from synthesis.design import Clutter, random_design
from synthesis.layouts import LEADS, lead_signal, make_layout
from synthesis.page import draw_page, place_strokes
from synthesis.recordings import complete_limb_leads, disturb, made_up_recording

from tests.unit.models.built_page import plain_design

RATE = 500.0


@pytest.fixture(scope="module")
def recording():
    return made_up_recording()


def test_same_seed_gives_the_same_page(recording):
    first, second = (
        draw_page(random_design(3), recording.signal, sampling_rate=RATE) for _ in range(2)
    )
    assert first.design == second.design
    assert np.array_equal(first.rgb, second.rgb)
    assert np.array_equal(first.marks, second.marks)


def test_black_pixels_are_trace_or_marks(recording):
    page = draw_page(plain_design(), recording.signal, sampling_rate=RATE)
    ink = page.rgb.max(axis=2) < 128
    known = np.maximum(page.trace, page.marks) > 127
    assert (ink != known).mean() < 1e-4
    assert page.grid.max() == 0


def test_trace_lies_where_the_signal_is(recording):
    page = draw_page(plain_design(), recording.signal, sampling_rate=RATE)
    for stroke in page.strokes:
        pixels = np.floor(stroke.points * page.scale).astype(int)
        assert (page.trace[pixels[:, 1], pixels[:, 0]] > 60).all()
        # y = baseline - mV * 10 mm/mV, by definition of the gain
        assert np.allclose(stroke.baseline - stroke.points[:, 1], stroke.signal * 10.0, atol=1e-4)


def test_sequential_columns_go_on_in_time_and_simultaneous_ones_do_not(recording):
    design = plain_design()
    strokes = place_strokes(design, recording.signal, sampling_rate=RATE)
    assert [s.start for s in strokes[:4]] == [0.0, 2.0, 4.0, 6.0]  # 50 mm at 25 mm/s
    together = replace(design, simultaneous=True)
    strokes = place_strokes(together, recording.signal, sampling_rate=RATE)
    assert [s.start for s in strokes[:4]] == [0.0] * 4


@pytest.mark.parametrize(
    ("layout", "rows", "strokes"),
    [
        (make_layout("3x4"), 3, 12),
        (make_layout("3x4", rhythm=("V1", "II", "V5")), 6, 15),
        (make_layout("6x2", rhythm=("II",)), 7, 13),
        (make_layout("12x1"), 12, 12),
        (make_layout("2x6"), 2, 12),
        (make_layout("limb", cabrera=True), 6, 6),
        (make_layout("strip", strip=("V1", "II")), 2, 2),
    ],
)
def test_every_lead_of_a_layout_is_placed(recording, layout, rows, strokes):
    placed = place_strokes(plain_design(layout=layout), recording.signal, sampling_rate=RATE)
    assert len(layout.rows) == rows
    assert len(placed) == strokes


def test_cabrera_shows_avr_upside_down(recording):
    assert np.array_equal(lead_signal(recording.signal, "-aVR"), -recording.signal[3])
    assert make_layout("limb", cabrera=True).rows[2] == ("-aVR",)


def test_lead_name_boxes_hold_marks(recording):
    page = draw_page(plain_design(), recording.signal, sampling_rate=RATE)
    for stroke in page.strokes:
        x0, y0, x1, y1 = (np.array(stroke.label_box) * page.scale).round().astype(int)
        assert page.marks[y0:y1, x0:x1].max() > 200


def test_grid_lines_stand_every_millimetre():
    profile = line_profile(200, scale=10.0, origin=2.0, pitch=1.0, width=0.2)
    lines = np.flatnonzero((profile[1:-1] >= profile[:-2]) & (profile[1:-1] > profile[2:])) + 1
    assert set(np.diff(lines)) == {10}


def test_opaque_bar_removes_the_trace_from_the_truth(recording):
    design = plain_design(clutter=Clutter(redactions=3), first_row=10.0, row_spacing=15.0)
    clean = draw_page(replace(design, clutter=Clutter()), recording.signal, sampling_rate=RATE)
    page = draw_page(design, recording.signal, sampling_rate=RATE)
    assert page.trace.sum() < clean.trace.sum()
    assert page.marks.sum() > clean.marks.sum()


def test_every_random_page_can_be_drawn(recording):
    for seed in range(12):
        signal = disturb(recording, np.random.default_rng(seed))
        page = draw_page(random_design(seed), signal, sampling_rate=RATE, scale=5.0)
        assert page.strokes
        assert page.trace.max() > 100


def test_limb_leads_follow_from_two():
    signal = complete_limb_leads(np.arange(16.0).reshape(8, 2))
    names = dict(zip(LEADS, signal, strict=True))
    assert np.allclose(names["I"] + names["III"], names["II"])
    assert np.allclose(names["aVR"] + names["aVL"] + names["aVF"], 0)
