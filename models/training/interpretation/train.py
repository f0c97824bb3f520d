"""Train one network: `python -m training.interpretation.train --help`.

Saves after every epoch and goes on from there; a finished run leaves its averaged weights and what
it says of fold 9, of whole records and of what a 3x4 page shows of them.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cardioalert.networks.windows import page_view, stacked_windows, strided_windows
from training.interpretation import augment
from training.interpretation.data import Recordings, load
from training.interpretation.networks import build
from training.interpretation.scores import macro_auroc

BATCH = 64
RATES = {"convnext": 2e-3, "resnet": 3e-3, "whole": 3e-3, "statespace": 3e-3}
DECAYS = {"convnext": 0.05, "resnet": 0.03, "whole": 0.03, "statespace": 0.02}
WEIGHT_AVERAGE = 0.995
MIXUP = 0.2
SIDE_WEIGHT = 0.25
Z_SHARE = 0.5  # of the z-scored recordings seen in each epoch
AMPLITUDE = [
    "NDT",
    "NST_",
    "DIG",
    "LNGQT",
    "NORM",
    "IMI",
    "ASMI",
    "LVH",
    "ISC_",
    "ISCAL",
    "ISCIN",
    "ISCIL",
    "ISCAS",
    "ISCLA",
    "ISCAN",
    "AMI",
    "ALMI",
    "ILMI",
    "LMI",
    "INJAS",
    "INJAL",
    "INJIN",
    "INJLA",
    "INJIL",
    "LVOLT",
    "HVOLT",
    "LOWT",
    "NT_",
    "INVT",
    "STD_",
    "STE_",
    "TAB_",
    "VCLVH",
    "QWAVE",
    "LAO/LAE",
    "RAO/RAE",
    "RVH",
    "SEHYP",
    "EL",
    "ANEUR",
    "IPLMI",
    "IPMI",
    "PMI",
    "ABQRS",
]
"""Statements that z-scored recordings cannot teach: they lost their amplitudes and ST levels."""


class Targets:
    """What a network learns beside the statements, and which of it each recording can teach."""

    def __init__(self, recordings: Recordings, cache: Path) -> None:
        self.statements = recordings.soft
        amplitude = np.isin(recordings.statements, AMPLITUDE)
        lost = ~recordings.has_voltage[:, None] & amplitude[None]
        self.weights = np.where(lost, 0.0, 1.0).astype(np.float32)
        side = [
            (recordings.age - 60.0) / 17.0,
            (recordings.sex - 0.5) * 2.0,
            *_measured(recordings.ids, cache),
        ]
        values = np.stack(side, axis=1)
        self.side_known = np.isfinite(values).astype(np.float32)
        self.side = np.clip(np.nan_to_num(values), -3, 3).astype(np.float32)


def _measured(ids: NDArray, cache: Path) -> Iterator[NDArray]:
    """Yield heart rate, PR, QRS, QT and two axes where they were measured, near -1 to 1."""
    names = ("heart_rate", "pr", "qrs", "qt", "qrs_axis", "t_axis")
    centres = (75.0, 0.165, 0.1, 0.39, 30.0, 45.0)
    spreads = (18.0, 0.03, 0.02, 0.04, 45.0, 50.0)
    path = cache / "measured.npz"
    if not path.exists():
        yield from (np.full(len(ids), np.nan) for _ in names)
        return
    from cardioalert.networks.features import FEATURES  # noqa: PLC0415 - only needed here

    with np.load(path) as file:
        rows = {int(number): row for number, row in zip(file["ids"], file["table"], strict=True)}
    nothing = np.full(len(FEATURES), np.nan, np.float32)
    table = np.stack([rows.get(int(number), nothing) for number in ids])
    for name, centre, spread in zip(names, centres, spreads, strict=True):
        yield (table[:, FEATURES.index(name)] - centre) / spread


def examples(
    recordings: Recordings,
    chosen: NDArray,
    length: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Draw one example of each chosen recording."""
    make = augment.whole if length == augment.SAMPLES else augment.window
    batch = np.empty((len(chosen), 24, length), np.float32)
    manner = augment.Manner()
    for place, number in enumerate(chosen):
        example = make(recordings.signal[number], length, rng, manner)
        if not recordings.has_voltage[number]:
            example = augment.normalize(example)
        batch[place] = example
    return batch


def loss_of(
    outputs: tuple[Tensor, Tensor], wanted: Tensor, weights: Tensor, side: Tensor, known: Tensor
) -> Tensor:
    """Binary cross-entropy of the statements plus a little of the side tasks."""
    logits, others = outputs
    losses = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    statements = (losses * weights).sum(dim=1).mean() / 10.0
    apart = (functional.smooth_l1_loss(others, side, reduction="none") * known).mean()
    return statements + SIDE_WEIGHT * apart


