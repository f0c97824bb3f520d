"""Recordings that a technician would refuse."""

import numpy as np
import pytest

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.measure import measure
from cardioalert.networks.classifier import classify
from cardioalert.networks.quality import FEATURES, quality_features, signal_quality
from tests.built_ecg import built_record


def test_a_clean_record_is_accepted():
    assert signal_quality(built_record(noise=0.01)) > 0.5


def test_flat_leads_are_not_accepted():
    record = built_record(noise=0.01)
    signal = record.signal.copy()
    signal[3:] = 0.0
    flat = ECGRecord(signal=signal, sampling_rate=record.sampling_rate, leads=STANDARD_LEADS)
    assert signal_quality(flat) < signal_quality(record)
    assert classify(flat, measure(flat), on_paper=False).silence in ("poor-signal", "too-few-leads")


def test_a_disturbance_that_passes_stands_out_from_the_other_half_seconds():
    record = built_record(noise=0.01)
    signal = record.signal.copy()
    spikes = np.random.default_rng(1).choice([0.0, 2.0], size=500, p=(0.8, 0.2))
    signal[2, 1000:1500] += spikes.astype(np.float32)
    disturbed = ECGRecord(signal=signal, sampling_rate=record.sampling_rate, leads=STANDARD_LEADS)
    calm = dict(zip(FEATURES, quality_features(record), strict=True))
    loud = dict(zip(FEATURES, quality_features(disturbed), strict=True))
    worst = len(STANDARD_LEADS) - 1  # values of the leads are in rising order
    for name in ("rough_share", "rough_peak", "range_share", "range_peak", "leap_share"):
        assert loud[f"{name}:{worst}"] > calm[f"{name}:{worst}"]
    assert loud[f"rough_share:{worst}"] == pytest.approx(2 / 20)  # of the half seconds
    assert signal_quality(disturbed) < signal_quality(record)


@pytest.mark.parametrize("samples", [3, 100, 5000])
def test_features_are_numbers_for_any_length(samples):
    record = ECGRecord(
        signal=np.zeros((2, samples), np.float32), sampling_rate=500.0, leads=("I", "V3")
    )
    found = quality_features(record)
    assert found.shape == (len(FEATURES),)
    assert np.isfinite(found).all()
