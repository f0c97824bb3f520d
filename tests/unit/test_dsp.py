"""Gaps, sampling rates and filters do what their names say, and move nothing in time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import filtfilt, resample_poly

from cardioalert.dsp import (
    band_pass,
    butterworth,
    fill_gaps,
    median,
    parabola_peak,
    quantile,
    remove_line_noise,
    resample,
    resample_to_each,
    slope,
    smooth,
    stretches,
)

CLOCK = np.arange(2500) / 500.0
BUMP = np.exp(-(((CLOCK - 2.0) / 0.05) ** 2))[None]


def test_gaps_are_bridged_by_lines_and_held_ends() -> None:
    signal = np.array([[np.nan, 1.0, np.nan, 3.0, np.nan], [np.nan] * 5])
    np.testing.assert_allclose(fill_gaps(signal), [[1, 1, 2, 3, 3], [0, 0, 0, 0, 0]])


def test_stretches_are_half_open() -> None:
    assert stretches(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert stretches(np.zeros(3, dtype=np.bool_)) == []


@pytest.mark.parametrize("to_rate", [100.0, 257.3, 360.0, 1000.0])
def test_resampling_keeps_instants_and_heights(to_rate: float) -> None:
    slow = resample(BUMP, from_rate=500.0, to_rate=to_rate)[0]
    expected = np.exp(-(((np.arange(len(slow)) / to_rate - 2.0) / 0.05) ** 2))
    np.testing.assert_allclose(slow, expected, atol=0.01)


def test_resampling_keeps_gaps() -> None:
    signal = BUMP.copy()
    signal[0, 1000:1100] = np.nan
    missing = np.isnan(resample(signal, from_rate=500.0, to_rate=250.0)[0])
    assert missing[500:550].all()
    assert not missing[:499].any()
    assert not missing[552:].any()


def test_the_band_pass_shifts_nothing() -> None:
    filtered = band_pass(BUMP, sampling_rate=500.0, low=1.0, high=40.0)
    assert abs(int(np.argmax(filtered)) - 1000) <= 1


@pytest.mark.parametrize(
    ("order", "band", "rate"), [(2, (5.0, 40.0), 500.0), (2, (5.0, 20.0), 250.0), (1, 0.5, 100.0)]
)
@pytest.mark.parametrize("samples", [300, 2500, 5001])
def test_both_ways_is_what_filtfilt_does(order, band, rate, samples):
    walk = np.random.default_rng(samples).normal(size=(3, samples)).cumsum(axis=1)
    kind = "bandpass" if isinstance(band, tuple) else "highpass"
    used = butterworth(order, band, kind, rate)
    expected = filtfilt(used.ahead, used.back, walk, axis=1, padlen=60)
    np.testing.assert_allclose(used.both_ways(walk, padding=60), expected, atol=1e-6)


@pytest.mark.parametrize("samples", [7, 100, 4999, 5000])
def test_thinning_to_several_rates_is_what_resampling_does(samples):
    walk = np.random.default_rng(samples).normal(size=(3, samples)).cumsum(axis=1)
    both = resample_to_each(walk, from_rate=500.0, to_rates=(100.0, 250.0))
    for thinned, down in zip(both, (5, 2), strict=True):
        expected = resample_poly(walk, 1, down, axis=1, padtype="line")
        np.testing.assert_allclose(thinned, expected, atol=1e-9)
        alone = resample(walk, from_rate=500.0, to_rate=500.0 / down)
        np.testing.assert_allclose(thinned, alone, atol=1e-9)
    _, odd = resample_to_each(walk, from_rate=500.0, to_rates=(100.0, 360.0))
    np.testing.assert_allclose(odd, resample(walk, from_rate=500.0, to_rate=360.0))


def test_smoothing_keeps_a_constant_and_its_range() -> None:
    assert (smooth(np.full((2, 50), 3.0), width=7) == 3.0).all()
    steps = (np.arange(100) > 50).astype(float)
    assert smooth(steps, width=9).min() >= 0.0


def test_the_slope_of_a_ramp_is_its_rate() -> None:
    np.testing.assert_allclose(slope(2.0 * CLOCK, sampling_rate=500.0, width=5)[5:-5], 2.0)


def test_hum_is_removed_and_a_beat_is_not() -> None:
    hum = 0.1 * np.sin(2 * np.pi * 50 * CLOCK)
    clean = remove_line_noise(BUMP + hum, sampling_rate=500.0)
    np.testing.assert_allclose(clean, BUMP, atol=0.01)
    np.testing.assert_allclose(remove_line_noise(BUMP, sampling_rate=500.0), BUMP, atol=1e-9)


def test_a_parabola_peaks_where_it_was_drawn() -> None:
    at = 0.3
    values = [1 - (x - at) ** 2 for x in (-1.0, 0.0, 1.0)]
    assert parabola_peak(*values) == pytest.approx(at)
    assert parabola_peak(1.0, 1.0, 1.0) == 0.0


@pytest.mark.parametrize("count", [1, 2, 3, 8, 101])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.3, 0.5, 0.75, 1.0])
def test_quantiles_are_those_of_numpy(count, share):
    values = np.random.default_rng(count).normal(size=count)
    assert quantile(values, share) == pytest.approx(np.quantile(values, share), abs=1e-15)
    assert median(values) == np.median(values)
    assert np.isnan(median(np.append(values, np.nan)))


def test_a_record_without_hum_is_left_as_it_is():
    clock = np.arange(2000) / 500.0
    signal = np.random.default_rng(0).normal(size=(2, 2000))
    humming = signal + np.array([[0.0], [1.0]]) * np.sin(2 * np.pi * 50.0 * clock)
    clean = remove_line_noise(humming, sampling_rate=500.0)
    assert np.array_equal(clean[0], humming[0])
    assert np.std(clean[1] - signal[1]) < 0.1
