"""Statements from measurements alone: `python -m training.interpretation.measured_model --help`.

Two learners on the table that `measured.py` wrote: boosted trees, one small forest a statement, and
a perceptron for all statements at once. Both see every record twice, as it is and as a 3x4 page
shows it. Out-of-fold scores are kept for the blend.
"""

import argparse
from pathlib import Path

import lightgbm
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cardioalert.domain.record import STANDARD_LEADS
from cardioalert.networks.features import BEAT_SAMPLES, FEATURES, PER_LEAD
from training.interpretation.data import load
from training.interpretation.measured import join
from training.interpretation.scores import macro_auroc

BEAT_COLUMNS = len(STANDARD_LEADS) * BEAT_SAMPLES
TABLE_COLUMNS = len(FEATURES) - BEAT_COLUMNS
COMPONENTS = 48
FEWEST_POSITIVES = 20
TREES = 90
LEAVES = 8


class Prepared(nn.Module):
    """(records, features) with NaN -> what each learner sees."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        super().__init__()
        table, beats = rows[:, :TABLE_COLUMNS], np.nan_to_num(rows[:, TABLE_COLUMNS:])
        low, middle, high = np.nanpercentile(table, [10, 50, 90], axis=0)
        self.register_buffer("middle", torch.from_numpy(middle.astype(np.float32)))
        width = np.maximum(high - low, 1e-3) / 2.56
        self.register_buffer("width", torch.from_numpy(width.astype(np.float32)))
        _, _, axes = np.linalg.svd(beats[:4000] - beats.mean(axis=0), full_matrices=False)
        self.register_buffer(
            "axes", torch.from_numpy(axes[:COMPONENTS].T.astype(np.float32).copy())
        )

    @classmethod
    def restored(cls, state: dict[str, Tensor]) -> "Prepared":
        """Return what was saved."""
        made = cls(np.zeros((COMPONENTS, len(FEATURES)), np.float32))
        made.load_state_dict(state)
        return made

    def for_trees(self, x: Tensor) -> Tensor:
        """Return the table as it is, NaN included, and components of the beats."""
        beats = x[:, TABLE_COLUMNS:]
        known = torch.where(torch.isnan(beats), torch.zeros_like(beats), beats)
        return torch.cat([x[:, :TABLE_COLUMNS], known @ self.axes], dim=1)

    def for_perceptron(self, x: Tensor) -> Tensor:
        """Return the standardized table, what is missing in it, and the beats."""
        table, beats = x[:, :TABLE_COLUMNS], x[:, TABLE_COLUMNS:]
        missing = torch.isnan(table)
        even = torch.clamp((table - self.middle) / self.width, -5.0, 5.0)
        even = torch.where(missing, torch.zeros_like(even), even)
        known = torch.where(torch.isnan(beats), torch.zeros_like(beats), beats)
        return torch.cat([0.5 * even, missing.to(even.dtype), 3.0 * known], dim=1)


class Perceptron(nn.Module):
    """Measurements -> logits."""

    def __init__(self, prepared: Prepared, statements: int, width: int = 256) -> None:
        super().__init__()
        self.prepared = prepared
        self.layers = nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(2 * TABLE_COLUMNS + BEAT_COLUMNS, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(width, width // 2),
            nn.BatchNorm1d(width // 2),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(width // 2, statements),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Run it."""
        logits: Tensor = self.layers(self.prepared.for_perceptron(x))
        return logits


def restored(state: dict[str, Tensor], statements: int) -> Perceptron:
    """Return a perceptron that was saved."""
    empty = Prepared(np.zeros((COMPONENTS, len(FEATURES)), np.float32))
    network = Perceptron(empty, statements)
    network.load_state_dict(state)
    return network.eval()


