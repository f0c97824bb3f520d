"""Random convolutions, ridge head: `python -m training.interpretation.random_features --help`.

After ROCKET and MiniRocket (Dempster et al. 2020, 2021): kernels are drawn, never trained; what is
learned is one ridge regression on how their outputs are distributed. Here each kernel looks at one
to three leads of one column of a page, so that the same features exist where the columns of a page
are not simultaneous. The head for whole records and that for pages are learned apart.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cardioalert.networks.windows import middle_stack, page_view
from training.interpretation.data import Recordings, load
from training.interpretation.scores import macro_auroc

DILATIONS = (1, 2, 4, 8, 16, 32)
KERNELS = 200  # per dilation and kind of input
TAPS = 9
KINDS_OF_INPUT = ("mv", "even")
SHARES = (0.25, 0.5, 0.75)  # of the output above each threshold, over the training set
FEATURES_OF_KERNEL = len(SHARES) + 2
SHIPPED = {"digital": 50, "page": KERNELS}
"""How many kernels of each group ship: a quarter blends as well on whole records (see README)."""


class RandomFeatures(nn.Module):
    """(records, 12, samples) mV -> (records, features)."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        rng = np.random.default_rng(seed)
        for kind in KINDS_OF_INPUT:
            for dilation in DILATIONS:
                weight = np.zeros((KERNELS, 12, TAPS), np.float32)
                for kernel in weight:
                    column = rng.integers(4)
                    leads = 3 * column + rng.permutation(3)[: rng.choice((1, 1, 2, 3))]
                    taps = rng.normal(size=TAPS)
                    kernel[leads] = rng.normal(size=(len(leads), 1)) * (taps - taps.mean())
                self.register_buffer(f"weight_{kind}_{dilation}", torch.from_numpy(weight))
                zero = torch.zeros(len(SHARES), KERNELS, 1)
                self.register_buffer(f"limit_{kind}_{dilation}", zero)

    def names(self) -> list[str]:
        """Return kind and dilation of the groups of kernels, in order."""
        return [f"{kind}_{dilation}" for kind in KINDS_OF_INPUT for dilation in DILATIONS]

    def inputs(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the signal in mV, and with leads of even size."""
        power = (x * x).sum(dim=2, keepdim=True)
        shown = (x != 0).to(x.dtype).sum(dim=2, keepdim=True)
        even = 0.25 * x / torch.clamp(torch.sqrt(power / torch.clamp(shown, min=1.0)), min=0.02)
        return x, even

    def outputs(self, x: Tensor) -> "list[tuple[str, Tensor]]":
        """Convolve by every kernel."""
        found = []
        for kind, signal in zip(KINDS_OF_INPUT, self.inputs(x), strict=True):
            for dilation in DILATIONS:
                weight = getattr(self, f"weight_{kind}_{dilation}")
                out = functional.conv1d(signal, weight, padding=4 * dilation, dilation=dilation)
                found.append((f"{kind}_{dilation}", out))
        return found

    def fit(self, x: Tensor) -> None:
        """Put the thresholds where the training set has its quantiles."""
        for name, out in self.outputs(x):
            values = out.transpose(0, 1).flatten(1)
            limits = torch.quantile(values, torch.tensor(SHARES), dim=1)
            getattr(self, f"limit_{name}").copy_(limits[:, :, None])

    def keep(self, kernels: int) -> None:
        """Forget all but the first kernels of each group; `feature_columns` names what stays."""
        for name in self.names():
            for part, axis in ((f"weight_{name}", 0), (f"limit_{name}", 1)):
                kept = getattr(self, part).narrow(axis, 0, kernels).clone()
                self.register_buffer(part, kept)

    def forward(self, x: Tensor) -> Tensor:
        """Run it."""
        parts = []
        for name, out in self.outputs(x):
            limits = getattr(self, f"limit_{name}")
            above = [(out > limits[k]).to(x.dtype).mean(dim=2) for k in range(len(SHARES))]
            highest = torch.log(torch.clamp(out.amax(dim=2), min=1e-3))
            centre = out - out.mean(dim=2, keepdim=True)
            spread = 0.5 * torch.log((centre * centre).mean(dim=2) + 1e-6)
            parts += [*above, highest, spread]
        return torch.cat(parts, dim=1)


def feature_columns(kernels: int) -> NDArray[np.intp]:
    """Return the columns of the features of the first kernels of each group."""
    groups = len(KINDS_OF_INPUT) * len(DILATIONS)
    every = np.arange(groups * FEATURES_OF_KERNEL * KERNELS)
    return every[every % KERNELS < kernels]


class Ridge:
    """Ridge regression on standardized features, solved through the records.

    `left_out` holds, for every training record, what the model says that never saw it.
    """

    def __init__(self, features: NDArray, wanted: NDArray, strength: float) -> None:
        self.mean = features.mean(axis=0)
        self.spread = features.std(axis=0) + 1e-3
        x = (features - self.mean) / self.spread
        self.base = wanted.mean(axis=0)
        y = (wanted - self.base).astype(np.float64)
        gram = (x @ x.T / x.shape[1]).astype(np.float64)
        values, vectors = np.linalg.eigh(gram)
        inverse = (vectors / (values + strength)) @ vectors.T
        dual = inverse @ y
        self.weights = (x.T @ dual.astype(np.float32) / x.shape[1]).astype(np.float32)
        self.left_out = wanted - dual / np.diag(inverse)[:, None]

    def __call__(self, features: NDArray) -> NDArray[np.float32]:
        """Return the scores of records."""
        x = (features - self.mean) / self.spread
        scores: NDArray[np.float32] = (x @ self.weights + self.base).astype(np.float32)
        return scores


def in_parts(module: RandomFeatures, signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of many records."""
    with torch.no_grad():
        return np.concatenate(
            [
                module(torch.from_numpy(signal[k : k + 16])).numpy()
                for k in range(0, len(signal), 16)
            ]
        )


def stacked(recordings: Recordings) -> NDArray[np.float32]:
    """Return what 3x4 pages show, columns stacked, (records, 12, 250)."""
    shown = page_view(np.ones(recordings.signal.shape, bool))
    return np.stack(
        [middle_stack(one, ok)[0, :12] for one, ok in zip(recordings.signal, shown, strict=True)]
    )


def main() -> None:
    """Do what the options ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    everything = load(options.cache)
    raw = everything.take(np.flatnonzero(everything.has_voltage))
    learn = raw.folds < 9
    module = RandomFeatures(options.seed)
    result = {"ids": raw.ids}
    for name, signal in (("digital", raw.signal), ("page", stacked(raw))):
        sample = np.random.default_rng(options.seed).permutation(np.flatnonzero(learn))[:64]
        if name == "digital":
            module.fit(torch.from_numpy(np.ascontiguousarray(signal[sample])))
        features = in_parts(module, np.ascontiguousarray(signal))
        np.save(options.cache / f"random_{options.seed}_{name}.npy", features)
        for strength in (0.01, 0.03, 0.1, 0.3, 1.0):
            ridge = Ridge(features[learn], raw.soft[learn], strength)
            here = ridge(features[~learn])
            print(
                f"{name} strength {strength}: left out",
                f"{macro_auroc(raw.present[learn], ridge.left_out, fewest=20):.4f} fold 9",
                f"{macro_auroc(raw.present[~learn], here):.4f}",
                flush=True,
            )
            result[f"{name}_{strength}"] = np.where(
                learn[:, None], _spread_out(ridge.left_out, here, learn)[0], 0
            ) + np.where(learn[:, None], 0, _spread_out(ridge.left_out, here, learn)[1])
    torch.save(module.state_dict(), options.cache / f"random_{options.seed}.pt")
    np.savez(options.cache / f"random_{options.seed}.npz", **result)


def _spread_out(left_out: NDArray, here: NDArray, learn: NDArray) -> tuple[NDArray, NDArray]:
    """Put training and other rows back in the order of the recordings."""
    first = np.zeros((len(learn), here.shape[1]), np.float32)
    second = np.zeros_like(first)
    first[learn], second[~learn] = left_out, here
    return first, second


if __name__ == "__main__":
    main()
