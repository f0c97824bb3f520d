"""q, r, s, r' and s' by alternating deflections; P with two parts; notches."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.measure.voltages import deflections, p_voltages, qrs_voltages
from tests.built_ecg import hump

CLOCK = np.arange(500) / 500.0
FIRST, LAST = 100, 160  # samples: 0.2 s to 0.32 s


def _complex(*humps: tuple[float, float, float]) -> np.ndarray:
    """Draw humps given as (start, end, height) from the QRS onset, in s and mV."""
    return sum(
        (height * hump(CLOCK, 0.2 + start, 0.2 + end) for start, end, height in humps),
        np.zeros(500),
    )


def _measure(signal: np.ndarray) -> dict[str, float]:
    return qrs_voltages(signal, first=FIRST, last=LAST, noise=0.0)


def test_an_rsr_prime_has_its_four_names() -> None:
    values = _measure(_complex((0, 0.03, 0.3), (0.03, 0.07, -0.8), (0.07, 0.12, 0.6)))
    assert values["r"] == pytest.approx(0.3, abs=0.01)
    assert values["s"] == pytest.approx(-0.8, abs=0.01)
    assert values["r_prime"] == pytest.approx(0.6, abs=0.01)
    assert values["q"] == values["s_prime"] == 0.0
    assert values["r_peak_time"] == pytest.approx(0.095, abs=0.003)


def test_durations_are_those_between_crossings() -> None:
    values = _measure(_complex((0, 0.04, -0.3), (0.04, 0.09, 1.0), (0.09, 0.12, -0.2)))
    assert values["q_duration"] == pytest.approx(0.04, abs=0.004)
    assert values["r_duration"] == pytest.approx(0.05, abs=0.004)
    assert values["s_duration"] == pytest.approx(0.03, abs=0.004)


def test_what_is_smaller_than_a_wave_is_none() -> None:
    values = _measure(_complex((0, 0.03, -0.02), (0.03, 0.09, 1.0)))
    assert values["q"] == 0.0


def test_an_elevated_end_is_no_r_prime() -> None:
    ramp = np.clip((CLOCK - 0.30) / 0.02, 0, 1) * 0.3
    values = _measure(_complex((0, 0.05, 0.8), (0.05, 0.09, -0.4)) + ramp)
    assert values["r_prime"] == 0.0


def test_two_peaks_without_return_are_a_notched_r() -> None:
    notched = _complex((0, 0.07, 1.0), (0.05, 0.12, 1.0))
    assert _measure(notched)["notched_r"] is True
    assert _measure(_complex((0, 0.12, 1.0)))["notched_r"] is False


def test_a_notch_at_the_end_has_its_height() -> None:
    values = _measure(_complex((0, 0.08, 1.2), (0.085, 0.115, 0.2)))
    assert values["r_prime"] == pytest.approx(0.2, abs=0.01) or values["end_qrs_notch"] > 0.1
    smooth_end = _measure(_complex((0, 0.08, 1.2)))
    assert smooth_end["end_qrs_notch"] == 0.0


def test_no_sample_no_deflection() -> None:
    assert deflections(np.zeros(0), smallest=0.03) == []
    assert deflections(np.zeros(20), smallest=0.03) == []


def test_a_biphasic_p_has_a_terminal_part() -> None:
    signal = _complex((0, 0.05, 0.10), (0.05, 0.11, -0.12))
    values = p_voltages(signal, first=100, last=155, begun=100, noise=0.0)
    assert values["p"] == pytest.approx(-0.12, abs=0.01)
    assert values["p_terminal"] == pytest.approx(-0.12, abs=0.01)
    assert values["p_terminal_duration"] == pytest.approx(0.055, abs=0.01)


def test_an_upright_p_has_none() -> None:
    values = p_voltages(_complex((0, 0.1, 0.15)), first=100, last=150, begun=100, noise=0.0)
    assert values["p"] == pytest.approx(0.15, abs=0.01)
    assert values["p_terminal"] == 0.0
    assert values["p_terminal_duration"] == 0.0


def test_a_pr_segment_below_the_level_before_p_is_no_inverted_p() -> None:
    """The lead's own onset is late, halfway up P; after P the line stays lower than before."""
    signal = _complex((0, 0.1, 0.1)) - np.where(
        np.arange(len(_complex((0, 0.1, 0.1)))) > 150, 0.06, 0
    )
    values = p_voltages(signal, first=112, last=155, begun=100, noise=0.0)
    assert values["p"] == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("height", "wave", "found"), [(1.4, "r", None), (-0.9, "s", None), (0.1, "r", 0.0)]
)
def test_a_qrs_that_only_climbs_into_st_has_no_height_of_its_own(
    height: float, wave: str, found: float | None
) -> None:
    """As V4 of a tombstone infarction: R is not absent, it cannot be told from ST."""
    values = _measure(height * np.clip((CLOCK - 0.2) / 0.1, 0, 1))
    assert values[wave] == found
    assert values["q"] == 0.0


def test_a_p_without_anything_before_it_has_no_height() -> None:
    """As where a column of a page begins with it: the level it stands on is not known."""
    signal = _complex((0, 0.1, 0.15))
    known = p_voltages(signal, first=FIRST, last=LAST, begun=FIRST, noise=0.0)
    assert known["p"] == pytest.approx(0.15, abs=0.02)
    signal[: FIRST + 1] = np.nan
    assert p_voltages(signal, first=FIRST + 1, last=LAST, begun=FIRST, noise=0.0) == {}
