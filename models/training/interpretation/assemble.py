"""Export the members, score fold 9 with them, and write the table and the cards that ship.

    python -m training.interpretation.assemble --cache DIR

Everything is scored through the code that ships, from the ONNX files that ship.
"""

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import torch
from cardioalert_models import zoo
from numpy.typing import NDArray

from cardioalert.measure import measure
from cardioalert.networks import calibration as shipped
from cardioalert.networks.classifier import Look, look_at, reader_of
from cardioalert.networks.features import FEATURES
from cardioalert.networks.windows import page_view
from training.interpretation import publish
from training.interpretation.cards import member_figures, write_card
from training.interpretation.data import Recordings, load
from training.interpretation.export import (
    Mean,
    export_module,
    export_network,
    export_random,
    export_trees,
)
from training.interpretation.measured_model import Prepared, restored
from training.interpretation.random_features import SHIPPED, Ridge, feature_columns
from training.interpretation.round_trip import read_page
from training.interpretation.scores import macro_auroc

PACKAGE = Path(zoo.FOLDER)
TABLE = PACKAGE / "tables" / "interpretation.toml"
RIDGE = {"digital": 1.5, "page": 1.5}
KINDS = ("digital", "page")
BOTH = KINDS
MEASURED = "interpretation_measured_trees"
MEASURED_ONLY = (
    "SR",
    "SARRH",
    "SBRAD",
    "STACH",
    "1AVB",
    "LPR",
    "LNGQT",
    "LVH",
    "VCLVH",
    "HVOLT",
    "LVOLT",
)
"""Statements of rate, intervals and voltages: what was measured decides alone."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A member: its card's name, how it is made, and which kinds of input it reads."""

    name: str
    source: str
    kinds: tuple[str, ...]


def parts_in(cache: Path) -> list[Part]:
    """Return the members whose training is finished."""
    found = []
    for path in sorted(path for path in cache.glob("*.pt") if "checkpoint" not in path.name):
        kind, _, rest = path.stem.partition("_")
        if kind in ("resnet", "convnext", "statespace") and rest.isdigit():
            name = f"interpretation_windows_{kind}{rest if rest != '0' else ''}"
            found.append(Part(name=name, source=path.name, kinds=BOTH))
        if kind == "whole" and rest.isdigit():
            found.append(Part(name="interpretation_whole", source=path.name, kinds=BOTH))
        if kind == "random" and rest == "0":
            for view in KINDS:
                name = f"interpretation_random_{view}"
                found.append(Part(name=name, source=path.name, kinds=(view,)))
        if path.stem in ("trees", "perceptron"):
            name = f"interpretation_measured_{path.stem}"
            found.append(Part(name=name, source=path.name, kinds=BOTH))
    return found


def export_part(part: Part, cache: Path, recordings: Recordings) -> None:
    """Write one ONNX file and a card that names it, unless it was made of the same weights."""
    path = PACKAGE / "weights" / f"{part.name}.onnx"
    stamp = hashlib.sha256((cache / part.source).read_bytes()).hexdigest()
    mark = cache / f"{part.name}.exported"
    if not (path.exists() and mark.exists() and mark.read_text() == stamp):
        _export(part, path, cache, recordings)
        mark.write_text(stamp)
    put_card(part, recordings, "")
    zoo.open_network.cache_clear()


def put_card(part: Part, recordings: Recordings, figures: str) -> None:
    """Write the card of an exported member."""
    file = f"{part.name}.onnx"
    sha256 = hashlib.sha256((PACKAGE / "weights" / file).read_bytes()).hexdigest()
    write_card(
        PACKAGE / "cards", part.name, file, sha256=sha256, recordings=recordings, extra=figures
    )


def _export(part: Part, path: Path, cache: Path, recordings: Recordings) -> None:
    """Write one ONNX file."""
    kind = part.name.split("_")[1]
    width = len(recordings.statements)
    if kind in ("windows", "whole"):
        network = part.source.split("_")[0]
        export_network(network, cache / part.source, width, path)
    elif kind == "random":
        view = part.name.split("_")[2]
        samples = 1000 if view == "digital" else 250
        export_random(
            cache / part.source,
            _ridge(cache, recordings, view),
            kernels=SHIPPED[view],
            samples=samples,
            seed=0,
            path=path,
        )
    elif part.source == "trees.pt":
        state, dumps = torch.load(cache / part.source, weights_only=True)
        forests = {k: lightgbm.Booster(model_str=text) for k, text in dumps.items()}
        export_trees(Prepared.restored(state), forests, width, path)
    else:
        states = torch.load(cache / part.source, weights_only=True)
        models = [restored(state, width) for state in states]
        example = torch.randn(2, len(FEATURES))
        export_module(Mean(models), example, path, name="features", free={0: "records"})


