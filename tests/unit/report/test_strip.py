"""The rhythm strip chooses its lead, keeps its scale and marks its beats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.report.strip import draw_strip, rhythm_lead
from tests.made_analysis import R_PEAKS, made_record

PEAKS = np.array(R_PEAKS)


def flat_record(seconds: float = 10.0, rate: float = 500.0) -> ECGRecord:
    signal = np.zeros((1, round(seconds * rate)), dtype=np.float32)
    return ECGRecord(signal=signal, sampling_rate=rate, leads=(Lead.II,))


def dots(text: str) -> int:
    return sum(bin(ord(character) - 0x2800).count("1") for character in text if character != " ")


@pytest.mark.parametrize("characters", [28, 67, 107, 300])
@pytest.mark.parametrize("unicode", [True, False])
def test_every_line_has_the_width_asked_for(characters, unicode):
    strip = draw_strip(made_record(), PEAKS, characters=characters, unicode=unicode)
    for row in strip.rows:
        assert {len(line) for line in row.curve} == {characters}
        assert len(row.ticks) == characters
        assert len(row.pulse) == len(row.curve)


def test_narrow_terminals_get_more_rows():
    def rows(characters: int) -> int:
        return len(draw_strip(made_record(), PEAKS, characters=characters, unicode=True).rows)

    assert [rows(28), rows(67), rows(107), rows(200)] == [3, 2, 2, 1]


def test_the_lead_printed_longest_is_the_rhythm_lead():
    record = made_record(on_page=True)
    assert rhythm_lead(record) is Lead.II
    signal = record.signal.copy()
    signal[record.leads.index(Lead.II), 1250:] = np.nan
    signal[record.leads.index(Lead.V1)] = 0.1
    assert rhythm_lead(replace(record, signal=signal)) is Lead.V1


def test_lead_two_is_preferred_among_equals():
    assert rhythm_lead(made_record()) is Lead.II


def test_a_page_without_rhythm_strip_shows_the_column_of_lead_two():
    record = made_record(on_page=True)
    signal = record.signal.copy()
    signal[record.leads.index(Lead.II), 1250:] = np.nan
    strip = draw_strip(replace(record, signal=signal), PEAKS, characters=67, unicode=True)
    assert strip.lead is Lead.II
    assert strip.start == 0.0
    assert strip.seconds == pytest.approx(2.5)
    assert len(strip.rows) == 1


def test_a_record_that_cannot_be_read_has_no_strip():
    signal = np.full((1, 100), np.nan, dtype=np.float32)
    record = ECGRecord(signal=signal, sampling_rate=100.0, leads=(Lead.II,))
    assert draw_strip(record, PEAKS, characters=60, unicode=True) is None


def test_long_records_show_their_first_ten_seconds():
    strip = draw_strip(flat_record(3600.0, 100.0), np.empty(0), characters=67, unicode=True)
    assert (strip.start, strip.seconds) == (0.0, 10.0)


def test_every_beat_has_one_tick():
    strip = draw_strip(made_record(), PEAKS, characters=67, unicode=True)
    assert sum(row.ticks.count("▴") for row in strip.rows) == len(PEAKS)


def test_ticks_stand_below_the_peaks():
    record = flat_record()
    signal = record.signal.copy()
    peaks = np.array([1.0, 4.0])
    for peak in peaks:
        signal[0, round(peak * 500)] = 1.0
    strip = draw_strip(replace(record, signal=signal), peaks, characters=150, unicode=True)
    top = strip.rows[0].curve[0]
    assert [place for place, sign in enumerate(top) if sign != " "] == [15, 60]
    assert [place for place, sign in enumerate(strip.rows[0].ticks) if sign == "▴"] == [15, 60]


def test_rr_intervals_stand_between_the_ticks():
    strip = draw_strip(made_record(), PEAKS, characters=67, unicode=True)
    assert strip.rows[0].ticks.split()[:3] == ["▴", "800", "▴"]


def test_a_flat_line_is_one_row_of_dots():
    strip = draw_strip(flat_record(), np.empty(0), characters=67, unicode=True)
    assert sum(dots(line) for line in strip.rows[0].curve) == 2 * 67


def test_the_pulse_is_one_millivolt_high():
    record = flat_record()
    signal = record.signal.copy()
    signal[0, 2000:2100] = 1.0  # as high as the pulse
    strip = draw_strip(replace(record, signal=signal), np.empty(0), characters=140, unicode=True)
    pulse, curve = strip.rows[0].pulse, strip.rows[0].curve
    assert [bool(line.strip()) for line in pulse] == [bool(line.strip()) for line in curve]


def test_the_pulse_fits_beside_small_beats_too():
    strip = draw_strip(flat_record(), np.empty(0), characters=140, unicode=True)
    assert "⣀" in strip.rows[0].pulse[0] or "⠒" in strip.rows[0].pulse[0]


def test_the_pulse_stands_in_the_first_row_only():
    strip = draw_strip(made_record(), PEAKS, characters=67, unicode=True)
    assert any(line.strip() for line in strip.rows[0].pulse)
    assert not any(line.strip() for line in strip.rows[1].pulse)


def test_one_second_is_as_long_as_the_scale_says():
    strip = draw_strip(flat_record(), np.empty(0), characters=140, unicode=True)
    assert strip.second_characters == 14


def test_very_high_beats_make_the_strip_no_taller_than_allowed():
    record = made_record()
    tall = replace(record, signal=record.signal * 20)
    strip = draw_strip(tall, PEAKS, characters=107, unicode=True)
    assert len(strip.rows[0].curve) <= 9
