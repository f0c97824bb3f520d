"""Train and cross-validate: `python -m training.signal_quality.train --help`.

Ten-fold cross-validation over recordings, repeated with other folds, gives the figures of the card;
the calibration is fitted within each fold. The trees that ship are trained on all recordings.
"""

import argparse
import csv
import hashlib
import runpy
from pathlib import Path

import lightgbm
import numpy as np
from cardioalert_models import zoo
from numpy.typing import NDArray

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.networks.quality import FEATURES, quality_features
from training.interpretation.data import SHARED
from training.interpretation.export import export_plain_trees
from training.interpretation.publish import Line, fit_line
from training.interpretation.scores import auroc

MILLIVOLTS = 5e-3  # in one count
FOLDS, REPEATS, TREES = 10, 3, 150
OPTIONS = {
    "objective": "binary",
    "learning_rate": 0.04,
    "num_leaves": 6,
    "min_data_in_leaf": 8,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 3.0,
    "verbosity": -1,
    "num_threads": 1,
}


def read_set(shared: Path) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return features and whether each recording was called acceptable."""
    reader = runpy.run_path(str(shared / "load.py"))
    numbers, counts = reader["read_shard"](shared / "quality" / "seta_0")
    with (shared / "quality" / "labels.csv").open(newline="") as file:
        labels = {row["id"]: row["quality"] for row in csv.DictReader(file)}
    rows, accepted = [], []
    for number, signal in zip(numbers, counts, strict=True):
        record = ECGRecord(
            signal=(signal * MILLIVOLTS).astype(np.float32),
            sampling_rate=500.0,
            leads=STANDARD_LEADS,
        )
        rows.append(quality_features(record))
        accepted.append(labels[str(number)] == "acceptable")
    return np.stack(rows), np.array(accepted)


def fit(rows: NDArray, accepted: NDArray, seed: int) -> lightgbm.Booster:
    """Train once."""
    data = lightgbm.Dataset(rows, accepted.astype(float), params={"verbosity": -1})
    return lightgbm.train({**OPTIONS, "seed": seed}, data, num_boost_round=TREES)


def folds_of(accepted: NDArray, seed: int) -> NDArray[np.intp]:
    """Return the fold of each recording; every fold has its share of both kinds."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(accepted), int)
    for label in (False, True):
        members = rng.permutation(np.flatnonzero(accepted == label))
        fold[members] = np.arange(len(members)) % FOLDS
    return fold


def calibrated(rows: NDArray, accepted: NDArray, seed: int) -> tuple[lightgbm.Booster, Line]:
    """Return trees, and the logistic calibration of their logits.

    The trees promise too much of what they have not seen; the line is fitted to what trees say of
    recordings held out from them.
    """
    fold = folds_of(accepted, seed + 100)
    logits = np.zeros(len(rows))
    for held in range(FOLDS):
        inside = fold != held
        trees = fit(rows[inside], accepted[inside], seed)
        logits[~inside] = trees.predict(rows[~inside], raw_score=True)
    line = fit_line(logits, accepted.astype(float), prior=None, pull=0.0)
    return fit(rows, accepted, seed), line


def cross_validated(rows: NDArray, accepted: NDArray, seed: int) -> NDArray[np.float64]:
    """Return probabilities of recordings by trees and lines that never saw them."""
    fold = folds_of(accepted, seed)
    chances = np.zeros(len(rows))
    for held in range(FOLDS):
        inside = fold != held
        trees, line = calibrated(rows[inside], accepted[inside], seed)
        chances[~inside] = line(trees.predict(rows[~inside], raw_score=True))
    return chances


def main() -> None:
    """Train, validate, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED)
    options = parser.parse_args()
    rows, accepted = read_set(options.shared)
    areas, rights = [], []
    for seed in range(REPEATS):
        scores = cross_validated(rows, accepted, seed)
        areas.append(auroc(accepted, scores))
        rights.append(float(((scores >= 0.5) == accepted).mean()))
        print(f"seed {seed}: AUROC {areas[-1]:.4f}, accuracy {rights[-1]:.4f}", flush=True)
    half = 1.96 * np.sqrt(np.mean(rights) * (1 - np.mean(rights)) / len(rows))
    path = zoo.FOLDER / "weights" / "signal_quality.onnx"
    trees, line = calibrated(rows, accepted, 0)
    export_plain_trees(trees, len(FEATURES), path, offset=line.intercept, slope=line.slope)
    write_card(path, areas, rights, half, int(accepted.sum()), len(rows))


def write_card(
    path: Path, areas: list[float], rights: list[float], half: float, *counts: int
) -> None:
    """Write the card."""
    text = f'''name = "signal_quality"
file = "{path.name}"
sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"
task = "Say whether a technician would accept a 12-lead recording."
licence = "MIT"
date = "2026-11-27"

[input]
name = "features"
shape = ["records", "{len(FEATURES)}"]
type = "float32"
meaning = "the columns of cardioalert.networks.quality.FEATURES"

[output]
name = "scores"
shape = ["records", "1"]
meaning = "logit of the probability that it is accepted"

[training]
code = "models/training/signal_quality"
records = {counts[1]}
accepted = {counts[0]}
trees = {TREES}

[[training.data]]
name = "PhysioNet/CinC Challenge 2011, 500 recordings of set a, mobile devices"
licence = "ODC-By 1.0"
source = "Silva, Moody and Celi, Computing in Cardiology 2011;38:273-276"

[metrics]
date = "2026-11-27"
on = "the same 500 recordings, {FOLDS}-fold cross-validation, calibration within, {REPEATS} times"
accuracy = {np.mean(rights):.4f}
accuracy_half_width_95 = {half:.4f}
accuracy_by_repeat = {[round(r, 4) for r in rights]}
auroc = {np.mean(areas):.4f}
auroc_by_repeat = {[round(a, 4) for a in areas]}

[use]
intended = "to keep the interpretation networks silent on recordings that nobody should read"
known_failures = [
  "Trained on recordings with mobile devices by volunteers; a hospital cart fails in other ways.",
  "It judges the whole recording: one bad lead of twelve may pass.",
]
'''
    (zoo.FOLDER / "cards" / "signal_quality.toml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
