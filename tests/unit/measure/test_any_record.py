"""Whatever the record, measuring returns every value or its reason; some changes change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardioalert.domain.clinical import Measurements
from cardioalert.domain.measures import MEASURES
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.measure import measure, reasons
from tests.built_ecg import as_page, built_record

RNG = np.random.default_rng(0)
BEAT = built_record(noise=0.01)


def _record(signal: np.ndarray, sampling_rate: float = 500.0) -> ECGRecord:
    return ECGRecord(
        signal=signal, sampling_rate=sampling_rate, leads=STANDARD_LEADS[: len(signal)]
    )


def _steps() -> np.ndarray:
    return np.repeat((np.arange(5000) > 2500)[None].astype(float), 12, axis=0)


def _sieve() -> np.ndarray:
    signal = BEAT.signal.copy()
    signal[RNG.random(signal.shape) < 0.3] = np.nan
    return signal


STRANGE = {
    "nothing": np.full((12, 5000), np.nan),
    "flat": np.zeros((12, 5000)),
    "one sample": np.ones((12, 1)),
    "two samples": np.array([[0.0, 1.0]]),
    "0.3 s of noise": RNG.normal(size=(12, 150)),
    "0.3 s of a beat": BEAT.signal[:, 150:300],
    "one beat": BEAT.signal[:, 50:450],
    "noise": RNG.normal(size=(12, 5000)),
    "wander": RNG.normal(size=(12, 5000)).cumsum(axis=1),
    "hum": np.sin(np.arange(5000) * 2 * np.pi / 10)[None].repeat(12, axis=0),
    "step": _steps(),
    "impulse": np.diff(_steps(), axis=1),
    "sieve": _sieve(),
    "volts for millivolts": BEAT.signal * 1000,
}


def _check(measured: Measurements) -> None:
    assert set(measured.values) == set(MEASURES)
    for name, value in measured.values.items():
        assert value.unit == MEASURES[name].unit
        if value.value is None:
            assert value.reason in reasons()
        else:
            assert np.isfinite(value.value)
            assert value.uncertainty is not None
            assert np.isfinite(value.uncertainty)
            assert not value.reason or value.reason in reasons()
    assert set(measured.leads) | set(measured.unusable) == set(STANDARD_LEADS)
    assert not set(measured.leads) & set(measured.unusable)
    assert set(measured.unusable.values()) <= set(reasons())
    assert len(measured.beats.classes) == len(measured.beats.r_peaks)
    assert (np.diff(measured.beats.r_peaks) > 0).all()


@pytest.mark.parametrize("name", STRANGE)
def test_strange_records_are_measured_without_error(name: str) -> None:
    record = _record(STRANGE[name])
    _check(measure(record))
    if record.signal.shape == (12, 5000):
        _check(measure(as_page(record)))


@pytest.mark.parametrize("name", ["nothing", "flat", "noise", "hum", "one sample"])
def test_what_holds_no_beat_has_no_values(name: str) -> None:
    measured = measure(_record(STRANGE[name]))
    assert len(measured.beats.r_peaks) == 0
    assert all(value.value is None for value in measured.values.values())


@pytest.mark.parametrize("sampling_rate", [1.0, 20.0, 60.0, 100_000.0])
def test_any_sampling_rate_is_taken(sampling_rate: float) -> None:
    _check(measure(_record(RNG.normal(size=(2, 2000)), sampling_rate)))


def test_the_reason_of_a_useless_lead_is_given() -> None:
    signal = BEAT.signal.copy()
    signal[3] = np.nan
    signal[4] = 0.7
    signal[5, 100:] = np.nan
    unusable = measure(_record(signal)).unusable
    assert unusable == {"aVR": "absent", "aVL": "flat", "aVF": "too-short"}


@settings(max_examples=25, deadline=None)
@given(
    leads=st.integers(1, 12),
    sampling_rate=st.sampled_from([50.0, 100.0, 128.0, 200.0, 250.0, 360.0, 500.0, 1000.0]),
    duration=st.floats(0.1, 5.0),
    size=st.sampled_from([0.01, 1.0, 20.0]),
    gaps=st.integers(0, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_noise_with_gaps_never_fails(  # noqa: PLR0917 - hypothesis names them
    leads: int, sampling_rate: float, duration: float, size: float, gaps: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    signal = size * rng.normal(size=(leads, max(1, int(duration * sampling_rate))))
    signal = signal.cumsum(axis=1) if seed % 2 else signal
    for _ in range(gaps):
        start = rng.integers(0, signal.shape[1])
        signal[rng.integers(0, leads), start : start + rng.integers(1, 400)] = np.nan
    _check(measure(_record(signal, sampling_rate)))


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(0.2, 5.0), heart_rate=st.floats(45, 110))
def test_rescaling_moves_no_beat(factor: float, heart_rate: float) -> None:
    record = built_record(heart_rate=heart_rate, noise=0.01)
    before = measure(record)
    after = measure(_record(record.signal * factor))
    np.testing.assert_allclose(after.beats.r_peaks, before.beats.r_peaks, atol=1e-4)
    assert after.value("qrs") == pytest.approx(before.value("qrs"), abs=1e-3)
    assert after.value("rv5") == pytest.approx(factor * before.value("rv5"), rel=0.05)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(12)))
def test_the_order_of_leads_does_not_matter(order: list[int]) -> None:
    shuffled = ECGRecord(
        signal=BEAT.signal[order],
        sampling_rate=500.0,
        leads=tuple(STANDARD_LEADS[k] for k in order),
    )
    before, after = measure(BEAT), measure(shuffled)
    assert after.values == before.values
    assert after.leads == before.leads


def test_a_constant_offset_changes_nothing() -> None:
    moved = measure(_record(BEAT.signal + np.linspace(-3, 3, 12)[:, None]))
    for name, value in measure(BEAT).values.items():
        assert moved.value(name) == pytest.approx(value.value, rel=1e-3, abs=1e-3)


@pytest.mark.slow
def test_half_an_hour_is_measured() -> None:
    measured = measure(_record(np.tile(BEAT.signal[:3], 180)))
    assert len(measured.beats.r_peaks) == pytest.approx(1800, abs=1)
    assert measured.value("heart_rate") == pytest.approx(60, abs=0.1)