def _ridge(cache: Path, recordings: Recordings, view: str) -> Ridge:
    """Fit the ridge head of one view on folds 1-8."""
    raw = recordings.take(np.flatnonzero(recordings.has_voltage))
    features = np.load(cache / f"random_0_{view}.npy")[:, feature_columns(SHIPPED[view])]
    learn = raw.folds < 9
    return Ridge(features[learn], raw.soft[learn], RIDGE[view])


def looks(cache: Path, chosen: Recordings, kind: str) -> Iterator[Look]:
    """Yield fold 9 as the members see it.

    Pages: as the digitizer read them where there is such a page, else what an ideal page shows.
    """
    whole = np.ones(chosen.signal.shape[1:], bool)
    for number, signal, row in zip(
        chosen.ids, chosen.signal, features(cache, chosen, kind), strict=True
    ):
        path = cache / "pages_fold9" / f"{number}.npz"
        if kind == "digital":
            yield Look(signal=signal, present=whole, features=row, kind="digital")
        elif (page := read_page(path) if path.exists() else None) is not None:
            yield look_at(page, measure(page), kind="page")
        else:
            yield Look(signal=signal, present=page_view(whole), features=row, kind="page")


def features(cache: Path, chosen: Recordings, kind: str) -> NDArray[np.float32]:
    """Return the measured features of some recordings."""
    path = cache / ("measured.npz" if kind == "digital" else "measured_pages.npz")
    if not path.exists():
        return np.full((len(chosen.ids), len(FEATURES)), np.nan, np.float32)
    with np.load(path) as file:
        place = {int(number): row for row, number in enumerate(file["ids"])}
        table: NDArray[np.float32] = file["table"][[place[int(number)] for number in chosen.ids]]
    return table


def scores_of(part: Part, seen: Sequence[Look], cache: Path, tag: str) -> NDArray[np.float32]:
    """Return the scores of a member on some looks, kept by the SHA-256 of its weights."""
    sha256 = zoo.read_card(part.name).sha256[:12]
    path = cache / f"scores_{part.name}_{tag}_{sha256}_{len(seen)}.npy"
    if path.exists():
        kept: NDArray[np.float32] = np.load(path)
        return kept
    reader = reader_of(part.name)
    found = np.stack([reader(look, part.name) for look in seen]).astype(np.float32)
    np.save(path, found)
    return found


def member_weights(name: str, weight: float, statements: Sequence[str]) -> NDArray:
    """Return the weight of a member for every statement: 0 where measurements decide alone."""
    if name == MEASURED:
        return np.full(len(statements), weight)
    return np.where(np.isin(statements, MEASURED_ONLY), 0.0, weight)


def blend(
    scores: dict[str, NDArray], weights: dict[str, float], statements: Sequence[str]
) -> tuple[NDArray, dict[str, tuple[NDArray, NDArray]]]:
    """Standardize on these records and average."""
    moments = {k: (s.mean(axis=0), np.maximum(s.std(axis=0), 1e-3)) for k, s in scores.items()}
    own = {k: member_weights(k, weights[k], statements) for k in scores}
    total = np.sum(list(own.values()), axis=0)
    mixed = sum(own[k] * (s - moments[k][0]) / moments[k][1] for k, s in scores.items())
    return mixed / total, moments


def choose_weights(
    scores: dict[str, NDArray], present: NDArray, statements: Sequence[str]
) -> dict[str, float]:
    """Add members, with repetition, as long as the macro-AUROC grows by 0.001."""
    weights = dict.fromkeys(scores, 1.0)
    best = macro_auroc(present, blend(scores, weights, statements)[0])
    for _ in range(4):
        tries = {k: {**weights, k: weights[k] + 1.0} for k in scores}
        gains = {k: macro_auroc(present, blend(scores, w, statements)[0]) for k, w in tries.items()}
        winner = max(gains, key=gains.__getitem__)
        if gains[winner] < best + 0.001:
            break
        best, weights = gains[winner], tries[winner]
    return weights