def predict(network: torch.nn.Module, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logits of some inputs, shape (inputs, statements)."""
    with torch.no_grad():
        parts = [
            network(torch.from_numpy(part))[0].numpy() for part in np.split(inputs, _cuts(inputs))
        ]
    return np.concatenate(parts)


def _cuts(inputs: NDArray) -> list[int]:
    return list(range(128, len(inputs), 128))


def score(
    network: torch.nn.Module, recordings: Recordings, length: int
) -> dict[str, NDArray[np.float32]]:
    """Return logits of whole records and of 3x4 pages, each (records, windows, statements)."""
    network.eval()
    signal = recordings.signal
    full = np.ones(signal.shape, bool)
    shown = page_view(full)
    if length == augment.SAMPLES:
        views = {
            "digital": np.concatenate([signal, full], axis=1)[:, None],
            "page": np.concatenate([signal * shown, shown], axis=1)[:, None],
        }
    else:
        views = {
            "digital": np.stack(
                [strided_windows(*pair) for pair in zip(signal, full, strict=True)]
            ),
            "page": np.stack([stacked_windows(*pair) for pair in zip(signal, shown, strict=True)]),
        }
    found = {}
    for name, view in views.items():
        records, windows = view.shape[:2]
        logits = predict(network, view.reshape(records * windows, 24, length).astype(np.float32))
        found[name] = logits.reshape(records, windows, -1)
    return found


def main() -> None:
    """Do what the options ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--kind", required=True, choices=sorted(RATES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--leave-out", type=int, help="a fold of 1-8, for out-of-fold predictions")
    parser.add_argument("--share", type=float, default=1.0, help="of the recordings to learn from")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    run = f"{options.kind}_{options.seed}"
    run += f"_without{options.leave_out}" if options.leave_out else ""
    run += f"_share{options.share}" if options.share < 1 else ""
    recordings = load(options.cache)
    learn = (recordings.folds < 9) & (recordings.folds != (options.leave_out or 0))
    if options.share < 1:
        learn &= np.random.default_rng(99).random(len(learn)) < options.share
    checked = recordings.take(
        np.flatnonzero((recordings.folds == (options.leave_out or 9)) & recordings.has_voltage)
    )
    train(recordings, learn, checked, run=run, options=options)


def train(
    recordings: Recordings,
    learn: NDArray[np.bool_],
    checked: Recordings,
    *,
    run: str,
    options: argparse.Namespace,
) -> None:
    """Train, save every epoch, score at the end."""
    targets = Targets(recordings, options.cache)
    network, length = build(options.kind, len(recordings.statements), targets.side.shape[1])
    average = torch.optim.swa_utils.AveragedModel(
        network,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(WEIGHT_AVERAGE),
        use_buffers=True,
    )
    raw = np.flatnonzero(learn & recordings.has_voltage)
    flat = np.flatnonzero(learn & ~recordings.has_voltage)
    steps = (len(raw) + int(Z_SHARE * len(flat))) // BATCH
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=RATES[options.kind], weight_decay=DECAYS[options.kind]
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATES[options.kind], total_steps=steps * options.epochs + 1, pct_start=0.2
    )
    checkpoint = options.cache / f"{run}.checkpoint.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        first = state["epoch"]
        for name, part in (
            ("network", network),
            ("average", average),
            ("optimizer", optimizer),
            ("schedule", schedule),
        ):
            part.load_state_dict(state[name])
    for epoch in range(first, options.epochs):
        began, total = time.process_time(), 0.0
        rng = np.random.default_rng([options.seed, epoch])
        order = np.concatenate([raw, rng.permutation(flat)[: int(Z_SHARE * len(flat))]])
        order = rng.permutation(order)[: steps * BATCH].reshape(steps, BATCH)
        network.train()
        for chosen in order:
            inputs = torch.from_numpy(examples(recordings, chosen, length, rng))
            parts = [
                torch.from_numpy(part[chosen])
                for part in (targets.statements, targets.weights, targets.side, targets.side_known)
            ]
            share = float(rng.beta(MIXUP, MIXUP))
            other = torch.from_numpy(rng.permutation(BATCH))
            inputs = share * inputs + (1 - share) * inputs[other]
            wanted, weights, side, known = (share * p + (1 - share) * p[other] for p in parts)
            loss = loss_of(network(inputs), wanted, weights, side, known)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            total += float(loss.detach())
        torch.save(
            {
                "epoch": epoch + 1,
                "network": network.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
            },
            checkpoint,
        )
        spent = time.process_time() - began
        line = f"{run} epoch {epoch + 1} loss {total / steps:.4f} cpu {spent:.0f}"
        if (epoch + 1) % 10 == 0 or epoch + 1 == options.epochs:
            found = score(average.module, checked, length)
            for name, logits in found.items():
                line += f" {name} {macro_auroc(checked.present, logits.mean(axis=1)):.4f}"
            np.savez(options.cache / f"{run}.npz", ids=checked.ids, **found)
            torch.save(average.module.state_dict(), options.cache / f"{run}.pt")
        print(line, time.strftime("%H:%M:%S"), flush=True)


if __name__ == "__main__":
    main()
