"""Blend, calibrate and publish the members: `python -m training.interpretation.publish --help`.

Reads the scores of every member on fold 9 (whole records, and pages read back by the digitizer),
fits what turns them into probabilities and verdicts, and writes the table that ships,
`cardioalert_models/tables/interpretation.toml`.

- Scores are standardized and averaged with weights that are the same for all statements.
- Logistic calibration (Platt) per statement; its slope is drawn towards that of all statements
  together, the more the fewer positives there are.
- Limits of the verdicts are split-conformal quantiles: present, possible and absent keep their
  error at or below FALSE_PRESENT, FALSE_POSSIBLE and MISSED for cases like those of fold 9. One
  with fewer than FEWEST positives gets no verdict.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

FALSE_PRESENT = 0.02
FALSE_POSSIBLE = 0.10
MISSED = 0.10
MISSED_WITH_MANY = 0.05
MANY = 20
LOWEST_PRESENT, LOWEST_POSSIBLE, HIGHEST_ABSENT = 0.5, 0.15, 0.1
"""Bounds of the limits, so that the words also mean what people read into them."""
FEWEST = 10
FEWEST_TRAINING = 50
SPREAD_QUANTILE = 0.99
"""Share of fold 9 whose members agree well enough to speak."""
PULL = 12.0  # positives that weigh as much as all statements together
RARE_DANGERS = ("2AVB", "3AVB", "WPW", "LNGQT", "STE_", "PSVT", "SVTAC")
"""Statements no network decides, however it scores: too few examples to know."""
GROUPS = {
    "any-infarction": ["IMI", "ASMI", "AMI", "ALMI", "ILMI", "LMI", "IPLMI", "IPMI", "PMI"],
    "any-ischemia": ["ISC_", "ISCAL", "ISCIN", "ISCIL", "ISCAS", "ISCLA", "ISCAN"],
    "fibrillation-or-flutter": ["AFIB", "AFLT"],
    "complete-bundle-branch-block": ["CLBBB", "CRBBB"],
    "any-ectopic-ventricular-beat": ["PVC", "BIGU", "TRIGU"],
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One logistic calibration."""

    slope: float
    intercept: float

    def __call__(self, scores: NDArray) -> NDArray:
        """Return probabilities."""
        return 1.0 / (1.0 + np.exp(-np.clip(self.slope * scores + self.intercept, -40, 40)))


def fit_line(scores: NDArray, present: NDArray, *, prior: Line | None, pull: float) -> Line:
    """Fit a logistic line with Platt's soft targets, drawn towards `prior`."""
    positives, negatives = float(present.sum()), float((1 - present).sum())
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    wanted = np.where(present > 0.5, high, low)

    def cost(line: NDArray) -> float:
        logits = line[0] * scores + line[1]
        loss = float(np.sum(np.logaddexp(0, logits) - wanted * logits))
        if prior is not None:
            loss += pull * ((math.log(max(line[0], 1e-3)) - math.log(prior.slope)) ** 2)
        return loss

    first = (prior.slope if prior else 1.5, math.log((positives + 0.5) / (negatives + 0.5)))
    found = minimize(cost, np.array(first), method="Nelder-Mead").x
    return Line(slope=max(float(found[0]), 1e-3), intercept=float(found[1]))


def common_line(scores: NDArray, present: NDArray) -> Line:
    """Return the slope that all statements share: the median of those with enough positives."""
    enough = np.flatnonzero(present.sum(axis=0) >= FEWEST)
    lines = [fit_line(scores[:, k], present[:, k], prior=None, pull=0) for k in enough]
    return Line(slope=float(np.median([line.slope for line in lines])), intercept=0.0)


def fit_lines(scores: NDArray, present: NDArray) -> list[Line]:
    """Fit every column."""
    prior = common_line(scores, present)
    return [
        fit_line(scores[:, k], present[:, k], prior=prior, pull=PULL / 4)
        for k in range(scores.shape[1])
    ]


def limits(probability: NDArray, present: NDArray) -> tuple[float, float, float]:
    """Return present_from, possible_from and absent_below; NaN with too few positives."""
    with_it, without = np.sort(probability[present > 0.5]), np.sort(probability[present < 0.5])
    if len(with_it) < FEWEST or len(without) < FEWEST:
        return (math.nan,) * 3
    high = _upper(without, FALSE_PRESENT)
    middle = _upper(without, FALSE_POSSIBLE)
    missed = MISSED_WITH_MANY if len(with_it) >= MANY else MISSED
    rank = math.floor(missed * (len(with_it) + 1))
    low = min(float(with_it[rank - 1]) if rank >= 1 else 0.0, HIGHEST_ABSENT)
    middle = max(middle, LOWEST_POSSIBLE)
    return max(high, middle, LOWEST_PRESENT), middle, low