def lose_leads(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Hide a few leads of some records, and disturb the rest a little."""
    x = x.clone()
    start = TABLE_COLUMNS - len(STANDARD_LEADS) * len(PER_LEAD)
    for row in np.flatnonzero(rng.random(len(x)) < 0.25):
        for lead in rng.permutation(12)[: rng.integers(1, 4)]:
            first = start + lead * len(PER_LEAD)
            x[row, first : first + len(PER_LEAD)] = float("nan")
            first = TABLE_COLUMNS + lead * BEAT_SAMPLES
            x[row, first : first + BEAT_SAMPLES] = float("nan")
    gain = 1.0 + 0.05 * torch.randn(len(x), 1)
    x[:, TABLE_COLUMNS:] = x[:, TABLE_COLUMNS:] * gain
    return x + 0.01 * torch.randn_like(x)


def fit_perceptron(
    rows: NDArray[np.float32], wanted: NDArray[np.float32], *, seed: int, epochs: int
) -> Perceptron:
    """Train on rows that may hold NaN."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Perceptron(Prepared(rows), wanted.shape[1])
    x, y = torch.from_numpy(rows), torch.from_numpy(wanted)
    steps = len(x) // 128
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps * epochs)
    for _ in range(epochs):
        for chosen in rng.permutation(len(x))[: steps * 128].reshape(steps, 128):
            logits = network(lose_leads(x[chosen], rng))
            loss = functional.binary_cross_entropy_with_logits(logits, y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def fit_trees(
    rows: NDArray[np.float32], present: NDArray[np.float32], columns: NDArray[np.intp], seed: int
) -> dict[int, lightgbm.Booster]:
    """Train one forest for each of some statements."""
    options = {
        "objective": "binary",
        "learning_rate": 0.06,
        "num_leaves": LEAVES,
        "min_data_in_leaf": 20,
        "feature_fraction": 0.25,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": 63,
        "verbosity": -1,
        "num_threads": 1,
        "seed": seed,
    }
    data = lightgbm.Dataset(rows, free_raw_data=False, params={"max_bin": 63, "verbosity": -1})
    data.construct()
    forests = {}
    for column in columns:
        data.set_label(present[:, column])
        forests[int(column)] = lightgbm.train(options, data, num_boost_round=TREES)
    return forests


def tree_scores(
    forests: dict[int, lightgbm.Booster], rows: NDArray[np.float32], width: int
) -> NDArray[np.float32]:
    """Return raw scores (logits); statements without a forest get a constant."""
    scores = np.full((len(rows), width), -5.0, np.float32)
    for column, forest in forests.items():
        scores[:, column] = forest.predict(rows, raw_score=True)
    return scores


def main() -> None:
    """Do what the options ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--learner", choices=("trees", "perceptron"), required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--no-folds", action="store_true", help="skip the out-of-fold scores")
    options = parser.parse_args()
    torch.set_num_threads(1)
    join(options.cache)
    everything = load(options.cache)
    raw = everything.take(np.flatnonzero(everything.has_voltage))
    views = {"digital": _rows(options.cache / "measured.npz", raw.ids)}
    pages = options.cache / "measured_pages.npz"
    if pages.exists():
        views["page"] = _rows(pages, raw.ids)
    columns = np.flatnonzero(raw.present[raw.folds < 9].sum(axis=0) >= FEWEST_POSITIVES)
    found = {name: np.zeros(raw.present.shape, np.float32) for name in views}
    folds = (9,) if options.no_folds else (9, 1, 2, 3, 4, 5, 6, 7, 8)
    for fold in folds:
        learn = (raw.folds < 9) & (raw.folds != fold)
        held = raw.folds == fold
        rows = np.concatenate([view[learn] for view in views.values()])
        seeds = options.seeds if fold == 9 else 1
        if options.learner == "perceptron":
            wanted = np.concatenate([raw.soft[learn]] * len(views))
            models = [
                fit_perceptron(rows, wanted, seed=k, epochs=options.epochs) for k in range(seeds)
            ]
            for name, view in views.items():
                with torch.no_grad():
                    found[name][held] = np.mean(
                        [model(torch.from_numpy(view[held])).numpy() for model in models], axis=0
                    )
            if fold == 9:
                states = [model.state_dict() for model in models]
                torch.save(states, options.cache / "perceptron.pt")
        else:
            prepared = Prepared(rows)
            seen = prepared.for_trees(torch.from_numpy(rows)).numpy()
            present = np.concatenate([raw.present[learn]] * len(views))
            forests = fit_trees(seen, present, columns, seed=fold)
            for name, view in views.items():
                shown = prepared.for_trees(torch.from_numpy(view[held])).numpy()
                found[name][held] = tree_scores(forests, shown, raw.present.shape[1])
            if fold == 9:
                dumps = {column: forest.model_to_string() for column, forest in forests.items()}
                torch.save((prepared.state_dict(), dumps), options.cache / "trees.pt")
        done = " ".join(
            f"{name} {macro_auroc(raw.present[held], one[held], fewest=8):.4f}"
            for name, one in found.items()
        )
        print(options.learner, "fold", fold, done, flush=True)
        np.savez(options.cache / f"{options.learner}.npz", ids=raw.ids, **found)
    for name, one in found.items():
        check, learn = raw.folds == 9, raw.folds < 9
        print(
            options.learner,
            name,
            f"out of fold {macro_auroc(raw.present[learn], one[learn], fewest=20):.4f}",
            f"fold 9 {macro_auroc(raw.present[check], one[check]):.4f}",
            flush=True,
        )


def _rows(path: Path, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Read measured features in the order of the recordings."""
    with np.load(path) as file:
        place = {int(number): row for row, number in enumerate(file["ids"])}
        table: NDArray[np.float32] = file["table"][[place[int(number)] for number in ids]]
    return table


if __name__ == "__main__":
    main()
