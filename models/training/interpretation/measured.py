"""Measure all recordings once: `python -m training.interpretation.measured --help`.

Writes what `cardioalert.networks.features` makes of each: the tables that trees learn from.
"""

import argparse
import runpy
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import Measurements
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.measure import measure
from cardioalert.networks.features import FEATURES, measured_features
from training.interpretation.data import SHARED

PAGE_COLUMN = 2.5  # s


def records(shared: Path) -> dict[int, ECGRecord]:
    """Read the raw recordings of folds 1-9 (z-scored ones have nothing to measure)."""
    reader = runpy.run_path(str(shared / "load.py"))
    found: dict[int, ECGRecord] = {}
    for stem in sorted((shared / "ptbxl").glob("*.json")):
        if stem.name.startswith("z_"):
            continue
        numbers, counts = reader["read_shard"](stem.with_suffix(""))
        if counts.shape[1] == 8:
            counts = reader["to_12_leads"](counts)
        rate = counts.shape[2] / 10.0
        for number, signal in zip(numbers, counts, strict=True):
            if number not in found:
                found[number] = ECGRecord(
                    signal=signal.astype(np.float32) * 1e-3,
                    sampling_rate=rate,
                    leads=STANDARD_LEADS,
                )
    return found


def as_page(record: ECGRecord, rng: np.random.Generator) -> ECGRecord:
    """Keep what a 3x4 page shows: a quarter of each lead, and a rhythm strip of II on most."""
    signal = record.signal.copy()
    columns = np.arange(12) // 3
    clock = np.arange(signal.shape[1]) / record.sampling_rate
    strip = rng.random() < 0.75
    for row, column in enumerate(columns):
        shown = (clock >= PAGE_COLUMN * column) & (clock < PAGE_COLUMN * (column + 1))
        if not (strip and row == 1):
            signal[row, ~shown] = np.nan
    return ECGRecord(signal=signal, sampling_rate=record.sampling_rate, leads=record.leads)


def features_of(record: ECGRecord) -> NDArray[np.float32]:
    """Measure one record."""
    found: Measurements = measure(record)
    return measured_features(found)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=SHARED)
    arguments.add_argument("--cache", type=Path, required=True)
    arguments.add_argument("--pages", action="store_true", help="as 3x4 pages would show them")
    arguments.add_argument("--part", type=int, nargs=2, default=(0, 1), help="each n-th only")
    options = arguments.parse_args()
    everything = records(options.shared)
    table = np.full((len(everything), len(FEATURES)), np.nan, np.float32)
    for row, (number, record) in enumerate(everything.items()):
        if row % options.part[1] != options.part[0]:
            continue
        shown = as_page(record, np.random.default_rng(number)) if options.pages else record
        table[row] = features_of(shown)
        if row % 200 == 0:
            print(row, flush=True)
    name = "measured_pages" if options.pages else "measured"
    part = f"_{options.part[0]}of{options.part[1]}" if options.part[1] > 1 else ""
    np.savez(options.cache / f"{name}{part}.npz", ids=np.array(list(everything)), table=table)
