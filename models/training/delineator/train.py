"""Train the delineator: `python -m training.delineator.train --help`."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.delineator.dataset import FOLDS, Example, Heart, read_hearts, varied_example
from training.delineator.network import Delineator, place_and_doubt

BATCH = 8
STEPS = 700
POOL = 3000  # varied beats that all folds draw from: making them anew takes longer than learning
RATE = 3e-3
SPREAD = 1.2  # samples, width of the target
AVERAGE = 0.995  # decay of the averaged weights


def batch_of(examples: list[Example]) -> tuple[Tensor, ...]:
    """Return views, bounds, bounds over all leads and weights as tensors."""
    parts = (
        [each.view for each in examples],
        [each.bounds for each in examples],
        [each.of_all for each in examples],
        [each.weight for each in examples],
    )
    return tuple(torch.from_numpy(np.array(part, dtype=np.float32)) for part in parts)


def bound_loss(logits: Tensor, place: Tensor, counts: Tensor) -> Tensor:
    """Return cross-entropy against a narrow bell, and the distance, where a bound is known."""
    samples = logits.shape[-1]
    known = (~torch.isnan(place)) & (place > 0) & (place < samples - 1) & counts
    if not known.any():
        return logits.sum() * 0.0
    logits, place = logits[known], place[known]
    clock = torch.arange(samples, dtype=logits.dtype)
    bell = torch.exp(-(((clock - place[:, None]) / SPREAD) ** 2) / 2)
    bell = bell / bell.sum(dim=1, keepdim=True)
    entropy = -(bell * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
    apart = (place_and_doubt(logits)[0] - place).abs().clamp(max=10.0).mean()
    return entropy + 0.1 * apart


def loss_of(model: Delineator, batch: tuple[Tensor, ...]) -> Tensor:
    """Return the loss of one batch."""
    view, bounds, of_all, weight = batch
    each, every, waves = model(view, weight)
    there = weight > 0
    total = bound_loss(each, bounds, there[:, :, None].expand_as(bounds))
    total = total + 0.5 * bound_loss(every, of_all, torch.ones_like(of_all, dtype=torch.bool))
    # Nothing is said of waves in leads that nobody annotated at all.
    asked = there & ~torch.isnan(bounds[:, :, 2])
    shown = (~torch.isnan(bounds[:, :, (0, 2, 4)])).to(view.dtype)
    return total + 0.3 * functional.binary_cross_entropy_with_logits(waves[asked], shown[asked])


def pool_of(hearts: list[Heart], *, count: int, seed: int) -> list[tuple[int, Example]]:
    """Return varied beats, each with the fold of its record."""
    rng = np.random.default_rng(seed)
    turns = (hearts[k % len(hearts)] for k in range(count))
    return [(heart.fold, varied_example(heart, rng)) for heart in turns]


def train(examples: list[Example], *, steps: int, seed: int, out: Path) -> Delineator:
    """Train on some beats; the averaged weights are returned and written."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model, averaged = Delineator(), Delineator()
    averaged.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    began, running = time.process_time(), 0.0
    for step in range(steps):
        chosen = rng.integers(len(examples), size=BATCH)
        loss = loss_of(model, batch_of([examples[k] for k in chosen]))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        decay = min(AVERAGE, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, value in zip(averaged.parameters(), model.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
        running = loss.item() if step == 0 else 0.98 * running + 0.02 * loss.item()
        if step % 50 == 49:
            spent = (time.process_time() - began) / 60
            print(f"{out.stem} {step + 1} loss {running:.3f} {spent:.1f} min", flush=True)
    torch.save(averaged.state_dict(), out)
    return averaged.eval()


def main() -> None:
    """Train one network without each fold, and one on everything (fold -1)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of LUDB's files")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--pool", type=int, default=POOL)
    parser.add_argument("--folds", type=int, nargs="*", default=[*range(FOLDS), -1])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.run.mkdir(parents=True, exist_ok=True)
    pool = pool_of(read_hearts(options.data), count=options.pool, seed=options.seed)
    for fold in options.folds:
        kept = [example for own, example in pool if own != fold]
        out = options.run / ("all.pt" if fold < 0 else f"fold{fold}.pt")
        train(kept, steps=options.steps, seed=options.seed + fold + 1, out=out)


if __name__ == "__main__":
    main()
