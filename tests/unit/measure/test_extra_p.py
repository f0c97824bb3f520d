"""Waves without a QRS are counted once."""

from __future__ import annotations

import numpy as np

from cardioalert.measure.measuring import SHORTEST_ATRIAL_CYCLE, _apart


def test_two_beginnings_of_one_wave_count_once() -> None:
    assert _apart(np.array([2.440, 2.476])) == (2.44,)
    assert _apart(np.array([1.0, 1.0 + SHORTEST_ATRIAL_CYCLE + 0.01, 3.0])) == (1.0, 1.21, 3.0)
    assert _apart(np.array([])) == ()
