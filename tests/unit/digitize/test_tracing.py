"""Curves drawn as ink are followed where they were drawn."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from cardioalert.digitize import following
from cardioalert.digitize.following import runs
from cardioalert.digitize.tracing import (
    _fancied,
    _forget_far_ends,
    _reach_tips,
    find_rows,
    trace_rows,
)
from cardioalert.digitize.waves import ReadRow
from cardioalert.domain.imaging import InkMaps
from cardioalert.errors import TraceNotFoundError
from tests.unit.digitize.drawn import heart_curve, ink_of, pixels_of

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
    maps = ink_of([curve], 400)
    row = trace_rows(maps, following.follow_rows(maps, np.array([200.0])), pixels_of(maps))[0]
    slow = np.abs(np.gradient(curve)) < 2
    # The network learned from the maps of a real one; these are sharper.
    assert np.median(np.abs(row.y - curve)[slow]) < 0.3
    assert row.fine is not None
    assert row.fine.reshape(-1, 2).mean(axis=1) == pytest.approx(row.y, nan_ok=True)
    assert row.y.min() == pytest.approx(curve.min(), abs=2.0)
    assert row.y.max() == pytest.approx(curve.max(), abs=2.0)


def test_tall_waves_that_cross_the_next_row_keep_their_own_row() -> None:
    upper = heart_curve(WIDTH, 200.0, size_px=60)
    lower = heart_curve(WIDTH, 380.0, size_px=260, every=190.0)
    maps = ink_of([upper, lower], 600)
    rows = trace_rows(maps, following.follow_rows(maps, np.array([200.0, 380.0])), pixels_of(maps))
    assert np.nanmedian(np.abs(rows[0].y - upper)) < 0.5
    assert np.nanmedian(np.abs(rows[1].y - lower)) < 0.5
    assert rows[1].y[np.isfinite(rows[1].y)].min() == pytest.approx(lower.min(), abs=6.0)


def test_long_gap_stays_open_and_short_gap_is_bridged() -> None:
    curve = heart_curve(WIDTH, 200.0, size_px=60)
    maps = ink_of([curve], 400)
    for gap in (slice(300, 306), slice(800, 900)):
        maps.centre[:, gap] = 0
        maps.trace[:, gap] = 0
    row = trace_rows(maps, following.follow_rows(maps, np.array([200.0])), pixels_of(maps))[0]
    assert np.isfinite(row.y[300:306]).all()
    assert np.isnan(row.y[805:895]).all()


def test_runs_are_start_and_stop_of_true() -> None:
    flags = np.array([True, True, False, True, False])
    assert runs(flags).tolist() == [[0, 2], [3, 4]]
    assert runs(np.zeros(3, bool)).tolist() == []


def test_memory_grows_with_the_page_and_not_with_its_rows() -> None:
    """The largest page has 12.9 million pixels: 55 bytes each leave half of 1.5 GB to the rest."""
    bases = 50.0 + 87.5 * np.arange(12)
    maps = ink_of([heart_curve(600, base, size_px=40) for base in bases], 1050)
    pixels = pixels_of(maps)
    trace_rows(maps, following.follow_rows(maps, bases), pixels)  # opens the network
    tracemalloc.start()
    try:
        trace_rows(maps, following.follow_rows(maps, bases), pixels)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 55 * maps.centre.size


def test_a_tall_wave_is_followed_through_the_lead_name_that_hides_part_of_it() -> None:
    curve = heart_curve(WIDTH, 300.0, size_px=200, every=400.0)
    maps = ink_of([curve], 500)
    marks = np.zeros_like(maps.centre)
    tip = int(np.argmin(curve[:600]))
    name = (slice(180, 215), slice(tip - 25, tip + 25))
    maps.centre[name], maps.trace[name], marks[name] = 0.0, 0.0, 1.0
    maps = replace(maps, marks=marks)
    row = trace_rows(maps, following.follow_rows(maps, np.array([300.0])), pixels_of(maps))[0]
    assert np.nanmin(row.y[:600]) == pytest.approx(curve[:600].min(), abs=8.0)


def test_a_wave_taller_than_the_spacing_of_the_rows_reaches_its_tip() -> None:
    """It costs little to be far from the base line where no other row is."""
    upper = heart_curve(WIDTH, 420.0, size_px=380, every=300.0)
    lower = heart_curve(WIDTH, 580.0, size_px=30, every=300.0)
    maps = ink_of([upper, lower], 700)
    row, _below = following.follow_rows(maps, np.array([420.0, 580.0]))
    assert (row.path + row.top).min() == pytest.approx(upper.min(), abs=32.0)


@pytest.mark.parametrize(
    ("away", "limit", "reached"), [(0, 32.0, 80.0), (6, 32.0, 100.0), (0, 10.0, 100.0)]
)
def test_a_lost_tip_is_only_looked_for_where_the_curve_turns(away, limit, reached) -> None:
    """Ink farther on, or ink that goes on as another row's, may be the tip of another wave."""
    x = np.arange(120, dtype=np.float32)
    curve = 200.0 - 100.0 * np.clip(1.0 - np.abs(x - 60) / 10.0, 0.0, None)
    upper, lower = curve - 2.0, np.where(np.abs(x - 60) < 10, 200.0, curve) + 2.0
    upper[60 + away] = 78.0  # 20 px above the turn, less half a stroke
    fine = np.repeat(curve[:, None], 2, axis=1).astype(np.float32)
    limits = np.full((2, 120), limit, np.float32)
    moved = _reach_tips(fine, upper.astype(np.float32), lower.astype(np.float32), tuple(limits))
    assert moved.min() == pytest.approx(reached, abs=0.5)


