"""ST from beat to beat, the saddle, the width of T, the two peaks of P: drawn and measured."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.measure.st import saddle, st_spreads, t_voltages
from cardioalert.measure.voltages import p_voltages

RATE = 500.0
CLOCK = np.arange(400) / RATE  # s
QRS_ON, QRS_OFF, T_OFF = 100, 150, 330  # samples


def test_one_disturbed_beat_of_two_shows_in_the_spread() -> None:
    beats = np.zeros((2, 400))
    beats[1, QRS_OFF - 10 :] = 0.3
    assert st_spreads(beats[:, None], qrs_on=QRS_ON, qrs_off=QRS_OFF) == [pytest.approx(0.15)]
    assert st_spreads(beats[:1, None], qrs_on=QRS_ON, qrs_off=QRS_OFF) == [None]


def test_one_disturbed_beat_of_nine_does_not() -> None:
    beats = np.random.default_rng(0).normal(0.0, 0.01, (9, 1)) * np.ones(400)
    beats[:, :QRS_ON] = 0.0
    beats[4, QRS_OFF - 10 :] += 0.5
    (spread,) = st_spreads(beats[:, None], qrs_on=QRS_ON, qrs_off=QRS_OFF)
    assert spread is not None
    assert spread < 0.03


def drawn_saddle(*, takeoff: float, trough: float, t: float) -> np.ndarray:
    """A steep rise to r', a fall to the trough and a round T."""
    at = [0, QRS_ON, 135, QRS_OFF - 4, 200, 270, T_OFF, 399]
    height = [0.0, 0.0, -0.5, takeoff, trough, t, 0.0, 0.0]
    return np.interp(np.arange(400), at, height)


def test_a_saddle_is_measured() -> None:
    found = saddle(drawn_saddle(takeoff=0.4, trough=0.2, t=0.4), qrs_off=QRS_OFF, t_off=T_OFF)
    assert found["saddle_takeoff"] == pytest.approx(0.4, abs=0.01)
    assert found["saddle_trough"] == pytest.approx(0.2, abs=0.01)
    # 0.9 mV in 22 ms up, 0.2 mV in 108 ms down: half a millivolt below the top.
    assert found["saddle_base"] == pytest.approx(
        0.5 / (0.9 / 0.022) + 0.5 / (0.2 / 0.108), rel=0.15
    )


def test_st_that_only_falls_or_only_rises_is_no_saddle() -> None:
    coved = drawn_saddle(takeoff=0.4, trough=0.1, t=-0.3)
    convex = drawn_saddle(takeoff=0.1, trough=0.2, t=0.5)
    for signal in (coved, convex, np.zeros(400)):
        assert saddle(signal, qrs_off=QRS_OFF, t_off=T_OFF)["saddle_base"] == 0.0


def test_the_width_of_t_is_that_at_half_its_height() -> None:
    signal = 0.6 * np.exp(-(((CLOCK - 0.5) / 0.04) ** 2) / 2)
    (found,) = t_voltages(signal[None], t_on=180, t_off=330)
    assert found["t_width"] == pytest.approx(2 * 0.04 * np.sqrt(2 * np.log(2)), abs=0.004)


@pytest.mark.parametrize("apart", [0.0, 0.044, 0.06])
def test_the_two_peaks_of_p_are_told_apart(apart: float) -> None:
    middle = 0.3
    peaks = (middle - apart / 2, middle + apart / 2)
    signal = 0.08 * sum(np.exp(-(((CLOCK - peak) / 0.014) ** 2) / 2) for peak in peaks)
    found = p_voltages(signal, first=110, last=190, begun=110, noise=0.0)["p_peaks_apart"]
    assert found == pytest.approx(apart, abs=0.008)
