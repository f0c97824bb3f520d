"""Measure all recordings once: `python -m training.interpretation.measured --help`.

Writes what `cardioalert.networks.features` makes of each: the tables that trees learn from.
"""

import argparse
import runpy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.clinical import Measurements
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.measure import measure
from cardioalert.networks.features import measured_features
from training.interpretation.data import SHARED

PAGE_COLUMN = 2.5  # s


def records(shared: Path) -> Iterator[tuple[int, ECGRecord]]:
    """Yield the raw recordings of folds 1-9 (z-scored ones have nothing to measure)."""
    reader = runpy.run_path(str(shared / "load.py"))
    seen: set[int] = set()
    for stem in sorted((shared / "ptbxl").glob("*.json")):
        if stem.name.startswith("z_"):
            continue
        numbers, counts = reader["read_shard"](stem.with_suffix(""))
        if counts.shape[1] == 8:
            counts = reader["to_12_leads"](counts)
        rate = counts.shape[2] / 10.0
        for number, signal in zip(numbers, counts, strict=True):
            if number not in seen:
                seen.add(number)
                millivolts = signal.astype(np.float32) * 1e-3
                yield number, ECGRecord(signal=millivolts, sampling_rate=rate, leads=STANDARD_LEADS)


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


def main() -> None:
    """Measure every recording, whole and as a page; go on where it stopped."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=SHARED)
    arguments.add_argument("--cache", type=Path, required=True)
    arguments.add_argument("--part", type=int, nargs=2, default=(0, 1), help="each n-th only")
    options = arguments.parse_args()
    kept = options.cache / f"measuring_{options.part[0]}of{options.part[1]}.npz"
    done: dict[int, NDArray[np.float32]] = {}
    if kept.exists():
        with np.load(kept) as file:
            done = dict(zip(file["ids"].tolist(), file["rows"], strict=True))
    for place, (number, record) in enumerate(records(options.shared)):
        if place % options.part[1] != options.part[0] or number in done:
            continue
        page = as_page(record, np.random.default_rng(number))
        done[number] = np.stack([features_of(record), features_of(page)])
        if len(done) % 100 == 0:
            _save(kept, done)
            print(len(done), flush=True)
    _save(kept, done)


def _save(path: Path, done: dict[int, NDArray[np.float32]]) -> None:
    np.savez(path, ids=np.array(list(done)), rows=np.stack(list(done.values())))


def join(cache: Path) -> None:
    """Join the parts: `measured.npz` of whole records, `measured_pages.npz` of pages."""
    ids, rows = [], []
    for path in sorted(cache.glob("measuring_*of*.npz")):
        with np.load(path) as file:
            ids.append(file["ids"])
            rows.append(file["rows"])
    table = np.concatenate(rows)
    for view, name in enumerate(("measured.npz", "measured_pages.npz")):
        np.savez(cache / name, ids=np.concatenate(ids), table=table[:, view])


if __name__ == "__main__":
    main()