def _upper(without: NDArray, error: float) -> float:
    """Return the limit that at most this share of cases without it reach."""
    rank = math.ceil((1 - error) * (len(without) + 1))
    if rank > len(without):
        return float(np.nextafter(without[-1], 1.0))
    return float(np.nextafter(without[rank - 1], 1.0))


def group_scores(probability: NDArray, statements: Sequence[str], codes: Sequence[str]) -> NDArray:
    """Return the logit of "at least one of these", as if they were independent."""
    columns = [statements.index(code) for code in codes]
    none = np.prod(1.0 - probability[:, columns], axis=1)
    chance = np.clip(1.0 - none, 1e-6, 1 - 1e-6)
    return np.log(chance / (1 - chance))


def folds_of(present: NDArray, parts: int, seed: int = 0) -> NDArray[np.intp]:
    """Return a part for every record, positives of rare statements spread evenly."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(present))
    rarity = (present / np.maximum(present.sum(axis=0), 1)).max(axis=1)
    order = order[np.argsort(-rarity[order], kind="stable")]
    found = np.empty(len(present), np.intp)
    found[order] = np.arange(len(present)) % parts
    return found


def cross_fitted(scores: NDArray, present: NDArray, *, parts: int = 10) -> NDArray:
    """Return probabilities, each calibrated on the other parts."""
    part = folds_of(present, parts)
    found = np.zeros(scores.shape)
    for held in range(parts):
        lines = fit_lines(scores[part != held], present[part != held])
        for column, line in enumerate(lines):
            found[part == held, column] = line(scores[part == held, column])
    return found


def calibration_error(probability: NDArray, present: NDArray, bins: int = 15) -> float:
    """Expected calibration error over equally filled bins."""
    order = np.argsort(probability)
    parts = np.array_split(order, bins)
    gaps = [abs(probability[p].mean() - present[p].mean()) * len(p) for p in parts if len(p)]
    return float(np.sum(gaps) / len(probability))


def outcome_rows(
    scores: NDArray,
    present: NDArray,
    statements: Sequence[str],
    training: NDArray,
) -> list[dict]:
    """Return the rows of all statements and groups for one kind of input."""
    lines = fit_lines(scores, present)
    probability = np.stack([line(scores[:, k]) for k, line in enumerate(lines)], axis=1)
    rows = []
    for column, (code, line) in enumerate(zip(statements, lines, strict=True)):
        rare = code in RARE_DANGERS or training[column] < FEWEST_TRAINING
        edges = (math.nan,) * 3 if rare else limits(probability[:, column], present[:, column])
        rows.append(_row(code, line, edges, listed=not rare))
    for name, codes in GROUPS.items():
        score = group_scores(probability, statements, codes)
        truth = present[:, [statements.index(code) for code in codes]].max(axis=1)
        line = fit_line(score, truth, prior=Line(slope=1.0, intercept=0.0), pull=PULL / 4)
        rows.append(_row(name, line, limits(line(score), truth), listed=False, members=codes))
    return rows


def _row(
    code: str,
    line: Line,
    edges: tuple[float, float, float],
    *,
    listed: bool,
    members: Sequence[str] = (),
) -> dict:
    """Return one row of the table."""
    row = {"code": code, "slope": line.slope, "intercept": line.intercept, "listed": listed}
    if members:
        row["members"] = list(members)
    if not math.isnan(edges[0]):
        row |= dict(zip(("present_from", "possible_from", "absent_below"), edges, strict=True))
    return row


def write_table(path: Path, statements: Sequence[str], kinds: dict[str, dict]) -> None:
    """Write the table that ships."""
    lines = [
        "# Written by models/training/interpretation/assemble.py: do not edit.",
        "# How the scores of the members become probabilities and verdicts, per kind of input.",
        "",
        f"statements = {_toml(list(statements))}",
        f"false_present = {FALSE_PRESENT}",
        f"false_possible = {FALSE_POSSIBLE}",
        f"missed = {MISSED}",
        f"missed_with_{MANY}_positives = {MISSED_WITH_MANY}",
    ]
    for kind, content in kinds.items():
        lines += ["", f"[{kind}]", f"most_disagreement = {content['most_disagreement']:.6g}"]
        for table in ("member", "outcome"):
            for row in content[table]:
                lines += ["", f"[[{kind}.{table}]]"]
                lines += [f"{key} = {_toml(value)}" for key, value in row.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: object) -> str:
    """Write one value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return f"{float(value):.5g}" if not isinstance(value, int) else str(value)


def parser() -> argparse.ArgumentParser:
    """Return the options that all steps share."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--cache", type=Path, required=True)
    return made
