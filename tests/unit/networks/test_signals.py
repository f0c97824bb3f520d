"""What the interpretation networks are given: 100 Hz, no baseline, gaps masked."""

import numpy as np
import pytest

from cardioalert.networks.signals import RATE, prepare_signal
from cardioalert.networks.windows import (
    STRIDE,
    WINDOW,
    page_view,
    stacked_windows,
    strided_windows,
    whole_record,
)


def waves(rate: float, seconds: float = 10.0) -> np.ndarray:
    clock = np.arange(round(rate * seconds)) / rate
    return np.tile(np.sin(2 * np.pi * 5.0 * clock), (12, 1))


@pytest.mark.parametrize("rate", [100.0, 250.0, 500.0, 1000.0])
def test_every_rate_gives_the_same_signal(rate):
    signal, present = prepare_signal(waves(rate), rate)
    assert signal.shape == (12, 1000)
    assert present.all()
    middle = slice(200, 800)
    assert np.abs(signal[:, middle] - waves(RATE)[:, middle]).max() < 0.03


def test_an_offset_is_no_signal():
    signal, _ = prepare_signal(waves(500.0) + 3.0, 500.0)
    assert abs(float(signal[:, 200:800].mean())) < 0.01


def test_short_gaps_are_bridged_and_short_pieces_dropped():
    record = waves(500.0)
    record[0, 1000:1050] = np.nan  # 0.1 s
    record[1, :4900] = np.nan  # 0.2 s left
    record[2] = np.nan
    _, present = prepare_signal(record, 500.0)
    assert present[0].all()
    assert not present[1].any()
    assert not present[2].any()


def test_nothing_is_left_where_nothing_was_shown():
    record = waves(500.0)
    record[3, 2500:] = np.nan
    signal, present = prepare_signal(record, 500.0)
    assert present[3].sum() == 500
    assert np.all(signal[3, 500:] == 0)


def test_windows_of_a_whole_record_are_simultaneous():
    signal = np.tile(np.arange(1000.0), (12, 1))
    windows = strided_windows(signal, np.ones((12, 1000), bool))
    assert windows.shape == (7, 24, WINDOW)
    assert windows[2, 5, 0] == 2 * STRIDE
    assert np.all(windows[:, 12:] == 1)


def test_columns_of_a_page_are_stacked_and_its_strip_moves_on():
    signal = np.tile(np.arange(1000.0), (12, 1))
    windows = stacked_windows(signal, page_view(np.ones((12, 1000), bool)))
    assert windows[:, 0, 0].tolist() == [0] * 7  # I: first column
    assert windows[:, 11, 0].tolist() == [750] * 7  # V6: last column
    assert windows[:, 1, 0].tolist() == [0, 125, 250, 375, 500, 625, 750]  # II: the strip


def test_a_lead_that_is_absent_is_masked():
    present = page_view(np.ones((12, 1000), bool))
    present[7] = False
    windows = stacked_windows(np.ones((12, 1000)), present)
    assert not windows[:, 7].any()
    assert not windows[:, 19].any()


def test_long_records_are_sampled_and_short_ones_padded():
    assert len(strided_windows(np.ones((12, 60_000)), np.ones((12, 60_000)))) == 15
    assert whole_record(np.ones((12, 400)), np.ones((12, 400))).shape == (1, 24, 1000)
