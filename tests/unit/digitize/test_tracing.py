"""Curves drawn as ink are followed where they were drawn."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.digitize.tracing import find_rows, runs, trace_rows
from cardioalert.domain.imaging import InkMaps
from cardioalert.errors import TraceNotFoundError
from tests.unit.digitize.drawn import heart_curve, ink_of

WIDTH = 1200


def test_rows_are_found_at_their_base_lines() -> None:
    bases = [150.0, 390.0, 630.0]
    maps = ink_of([heart_curve(WIDTH, base, size_px=80) for base in bases], 800)
    assert find_rows(maps) == pytest.approx(np.array(bases), abs=6)


def test_page_without_traces_is_refused() -> None:
    blank = np.zeros((400, WIDTH), np.float32)
    with pytest.raises(TraceNotFoundError, match="0 mm"):
        find_rows(InkMaps(centre=blank, trace=blank, marks=blank))
    speck = ink_of([np.where(np.arange(WIDTH) < 100, 200.0, np.nan)], 400)
    with pytest.raises(TraceNotFoundError):
        find_rows(speck)


def test_curve_is_followed_to_a_fraction_of_a_pixel() -> None:
    curve = heart_curve(WIDTH, 200.0, size_px=60)
    row = trace_rows(ink_of([curve], 400), np.array([200.0]))[0]
    slow = np.abs(np.gradient(curve)) < 2
    # Half a pixel is what tips are moved out for the ink of a real network (INK_INSET).
    assert np.abs(row.y - curve)[slow].max() < 0.5 + 0.1
    assert row.y.min() == pytest.approx(curve.min(), abs=2.0)
    assert row.y.max() == pytest.approx(curve.max(), abs=2.0)


def test_tall_waves_that_cross_the_next_row_keep_their_own_row() -> None:
    upper = heart_curve(WIDTH, 200.0, size_px=60)
    lower = heart_curve(WIDTH, 380.0, size_px=260, every=190.0)
    rows = trace_rows(ink_of([upper, lower], 600), np.array([200.0, 380.0]))
    assert np.nanmedian(np.abs(rows[0].y - upper)) < 0.5
    assert np.nanmedian(np.abs(rows[1].y - lower)) < 0.5
    assert rows[1].y[np.isfinite(rows[1].y)].min() == pytest.approx(lower.min(), abs=6.0)


def test_long_gap_stays_open_and_short_gap_is_bridged() -> None:
    curve = heart_curve(WIDTH, 200.0, size_px=60)
    maps = ink_of([curve], 400)
    maps.centre[:, 300:306] = 0
    maps.centre[:, 800:900] = 0
    row = trace_rows(maps, np.array([200.0]))[0]
    assert np.isfinite(row.y[300:306]).all()
    assert np.isnan(row.y[805:895]).all()


def test_runs_are_start_and_stop_of_true() -> None:
    flags = np.array([True, True, False, True, False])
    assert runs(flags).tolist() == [[0, 2], [3, 4]]
    assert runs(np.zeros(3, bool)).tolist() == []
