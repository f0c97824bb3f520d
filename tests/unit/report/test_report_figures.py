"""The redrawn leads: every lead at its place, at its time, in its size."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.report.beat_figure import draw_all_leads, draw_calipers
from cardioalert.report.document import Beat
from cardioalert.report.ecg_figure import draw_ecg
from cardioalert.report.svg import Sheet
from tests.built_ecg import as_page, built_record
from tests.made_report import built_document

STEP = re.compile(r"(-?\d+) (-?\d+)")


def words_of(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def curve_points(path: str) -> np.ndarray:
    """The positions of a path made by `Sheet.curve`, mm."""
    start, steps = path.removeprefix("M").split("l")
    pairs = [tuple(map(int, pair)) for pair in STEP.findall(steps)]
    return np.cumsum([tuple(map(int, start.split())), *pairs], axis=0) / 100.0


def test_a_curve_keeps_its_place():
    sheet = Sheet(width=100.0, height=50.0)
    x = np.linspace(1.0, 99.0, 2000)
    y = 25.0 + 10.0 * np.sin(x / 3.0)
    sheet.curve(x, y)
    points = curve_points(re.search(r'd="([^"]+)"', sheet.svg()).group(1))
    assert np.interp(points[:, 0], x, y) == pytest.approx(points[:, 1], abs=0.02)
    assert np.interp(x, points[:, 0], points[:, 1]) == pytest.approx(
        y, abs=0.06
    )  # 0.015 mm beside a slope of 3.3
    assert len(points) < 600


def test_gaps_and_what_leaves_the_sheet_are_not_drawn():
    sheet = Sheet(width=100.0, height=50.0)
    x = np.arange(1.0, 90.0)
    y = np.where((x > 30) & (x < 40), np.nan, 25.0)
    y[60:70] = 80.0
    sheet.curve(x, y)
    assert re.search(r'd="([^"]+)"', sheet.svg()).group(1).count("M") == 3


def test_words_are_escaped():
    sheet = Sheet(width=10.0, height=10.0)
    sheet.write('<b>&"', x=1.0, y=1.0)
    assert "&lt;b&gt;&amp;&quot;" in sheet.svg()


def test_twelve_leads_stand_in_rows_and_the_rhythm_below():
    drawn = draw_ecg(built_record(heart_rate=75.0))
    assert words_of(drawn.svg)[:4] == ["I", "aVR", "V1", "V4"]
    assert words_of(drawn.svg)[-1] == "II"
    assert set(drawn.leads) == set(STANDARD_LEADS)


def test_a_page_read_column_by_column_is_drawn_at_its_own_times():
    drawn = draw_ecg(as_page(built_record(heart_rate=75.0)))
    assert not any(" s" in name for name in words_of(drawn.svg))


def test_a_lead_printed_at_another_time_says_so():
    record = built_record(heart_rate=75.0)
    signal = np.array(record.signal)
    signal[record.leads.index("V1"), 1250:] = np.nan  # V1 exists in the first 2.5 s only
    moved = ECGRecord(signal=signal, sampling_rate=500.0, leads=record.leads)
    assert "V1  0.0 s" in words_of(draw_ecg(moved).svg)


def test_few_leads_are_drawn_at_full_length():
    record = built_record(heart_rate=75.0)
    one = ECGRecord(signal=record.signal[1:2], sampling_rate=500.0, leads=("II",))
    assert words_of(draw_ecg(one).svg) == ["II"]


def test_a_base_line_far_from_zero_is_moved_and_named():
    record = built_record(heart_rate=75.0)
    signal = np.array(record.signal)
    signal[7] += 3.0
    drawn = draw_ecg(ECGRecord(signal=signal, sampling_rate=500.0, leads=record.leads))
    assert drawn.shifted == ("V2",)


def test_a_record_without_a_sample_is_an_empty_sheet():
    empty = ECGRecord(signal=np.full((12, 5000), np.nan), sampling_rate=500.0, leads=STANDARD_LEADS)
    assert words_of(draw_ecg(empty).svg) == []


def test_calipers_stand_at_the_bounds_of_the_waves():
    beat = built_document().explanation.median_beat
    drawn = draw_calipers(beat, {"PR": "220 ms", "QT": "380 ms"})
    assert {"PR 220 ms", "QT 380 ms"} <= set(words_of(drawn.svg))
    lines = re.findall(r'd="M(\d+) (\d+)L(\d+) (\d+)"[^>]*stroke-width="35"', drawn.svg)
    level = [(int(b[2]) - int(b[0])) / 100 for b in lines if b[1] == b[3]]
    assert level == pytest.approx(
        [100 * (beat.qrs_on_s - beat.p_on_s), 100 * (beat.t_off_s - beat.qrs_on_s)], abs=0.02
    )


def test_an_absent_wave_gets_no_mark_and_no_caliper():
    beat = built_document().explanation.median_beat
    without = Beat.model_validate(beat.model_dump() | {"p_on_s": None, "p_off_s": None})
    drawn = draw_calipers(without, {"P": "100 ms", "PR": "220 ms", "QT": "380 ms"})
    assert words_of(drawn.svg) == ["QRS", "T", "II", "QT 380 ms"]
    assert draw_all_leads(without).count('fill-opacity="0.1"') == 2 * 12
