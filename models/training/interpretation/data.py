"""The recordings to learn from, prepared once: `python -m training.interpretation.data --help`.

Every recording becomes 12 leads of 10 s at 100 Hz, without the slow baseline. Where the amplitude
was thrown away by whoever z-scored it, `has_voltage` is false.
"""

import argparse
import ast
import csv
import runpy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardioalert.networks.signals import RATE, prepare_signal

SAMPLES = 1000
SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
SOFT = {100: 0.98, 80: 0.95, 50: 0.85, 35: 0.75, 15: 0.6, 10: 0.6, 0: 0.8}
"""What a likelihood of a diagnostic statement counts for; 0 means that nobody gave one."""


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """Recordings with their statements.

    Attributes
    ----------
    ids : int array, shape (records,)
    signal : float32 array, shape (records, 12, 1000), mV at 100 Hz
    present : float32 array, shape (records, statements), 0 or 1
    soft : float32 array, shape (records, statements), 0-1, by the likelihood
    folds : int array, shape (records,)
    has_voltage : bool array, shape (records,)
    age, sex : float arrays, shape (records,); NaN where unknown; sex 1 is female
    statements : tuple of PTB-XL codes
    """

    ids: NDArray[np.int64]
    signal: NDArray[np.float32]
    present: NDArray[np.float32]
    soft: NDArray[np.float32]
    folds: NDArray[np.int64]
    has_voltage: NDArray[np.bool_]
    age: NDArray[np.float32]
    sex: NDArray[np.float32]
    statements: tuple[str, ...]

    def take(self, chosen: NDArray) -> "Recordings":
        """Return some of the recordings."""
        arrays = ("ids", "signal", "present", "soft", "folds", "has_voltage", "age", "sex")
        return Recordings(
            **{name: getattr(self, name)[chosen] for name in arrays}, statements=self.statements
        )


def load(cache: Path) -> Recordings:
    """Read what `prepare` wrote."""
    with np.load(cache / "recordings.npz") as file:
        parts = {name: file[name] for name in file.files}
    parts["statements"] = tuple(str(code) for code in parts["statements"])
    return Recordings(**parts)


def prepare(shared: Path, cache: Path) -> None:
    """Read all recordings of folds 1-9 and write them to the cache."""
    reader = runpy.run_path(str(shared / "load.py"))
    rows = reader["read_labels"]()
    meaning = _meaning(shared)
    statements = tuple(meaning)
    seen: set[int] = set()
    ids, signals, voltage = [], [], []
    for path in sorted((shared / "ptbxl").glob("*.json")):
        stem = path.with_suffix("")
        numbers, counts = reader["read_shard"](stem)
        if counts.shape[1] == 8:
            counts = reader["to_12_leads"](counts)
        z_scored = stem.name.startswith("z_")
        scale = 0.3 / 200.0 if z_scored else 1e-3
        rate = 100.0 if counts.shape[2] == SAMPLES else 500.0
        for number, record in zip(numbers, counts, strict=True):
            if number in seen:
                continue
            seen.add(number)
            signal, _ = prepare_signal(record.astype(np.float32) * scale, rate)
            ids.append(number)
            signals.append(signal[:, :SAMPLES])
            voltage.append(not z_scored)
    print(len(ids), "recordings")
    present = np.zeros((len(ids), len(statements)), np.float32)
    soft = np.zeros_like(present)
    for row, number in enumerate(ids):
        for code, likelihood in ast.literal_eval(rows[number]["scp_codes"]).items():
            column = statements.index(code)
            present[row, column] = 1.0
            soft[row, column] = SOFT[int(likelihood)] if meaning[code] else 0.95
    np.savez(
        cache / "recordings.npz",
        ids=np.array(ids),
        signal=np.array(signals, np.float32),
        present=present,
        soft=soft,
        folds=np.array([int(rows[number]["strat_fold"]) for number in ids]),
        has_voltage=np.array(voltage),
        age=np.array([float(rows[number]["age"] or "nan") for number in ids], np.float32),
        sex=np.array([float(rows[number]["sex"] or "nan") for number in ids], np.float32),
        statements=np.array(statements),
    )


def _meaning(shared: Path) -> dict[str, bool]:
    """Return all statements, and whether each is diagnostic (and so has a likelihood)."""
    with (shared / "ptbxl" / "scp_statements.csv").open(newline="") as file:
        return {row[""]: bool(row["diagnostic"]) for row in csv.DictReader(file)}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=SHARED)
    arguments.add_argument("--cache", type=Path, required=True)
    options = arguments.parse_args()
    assert RATE == 100.0
    options.cache.mkdir(parents=True, exist_ok=True)
    prepare(options.shared, options.cache)