def nested_weights(
    scores: dict[str, NDArray], present: NDArray, statements: Sequence[str], parts: int = 10
) -> NDArray:
    """Return blends in which each record's weights were chosen on the other parts."""
    part = publish.folds_of(present, parts)
    found = np.zeros(present.shape)
    for held in range(parts):
        inside = {k: s[part != held] for k, s in scores.items()}
        weights = choose_weights(inside, present[part != held], statements)
        found[part == held] = blend(scores, weights, statements)[0][part == held]
    return found


def kind_table(
    kind: str, parts: list[Part], scores: dict[str, NDArray], chosen: Recordings, training: NDArray
) -> dict:
    """Return the part of the table for one kind of input, and print what it reaches."""
    for part in parts:
        print(kind, part.name, f"{macro_auroc(chosen.present, scores[part.name]):.4f}")
    statements = chosen.statements
    equal = blend(scores, dict.fromkeys(scores, 1.0), statements)[0]
    weights = choose_weights(scores, chosen.present, statements)
    nested = nested_weights(scores, chosen.present, statements)
    best = blend(scores, weights, statements)[0]
    print(
        kind,
        f"equal {macro_auroc(chosen.present, equal):.4f}",
        f"chosen {macro_auroc(chosen.present, best):.4f} {weights}",
        f"nested {macro_auroc(chosen.present, nested):.4f}",
    )
    better = macro_auroc(chosen.present, nested) > macro_auroc(chosen.present, equal) + 0.001
    weights = weights if better else dict.fromkeys(scores, 1.0)
    mixed, moments = blend(scores, weights, statements)
    even = np.stack([(s - moments[k][0]) / moments[k][1] for k, s in scores.items()])
    apart = even.std(axis=0).mean(axis=1)
    calibrated = publish.cross_fitted(mixed, chosen.present)
    enough = np.flatnonzero(chosen.present.sum(axis=0) >= publish.FEWEST)
    errors = [publish.calibration_error(calibrated[:, k], chosen.present[:, k]) for k in enough]
    print(kind, f"ECE {np.mean(errors):.4f}")
    return {
        "most_disagreement": float(np.quantile(apart, publish.SPREAD_QUANTILE)) * 1.15
        if len(scores) > 1
        else 1.0,
        "member": [
            {
                "name": name,
                "weight": [float(w) for w in member_weights(name, weights[name], statements)],
                "mean": [round(float(v), 4) for v in moments[name][0]],
                "spread": [round(float(v), 4) for v in moments[name][1]],
            }
            for name in scores
        ],
        "outcome": publish.outcome_rows(mixed, chosen.present, chosen.statements, training),
    }


def main() -> None:
    """Do it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--only", nargs="+", help="names of the members to use")
    options = parser.parse_args()
    recordings = load(options.cache)
    checked = (recordings.folds == 9) & recordings.has_voltage
    chosen = recordings.take(np.flatnonzero(checked))
    training = recordings.present[recordings.folds < 9].sum(axis=0)
    if not TABLE.exists():
        publish.write_table(TABLE, recordings.statements, dict.fromkeys(KINDS, EMPTY))
    shipped.calibration.cache_clear()
    parts = [
        part
        for part in parts_in(options.cache)
        if not options.only or any(name in part.name for name in options.only)
    ]
    for part in parts:
        export_part(part, options.cache, recordings)
    kinds, found = {}, {}
    pages = len(list((options.cache / "pages_fold9").glob("*.npz")))
    for kind in KINDS:
        here = [part for part in parts if kind in part.kinds]
        if kind == "page" and not (options.cache / "measured_pages.npz").exists():
            here = [part for part in here if "measured" not in part.name]
        seen = list(looks(options.cache, chosen, kind))
        tag = kind if kind == "digital" else f"{kind}{pages}"
        scores = {part.name: scores_of(part, seen, options.cache, tag) for part in here}
        found[kind] = scores
        kinds[kind] = kind_table(kind, here, scores, chosen, training)
        np.savez(options.cache / f"fold9_{kind}.npz", ids=chosen.ids, **scores)
    publish.write_table(TABLE, recordings.statements, kinds)
    for part in parts:
        figures = {kind: found[kind][part.name] for kind in KINDS if part.name in found[kind]}
        put_card(part, recordings, member_figures(figures, chosen))


EMPTY = {"most_disagreement": 1.0, "member": [], "outcome": []}

if __name__ == "__main__":
    main()
