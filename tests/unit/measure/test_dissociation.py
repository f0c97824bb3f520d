"""P waves with a rhythm of their own are found, and nothing else is taken for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cardioalert.domain.record import ECGRecord
from cardioalert.interpret.case import Case
from cardioalert.interpret.checks import Outcome
from cardioalert.interpret.patterns import judge
from cardioalert.measure import measure
from tests.built_ecg import built_record
from tests.unit.interpret.limit_cases import MAN

P_WIDTH = 0.022  # s, standard deviation of the drawn P
HEIGHTS = {"I": 0.08, "II": 0.15, "III": 0.07, "aVR": -0.11, "aVL": 0.02, "aVF": 0.11, "V1": 0.06}


def with_own_p(record: ECGRecord, *, distance: float, first: float = 0.25) -> ECGRecord:
    """Add P waves at a steady distance, whatever the beats do."""
    signal = np.array(record.signal)
    clock = np.arange(signal.shape[1]) / record.sampling_rate
    for middle in np.arange(first, record.duration, distance):
        bump = np.exp(-(((clock - middle) / P_WIDTH) ** 2) / 2)
        for row, lead in enumerate(record.leads):
            signal[row] += HEIGHTS.get(str(lead), 0.05) * bump
    return replace(record, signal=signal)


def av3(record: ECGRecord) -> Outcome:
    case = Case(measurements=measure(record), patient=MAN)
    return next(each.outcome for each in judge(case) if each.criterion.id == "AV3")


@pytest.mark.parametrize(("rate", "distance"), [(36, 0.71), (42, 0.83), (48, 0.66)])
def test_dissociated_p_waves_are_found(rate: float, distance: float) -> None:
    record = with_own_p(built_record(heart_rate=rate, p=False, noise=0.01), distance=distance)
    found = np.array(measure(record).rhythm.own_p)
    expected = np.arange(0.25, 10.0, distance)
    apart = np.abs(found[:, None] - expected[None, :]).min(axis=1)
    assert len(found) >= 0.6 * len(expected)
    assert np.median(apart) < 0.03
    assert av3(record) >= Outcome.BARELY


@pytest.mark.parametrize("rate", [36, 60, 90])
def test_sinus_rhythm_has_no_p_of_its_own(rate: float) -> None:
    record = built_record(heart_rate=rate, noise=0.02)
    assert measure(record).rhythm.own_p == ()
    assert av3(record) is Outcome.NOT_MET


@pytest.mark.parametrize("seed", range(3))
def test_noise_between_beats_is_no_p(seed: int) -> None:
    record = built_record(heart_rate=40, p=False, noise=0.05, seed=seed)
    assert measure(record).rhythm.own_p == ()
    assert av3(record) is Outcome.UNKNOWN
