"""Where the QRS of single leads begins and ends."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.measure.preparation import WORKING_RATE
from cardioalert.measure.qrs_bounds import qrs_bounds

R = 250  # sample


def _triangle(samples: int, middle: float, width: float, height: float) -> np.ndarray:
    clock = (np.arange(samples) - R) / WORKING_RATE
    return height * np.clip(1 - np.abs(clock - middle) / (width / 2), 0.0, None)


def _beat(low: float) -> np.ndarray:
    """Twelve leads of a QRS of 90 ms; the first is low, with a P as steep as its QRS."""
    rng = np.random.default_rng(0)
    rows = [_triangle(600, 0.0, 0.09, low) + _triangle(600, -0.115, 0.05, 0.1)]
    rows += [
        _triangle(600, 0.0, 0.09, 1.0) + _triangle(600, -0.115, 0.05, 0.1) for _row in range(11)
    ]
    return np.array(rows) + rng.normal(0.0, 0.0005, (12, 600))


def test_a_p_as_steep_as_a_low_qrs_is_not_its_beginning() -> None:
    bounds = qrs_bounds(_beat(0.15), r_index=R)
    assert bounds is not None
    begins = (bounds.on - R) / WORKING_RATE
    assert begins[1:] == pytest.approx(-0.045, abs=0.012)
    assert begins[0] == pytest.approx(-0.045, abs=0.015)


def test_a_lead_without_a_limb_near_the_others_has_no_bound_of_its_own() -> None:
    beat = _beat(0.15)
    beat[0] = _triangle(600, 0.1, 0.04, 0.3)  # all it has is far behind the QRS
    bounds = qrs_bounds(beat, r_index=R)
    assert bounds is not None
    assert np.isnan(bounds.off[0])
    assert not np.isnan(bounds.off[1:]).any()
