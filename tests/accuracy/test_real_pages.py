"""Real pages: a sample of what benchmarks/digitize.py measures in full."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import wfdb

import cardioalert
from benchmarks.known_pages import COLUMNS_3X4, columns_of
from benchmarks.metrics import compare
from cardioalert.errors import CardioAlertError

pytestmark = [pytest.mark.data, pytest.mark.slow]

LAYOUTS = {
    "ecg00005.jpg": "6x1-limb",
    "ecg00013.jpg": "3x4",
    "ecg00021.bmp": "3x4",
    "ecg00029.jpg": "3x4+1",
    "ecg00047.jpg": "3x4+1",
    "ecg00053.png": "3x4+3",
}
REPORTS = ("Normal_14.jpg", "MI_17.jpg", "HB_131.jpg", "PMI_42.jpg", "HB_89.jpg")
LUDB_PAGES = ("045", "083", "171")


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout_of_real_paper(shared_data: Path, name: str) -> None:
    page = cardioalert.digitize(shared_data / "images" / "prints" / name)
    assert page.layout == LAYOUTS[name]
    assert page.grid.paper_speed == 25.0
    assert page.grid.gain == 10.0


@pytest.mark.parametrize("name", REPORTS)
def test_heart_rate_of_hospital_reports(shared_data: Path, name: str) -> None:
    folder = shared_data / "images" / "reports"
    rows = csv.DictReader((folder / "labels.csv").read_text().splitlines())
    printed = next(float(row["hr_printed"]) for row in rows if row["file"] == name)
    analysis = cardioalert.analyze(folder / name)
    assert analysis.measurements.value("heart_rate") == pytest.approx(printed, abs=3.5)


@pytest.mark.parametrize("page", LUDB_PAGES)
def test_signal_of_a_page_is_its_recording(shared_data: Path, page: str) -> None:
    digitized = cardioalert.digitize(shared_data / "images" / "ludb_3x4" / f"{page}.png")
    record = wfdb.rdrecord(str(shared_data / "ludb" / "data" / str(int(page))))
    signal = dict(zip((n.lower() for n in record.sig_name), record.p_signal.T, strict=True))
    found = {
        str(lead): row.astype(float)
        for lead, row in zip(digitized.record.leads, digitized.record.signal, strict=True)
    }
    result = compare(columns_of(signal, record.fs, "II"), found, sampling_rate=500.0)
    assert result.missing == 0
    assert result.snr_kaggle > 14.0  # dB; the median of all 16 pages is 16
    assert 0.95 < result.gain < 1.05
    assert sum(len(column) for column in COLUMNS_3X4) == result.leads


def test_page_without_ecg_is_refused(shared_data: Path) -> None:
    form = np.full((1200, 1600, 3), 250, np.uint8)
    form[::40] = 120  # ruled paper is not millimetre paper
    with pytest.raises(CardioAlertError) as problem:
        cardioalert.digitize(form)
    assert problem.value.code in {"grid-not-found", "trace-not-found", "layout-not-found"}
    assert problem.value.hint
