"""A redrawn ECG is true to the millimetre."""

from __future__ import annotations

import numpy as np

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.report.figures import (
    INK,
    LEFT_MM,
    THICK_LINE,
    THIN_LINE,
    redraw,
)
from tests.made_analysis import made_record


def dark(picture):
    return picture.sum(axis=2) < 200


def step_record() -> ECGRecord:
    signal = np.zeros((1, 5000), dtype=np.float32)
    signal[0, 2500:] = 1.0
    return ECGRecord(signal=signal, sampling_rate=500.0, leads=(Lead.II,))


def test_the_grid_has_a_line_every_millimetre():
    picture = redraw(made_record(), pixels_per_mm=8)
    top_row = picture[1, ::8]
    assert (top_row[1:5] == THIN_LINE).all()
    assert (top_row[::5] == THICK_LINE).all()


def test_a_millivolt_is_ten_millimetres_and_a_second_twenty_five():
    picture = redraw(step_record(), pixels_per_mm=10)
    strip = dark(picture)[-400:]
    before = round((LEFT_MM + 4.0 * 25) * 10)
    after = round((LEFT_MM + 6.0 * 25) * 10)
    low = np.flatnonzero(strip[:, before]).mean()
    high = np.flatnonzero(strip[:, after]).mean()
    assert low - high == 100.0
    step = round((LEFT_MM + 5.0 * 25) * 10)
    assert strip[:, step].sum() > 80


def test_absent_leads_are_left_out():
    full = dark(redraw(made_record())).sum()
    only_two = dark(redraw(step_record())).sum()
    assert only_two < full


def test_gaps_stay_empty():
    record = made_record(on_page=True)
    assert redraw(record).shape == redraw(made_record()).shape


def test_ink_is_dark():
    assert sum(INK) < 100
