"""Figures of merit."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

FEWEST = 10  # positives


def auroc(present: NDArray, score: NDArray) -> float:
    """Area under the curve, by ranks; NaN where one side is empty."""
    positive = present > 0.5
    count = int(positive.sum())
    if count in (0, len(positive)):
        return float("nan")
    ranks = rankdata(score)
    return float(
        (ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(positive) - count))
    )


def macro_auroc(present: NDArray, scores: NDArray, *, fewest: int = FEWEST) -> float:
    """Mean over statements with enough positives."""
    enough = np.flatnonzero(present.sum(axis=0) >= fewest)
    return float(np.mean([auroc(present[:, k], scores[:, k]) for k in enough]))
