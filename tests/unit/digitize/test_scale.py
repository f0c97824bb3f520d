"""Pulse, speed, assembly and quality: numbers drawn are numbers found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cardioalert.digitize.assembly import assemble_record, cut_leads
from cardioalert.digitize.columns import Columns
from cardioalert.digitize.layouts import Place, PlacedLayout
from cardioalert.digitize.printed_scale import PrintedScale
from cardioalert.digitize.pulse import Pulse, find_pulse, without_pulse
from cardioalert.digitize.quality import judge_page
from cardioalert.digitize.scale import Scale, decide_scale
from cardioalert.domain.imaging import Grade, Grid, InkMaps, LeadTrace, RowTrace
from cardioalert.domain.record import Lead, SourceFile
from cardioalert.errors import GridNotFoundError
from tests.unit.digitize.drawn import PX, heart_curve, ink_of, row_trace

WIDTH, START = 1400, 150


def page_with_pulse(height_mm: float | None, *, right: bool = False):  # type: ignore[no-untyped-def]
    """Draw two rows and, in each, a pulse of a height before (or after) the traces."""
    curves = []
    for base in (250.0, 500.0):
        y = np.full(WIDTH, np.nan)
        y[START : WIDTH - START] = heart_curve(WIDTH, base, size_px=60)[START : WIDTH - START]
        curves.append(y)
    maps = ink_of(curves, 700)
    marks = maps.marks.copy()
    if height_mm is not None:
        left = WIDTH - START + 20 if right else START - 70
        for base in (250, 500):
            roof = base - int(height_mm * PX)
            marks[roof - 1 : roof + 2, left : left + 40] = 1.0
            marks[roof:base, left : left + 3] = 1.0
            marks[roof:base, left + 37 : left + 40] = 1.0
    rows = tuple(row_trace(curve) for curve in curves)
    return rows, InkMaps(centre=maps.centre, trace=maps.trace, marks=marks)


@pytest.mark.parametrize("gain", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("right", [False, True])
def test_height_of_the_pulse_is_the_gain(gain: float, right: bool) -> None:
    pulse = find_pulse(*page_with_pulse(gain, right=right))
    assert pulse is not None
    assert pulse.gain == gain


@pytest.mark.parametrize("height_mm", [None, 7.5, 15.0])
def test_no_pulse_or_one_of_no_known_gain_is_none(height_mm: float | None) -> None:
    assert find_pulse(*page_with_pulse(height_mm)) is None


def test_what_lies_beyond_the_pulse_is_cut() -> None:
    rows, _ = page_with_pulse(10.0)
    cut = without_pulse(rows, Pulse(gain=10.0, left=START + 20, right=START + 60))
    assert np.isnan(cut[0].y[: START + 60]).all()
    assert np.isfinite(cut[0].y[START + 80 : WIDTH - START]).all()
    assert without_pulse(rows, None) is rows


def scale_of(
    rows: tuple[RowTrace, ...],
    columns: Columns,
    *,
    pulse: Pulse | None = None,
    printed: PrintedScale | None = None,
    speed: float | None = None,
    gain: float | None = None,
    names: int = 1,
) -> Scale:
    """Decide the scale of a page of columns."""
    layout = placed(columns, names_right=names)
    return decide_scale(rows, layout, pulse, printed or PrintedScale(), speed=speed, gain=gain)


def columns_of(width_mm: float, count: int = 4) -> Columns:
    """Columns of a width."""
    width = width_mm * PX
    return Columns(start=0.0, width=width, count=count, evidence=1.0, end=width * count)


@pytest.mark.parametrize(("width_mm", "speed"), [(62.5, 25.0), (125.0, 50.0)])
def test_four_columns_hold_two_and_a_half_seconds_each(width_mm: float, speed: float) -> None:
    stretched = np.interp(
        np.arange(WIDTH) * 25.0 / speed, np.arange(WIDTH), heart_curve(WIDTH, 200.0, size_px=60)
    )
    scale = scale_of((row_trace(stretched),), columns_of(width_mm))
    assert scale.paper_speed == speed
    assert scale.speed_confirmed
    assert [notice.code for notice in scale.notices] == ["gain-assumed"]


def test_beats_that_contradict_the_columns_leave_the_speed_unconfirmed() -> None:
    stretched = np.interp(
        np.arange(WIDTH) / 2.0, np.arange(WIDTH), heart_curve(WIDTH, 200.0, size_px=60)
    )
    scale = scale_of((row_trace(stretched),), columns_of(62.5))
    assert not scale.speed_confirmed
    assert "speed-assumed" in [notice.code for notice in scale.notices]


def test_what_the_user_says_goes_first_and_contradiction_is_reported() -> None:
    rows = (row_trace(heart_curve(WIDTH, 200.0, size_px=60)),)
    pulse = Pulse(gain=5.0, left=0, right=40)
    scale = scale_of(rows, columns_of(62.5), pulse=pulse, speed=50.0, gain=10.0)
    assert (scale.paper_speed, scale.gain) == (50.0, 10.0)
    assert [notice.code for notice in scale.notices] == ["gain-contradicted"]


def test_what_is_printed_goes_before_the_width_of_the_columns() -> None:
    rows = (row_trace(heart_curve(WIDTH, 200.0, size_px=60)),)
    printed = PrintedScale(speed=50.0, gain=5.0, speed_certainty=0.99, gain_certainty=0.99)
    scale = scale_of(rows, columns_of(62.5), printed=printed)
    assert (scale.paper_speed, scale.gain) == (50.0, 5.0)
    assert scale.confirmed
    assert scale.notices == ()


def test_a_pulse_that_contradicts_the_print_leaves_the_gain_unconfirmed() -> None:
    rows = (row_trace(heart_curve(WIDTH, 200.0, size_px=60)),)
    printed = PrintedScale(gain=10.0, gain_certainty=0.99)
    pulse = Pulse(gain=20.0, left=0, right=40)
    scale = scale_of(rows, columns_of(62.5), printed=printed, pulse=pulse)
    assert scale.gain == 10.0
    assert not scale.gain_confirmed
    assert [notice.code for notice in scale.notices] == ["gain-contradicted"]


@pytest.mark.parametrize(
    ("width_mm", "clock"), [(62.0, 62.5 / 62.0), (61.5, 62.5 / 61.5), (62.45, 1.0), (61.0, 1.0)]
)
def test_columns_a_little_off_the_grid_are_the_clock(width_mm: float, clock: float) -> None:
    rows = (row_trace(heart_curve(WIDTH, 200.0, size_px=60)),)
    assert scale_of(rows, columns_of(width_mm), names=12).clock == pytest.approx(clock)
    assert scale_of(rows, columns_of(width_mm), names=3).clock == 1.0


def test_a_grid_that_makes_columns_too_short_is_refused() -> None:
    rows = (row_trace(heart_curve(WIDTH, 200.0, size_px=60)),)
    with pytest.raises(GridNotFoundError):
        scale_of(rows, columns_of(20.0))


def placed(columns: Columns, **changes: object) -> PlacedLayout:
    """One lead over the whole width."""
    place = Place(
        lead=Lead.AVR,
        inverted=bool(changes.pop("inverted", False)),
        named_by="label",
        row=0,
        left=columns.start,
        right=columns.end,
        is_rhythm=False,
    )
    fields = {"names_right": 1, "names_wrong": 0, "law_residual": float("nan")} | changes
    return PlacedLayout(
        name="1x1", order="standard", places=(place,), columns=columns, unnamed_rhythm=(), **fields
    )


def grid_of(speed: float, gain: float, detail: float = 8.0) -> Grid:
    """A grid of a speed and a gain."""
    return Grid(
        pixels_per_mm=PX,
        photo_pixels_per_mm=(detail, detail),
        confidence=1.0,
        scale_confirmed=True,
        paper_speed=speed,
        gain=gain,
    )


@pytest.mark.parametrize(("speed", "gain"), [(25.0, 10.0), (50.0, 5.0)])
@pytest.mark.parametrize("inverted", [False, True])
def test_pixels_become_seconds_and_millivolts(speed: float, gain: float, inverted: bool) -> None:
    curve = heart_curve(WIDTH, 200.0, size_px=80)
    columns = Columns(start=100.0, width=1200.0, count=1, evidence=0.0, end=1300.0)
    layout, grid = placed(columns, inverted=inverted), grid_of(speed, gain)
    traces = cut_leads((row_trace(curve),), layout, grid)
    record = assemble_record(traces, layout, grid, sampling_rate=500.0, source=SourceFile())
    assert record.duration == pytest.approx(1200 / PX / speed, abs=0.002)
    true = (np.median(curve) - curve) / PX / gain * (-1 if inverted else 1)
    times = (np.arange(WIDTH) - 100) / PX / speed
    clock = np.arange(record.signal.shape[1]) / 500.0
    known = np.isfinite(record.signal[0])
    assert known.mean() > 0.98
    expected = np.interp(clock, times, true)
    difference = record.signal[0][known] - expected[known]
    assert np.abs(difference - np.median(difference)).max() < 0.05 * 80 / PX / gain


def lead_of(curve: np.ndarray, confidence: np.ndarray) -> LeadTrace:
    """Cut a lead over the whole width out of a row."""
    row = replace(row_trace(curve), confidence=confidence.astype(np.float32))
    columns = Columns(start=0.0, width=float(WIDTH), count=1, evidence=0.0, end=float(WIDTH))
    return cut_leads((row,), placed(columns), grid_of(25.0, 10.0))[0]


def test_a_lead_is_doubted_for_its_waves_and_not_for_its_columns() -> None:
    curve = heart_curve(WIDTH, 200.0, size_px=80)
    steep = np.abs(np.gradient(curve)) > 4
    assert 0.02 < steep.mean() < 0.1
    few_steep, many_flat = np.where(steep, 0.3, 0.95), np.where(steep, 0.95, 0.6)
    assert lead_of(curve, few_steep).waves_in_doubt
    assert not lead_of(curve, many_flat).waves_in_doubt
    crossed = replace(row_trace(curve), tangled=steep)
    columns = Columns(start=0.0, width=float(WIDTH), count=1, evidence=0.0, end=float(WIDTH))
    trace = cut_leads((crossed,), placed(columns), grid_of(25.0, 10.0))[0]
    assert trace.waves_in_doubt  # however sure the reader was


@pytest.mark.parametrize(("sure", "kept"), [(0.3, False), (0.9, True)])
def test_a_doubtful_scrap_beyond_the_curve_is_no_part_of_the_lead(sure: float, kept: bool) -> None:
    """Such as the edge of the paper, which runs up and down where the lead has ended."""
    curve = heart_curve(WIDTH, 200.0, size_px=80)
    scrap = slice(WIDTH - 60, WIDTH - 20)
    confidence = np.full(WIDTH, 0.9)
    curve[WIDTH - 200 :] = np.nan
    curve[scrap], confidence[scrap] = np.linspace(100.0, 300.0, 40), sure
    y = lead_of(curve, confidence).y
    assert np.isfinite(y[scrap]).all() == kept
    assert np.isfinite(y[10 : WIDTH - 200]).all()


def test_quality_names_its_reasons() -> None:
    columns = Columns(start=0.0, width=float(WIDTH), count=1, evidence=0.0, end=float(WIDTH))
    curve = heart_curve(WIDTH, 200.0, size_px=60)
    scale = scale_of((row_trace(curve),), columns_of(62.5), speed=25.0, gain=10.0)
    good = judge_page(
        cut_leads((row_trace(curve),), placed(columns), grid_of(25.0, 10.0)),
        placed(columns),
        grid_of(25.0, 10.0),
        scale,
    )
    assert (good.grade, good.reasons) == (Grade.GOOD, ())
    half = curve.copy()
    half[300:1000] = np.nan
    bad = placed(columns, law_residual=0.9)
    poor = judge_page(
        cut_leads((row_trace(half),), bad, grid_of(25.0, 10.0, detail=3.0)),
        bad,
        grid_of(25.0, 10.0, detail=3.0),
        scale,
    )
    assert poor.grade is Grade.POOR
    assert [reason.code for reason in poor.reasons] == [
        "low-resolution",
        "einthoven-mismatch",
        "weak-leads",
    ]
    assert "aVR" in poor.reasons[2].message
