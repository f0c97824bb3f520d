"""Annotated recordings of LUDB: beats and intervals stay as good as docs/accuracy/measure.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cardioalert.domain.record import ECGRecord
from cardioalert.measure import measure

LUDB = Path(__file__).resolve().parents[4] / "shared" / "data" / "ludb" / "data"
RECORDS = (1, 25, 47, 69, 91, 119, 137, 163, 185, 199)

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not LUDB.exists(), reason="../shared/data/ludb is not there"),
]


@pytest.mark.parametrize("number", RECORDS)
def test_annotated_beats_and_their_qrs_are_found(number: int) -> None:
    wfdb = pytest.importorskip("wfdb")
    recorded = wfdb.rdrecord(str(LUDB / str(number)))
    record = ECGRecord(
        signal=recorded.p_signal.T, sampling_rate=recorded.fs, leads=tuple(recorded.sig_name)
    )
    marks = wfdb.rdann(str(LUDB / str(number)), "ii")
    symbols, seconds = np.array(marks.symbol), marks.sample / recorded.fs
    true = seconds[symbols == "N"]
    measured = measure(record)
    apart = np.abs(true[:, None] - measured.beats.r_peaks[None])
    assert apart.min(axis=1).max() < 0.15
    ends = [
        k for k in np.flatnonzero(symbols == "N") if {symbols[k - 1], symbols[k + 1]} == {"(", ")"}
    ]
    lengths = [seconds[k + 1] - seconds[k - 1] for k in ends]
    assert measured.value("qrs") == pytest.approx(np.median(lengths), abs=0.035)
