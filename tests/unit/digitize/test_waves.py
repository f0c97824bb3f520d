"""Steep and tangled parts of rows are found, covered by windows and read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cardioalert.digitize.following import follow_rows
from cardioalert.digitize.waves import (
    ReadRow,
    Waves,
    read_row_waves,
    take_waves,
    wave_columns,
    wave_windows,
    window_of,
)
from cardioalert.networks.wave_reader import COLUMNS, MARGIN
from tests.unit.digitize.drawn import heart_curve, ink_of


def test_every_wave_column_is_read_in_one_window_that_sees_around_it():
    waves = np.zeros(400, np.bool_)
    for start, stop in ((3, 9), (60, 160), (397, 400)):
        waves[start:stop] = True
    read = np.zeros(400, int)
    for window in wave_windows(waves):
        read[window.left : window.right] += 1
        assert window.first + MARGIN <= window.left
        assert window.right <= window.first + COLUMNS - MARGIN
    assert (read == waves).all()


def test_windows_are_filled_beyond_the_page():
    along = np.arange(20, dtype=np.float32)
    cut = window_of(along, -5, -1.0)
    assert cut[:5].tolist() == [-1.0] * 5
    assert cut[5:25].tolist() == along.tolist()
    assert (cut[25:] == -1.0).all()


@pytest.mark.parametrize("size", [60.0, 150.0])
def test_qrs_are_waves_and_the_base_line_is_none(size):
    curve = heart_curve(640, 200.0, size_px=size)
    (row,) = follow_rows(ink_of([curve], 400), np.array([200.0]))
    waves = wave_columns(row, 4.0, np.zeros(640, int))
    tips = np.flatnonzero(curve == curve.min())
    assert waves[tips].all()
    assert not waves[tips[:-1] + 80].any()


def test_ink_that_no_curve_explains_is_a_wave():
    curve = heart_curve(640, 200.0, size_px=0.0)
    (row,) = follow_rows(ink_of([curve], 400), np.array([200.0]))
    lost = np.zeros(640, int)
    lost[300:304] = 30
    waves = wave_columns(row, 4.0, lost)
    assert waves[300:304].all()
    assert not waves[:280].any()


def missed_wave():
    """A tall wave, and a curve that goes on level there."""
    tall = heart_curve(640, 200.0, size_px=100.0)
    level = np.full_like(tall, 200.0)
    return (np.repeat(each[:, None], 2, axis=1).astype(np.float32) for each in (level, tall))


def found(heights, *, proven=True):
    return Waves(
        heights=heights, spread=np.ones_like(heights), proven=np.full(len(heights), proven)
    )


def test_a_proven_wave_takes_the_place_of_a_curve_that_missed_it():
    level, tall = missed_wave()
    taken, proven = take_waves(level, found(tall))
    tips = np.flatnonzero(tall[:, 0] == tall[:, 0].min())
    assert proven[tips].all()
    assert taken[tips] == pytest.approx(tall[tips])
    assert not proven[tips[:-1] + 80].any()


def test_a_wave_that_nothing_proves_is_not_believed():
    level, tall = missed_wave()
    taken, proven = take_waves(level, found(tall, proven=False))
    assert taken == pytest.approx(level)
    assert not proven.any()


def test_where_both_agree_the_curve_reader_stands():
    _level, tall = missed_wave()
    assert take_waves(tall, found(tall + np.float32(1.5)))[0] == pytest.approx(tall)
    assert take_waves(tall, found(np.full_like(tall, np.nan)))[0] == pytest.approx(tall)


def read_with(maps, heights, *, printed=True):
    """Read the waves of one row whose curve reader was sure of nothing and said `heights`."""
    (row,) = follow_rows(maps, np.array([200.0]))
    unsure = np.zeros(len(heights), np.float32)
    read = ReadRow(row=row, heights=heights, confidence=unsure)
    white = 1.0 - 0.9 * np.maximum(maps.trace, maps.marks)
    lost = [np.zeros(len(heights), int)]
    (waves,) = read_row_waves((read,), maps, white, lost, [printed])
    return waves


def test_a_difference_that_the_wave_reader_is_not_sure_of_changes_nothing():
    level, tall = missed_wave()
    doubtful = replace(found(tall), spread=np.full_like(tall, 150.0))
    assert take_waves(level, doubtful)[0] == pytest.approx(level)


def test_a_drawn_wave_is_read_better_than_a_curve_reader_that_missed_its_tip():
    curve = heart_curve(640, 200.0, size_px=100.0)
    maps = ink_of([curve], 400)
    cut = np.repeat(np.maximum(curve, 150.0)[:, None], 2, axis=1).astype(np.float32)
    waves = read_with(maps, cut)
    tips = np.flatnonzero(curve == curve.min())
    error, missed = (np.abs(each.mean(axis=1) - curve)[tips] for each in (waves.heights, cut))
    assert error.max() < 0.7 * missed.min()


def test_ink_of_marks_and_bars_through_the_rows_prove_nothing():
    curve = heart_curve(640, 200.0, size_px=100.0)
    maps = ink_of([curve], 400)
    tip = int(np.argmin(curve))
    heights = np.repeat(curve[:, None], 2, axis=1).astype(np.float32)
    assert not read_with(replace(maps, marks=maps.trace), heights).proven.any()
    trace = maps.trace.copy()
    trace[:, tip - 3 : tip + 4] = 1.0
    assert not read_with(replace(maps, trace=trace), heights).proven[tip]


def test_a_dashed_separator_proves_nothing_where_it_is_known_as_a_mark():
    curve = heart_curve(640, 200.0, size_px=100.0)
    maps = ink_of([curve], 400)
    heights = np.repeat(curve[:, None], 2, axis=1).astype(np.float32)
    column = np.flatnonzero(read_with(maps, heights).proven)[0]
    marks = maps.marks.copy()
    marks[:, column - 3 : column + 4] = np.where(np.arange(400) % 10 < 7, 1.0, 0.0)[:, None]
    dashed = replace(maps, marks=np.where(maps.trace > 0.1, np.float32(0.0), marks))
    assert not read_with(dashed, heights).proven[column]


def test_rows_that_nobody_printed_have_no_waves():
    curve = heart_curve(640, 200.0, size_px=100.0)
    heights = np.repeat(curve[:, None], 2, axis=1).astype(np.float32)
    waves = read_with(ink_of([curve], 400), heights, printed=False)
    assert np.isnan(waves.heights).all()
