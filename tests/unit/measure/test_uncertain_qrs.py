"""A QRS whose end is uncertain has no duration where that decides between normal and wide."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.domain.record import STANDARD_LEADS
from cardioalert.measure.intervals import Evidence, interval_values
from cardioalert.measure.limbs import WaveBounds

MANY = 100_000  # beats, so that the error is only that of the bounds


@pytest.mark.parametrize(
    ("duration_ms", "error_ms", "known"),
    [(123, 50, False), (184, 40, True), (123, 20, True), (95, 50, False), (60, 35, True)],
)
def test_only_an_error_that_decides_withdraws_the_duration(
    duration_ms: int, error_ms: int, known: bool
) -> None:
    nowhere = np.full(12, np.nan)
    qrs = WaveBounds(
        on=nowhere, off=nowhere, first=100.0, last=100.0 + duration_ms / 2.0,
        first_error=0.0, last_error=error_ms / 2.0,
    )  # fmt: skip
    evidence = Evidence(beats=MANY, leads=STANDARD_LEADS * 100, sampling_rate=500.0)
    found = interval_values(p=None, qrs=qrs, t=None, rr=0.8, evidence=evidence)["qrs"]
    assert (found.value is not None) is known
    assert found.reason == ("" if known else "bounds-uncertain")