def test_ink_that_no_curve_explains_makes_its_columns_doubtful() -> None:
    """A tall wave of the next row has its own curve; a stroke that nobody followed has none."""
    upper = heart_curve(WIDTH, 250.0, size_px=40, every=300.0)
    lower = heart_curve(WIDTH, 430.0, size_px=150, every=300.0)
    maps = ink_of([upper, lower], 600)
    bases = np.array([250.0, 430.0])
    clear = trace_rows(maps, following.follow_rows(maps, bases), pixels_of(maps))
    assert not any(row.tangled.any() for row in clear)
    maps.trace[150:200, 200:204] = 1.0
    marked = trace_rows(maps, following.follow_rows(maps, bases), pixels_of(maps))
    assert np.flatnonzero(marked[0].tangled).tolist() == [200, 201, 202, 203]
    assert not marked[1].tangled.any()


def test_a_path_that_missed_a_tall_wave_of_its_own_is_led_to_its_tip() -> None:
    """Ink of another row beside the base line is the easier way, until the own wave is missed."""
    columns, heights, base, tip = 60, 200, 100, 20
    bands = np.full((1, columns, heights), 0.001, np.float32)
    bands[0, :, base] = 0.6
    ink = np.zeros_like(bands)
    ink[0, :, base - 1 : base + 2] = 1.0
    ink[0, 28:33, tip:base] = 0.95  # its centre line is hardly seen
    bands[0, 30, tip:base] = 0.02
    stray = np.zeros((1, heights), np.float32)
    climb = following._climb_costs(ink[0])[None]
    paths = following._cheapest_paths(bands, climb, stray)
    assert paths[0].min() > base - 10
    own = np.zeros(bands.shape, np.bool_)
    own[0, 29:32, tip:base] = True
    assert following._bait_missed_tips(bands, paths, own) == [0]
    led = following._cheapest_paths(bands, climb, stray)
    assert led[0].min() <= tip + 1
    assert np.count_nonzero(led[0] < base - 10) <= 5  # there and back, once
    assert following._bait_missed_tips(bands, led, own) == []


@pytest.mark.parametrize(("inked", "dark"), [(False, False), (True, False), (False, True)])
def test_a_curve_that_is_only_supposed_needs_ink_or_a_darker_line(
    *, inked: bool, dark: bool
) -> None:
    level = np.full(WIDTH, 200.0)
    maps = ink_of([level], 400)
    (row,) = following.follow_rows(maps, np.array([200.0]))
    if not inked:
        row = replace(row, ink=np.zeros_like(row.ink))
    darkness = np.full(row.ink.shape, 0.6, np.float32)  # skin
    if dark:
        darkness[:, 199 - row.top : 202 - row.top] = 0.8
    read = ReadRow(
        row=row,
        heights=np.repeat(level[:, None], 2, axis=1).astype(np.float32),
        confidence=np.full(WIDTH, 0.35, np.float32),
    )
    assert _fancied(read, darkness)[50:-50].all() == (not inked and not dark)
    sure = replace(read, confidence=np.ones(WIDTH, np.float32))
    assert not _fancied(sure, darkness).any()


@pytest.mark.parametrize(("columns", "exchanged"), [(200, True), (20, False)])
def test_rows_that_left_a_tangle_on_each_others_base_lines_are_exchanged(
    *, columns: int, exchanged: bool
) -> None:
    tops = np.array([0.0, 40.0])
    right = np.array([np.full(600, 60), np.full(600, 60)])  # 60 and 100 on the page
    swapped = right.copy()
    swapped[:, 300 : 300 + columns] = [[100], [20]]
    found = swapped.copy()
    following._exchange_swapped(found, tops, heights=120)
    assert np.array_equal(found, right if exchanged else swapped)


def test_short_pieces_far_beyond_the_ends_are_none_of_the_row() -> None:
    sure = np.zeros(1000, np.bool_)
    for start, stop in ((20, 50), (130, 140), (200, 230), (240, 900), (960, 990)):
        sure[start:stop] = True
    _forget_far_ends(sure)
    assert runs(sure).tolist() == [[200, 230], [240, 900]]
