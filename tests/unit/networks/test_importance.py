"""Leads that are said to matter do: hiding them lowers the score more than hiding others."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.measure import measure
from cardioalert.networks.calibration import calibration
from cardioalert.networks.classifier import look_at, member_scores
from cardioalert.networks.importance import lead_falls, without_leads

STATEMENTS = ("IMI", "ASMI", "LVH", "IRBBB", "LAFB", "CLBBB")
RECORDS = 6
MARKED = 3
DRAWS = 3


@pytest.mark.data
@pytest.mark.slow
def test_hiding_marked_leads_lowers_scores_more_than_hiding_random_ones(shared_data):
    reader = runpy.run_path(str(shared_data / "load.py"))
    labels = reader["read_labels"]()
    numbers, counts = reader["read_shard"](shared_data / "ptbxl" / "fold09_0")
    signals = reader["to_12_leads"](counts) * 1e-3
    known = calibration("digital")
    rng = np.random.default_rng(0)
    marked, random = [], []
    for number, signal in zip(numbers, signals, strict=True):
        codes = [code for code in STATEMENTS if f"'{code}'" in labels[number]["scp_codes"]]
        if not codes or len(marked) == RECORDS:
            continue
        record = ECGRecord(
            signal=signal.astype(np.float32), sampling_rate=500.0, leads=STANDARD_LEADS
        )
        look = look_at(record, measure(record), kind="digital")
        column = known.statements.index(codes[0])
        falls = lead_falls(look)
        ranked = sorted(falls, key=lambda lead: -falls[lead][column])

        def fall(leads, look=look, column=column):
            scores = [
                known.blend(member_scores(each)) for each in (look, without_leads(look, leads))
            ]
            return float(scores[0][column] - scores[1][column])

        marked.append(fall(ranked[:MARKED]))
        drawn = [rng.permutation(STANDARD_LEADS)[:MARKED] for _draw in range(DRAWS)]
        random.append(np.mean([fall(tuple(leads)) for leads in drawn]))
    assert len(marked) == RECORDS
    assert np.mean(np.array(marked) > np.array(random)) >= 0.8
    assert np.mean(marked) > np.mean(random) + 0.05
