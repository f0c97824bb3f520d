"""Train the label reader from a growing cache: `python -m training.label_reader.train --help`."""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.label_reader.dataset import PatchSource, Targets
from training.label_reader.lettering import NAMES
from training.label_reader.network import LabelReader

LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-4
AVERAGE = 0.995  # decay of the averaged weights
FEWEST_SHARDS = 8


def reader_loss(out: Tensor, targets: Targets) -> tuple[Tensor, Tensor, Tensor]:
    """Losses of presence (focal, as in CenterNet), of the name and of the box."""
    presence, names, box = out.float().split((1, len(NAMES), 4), dim=1)
    wanted = torch.from_numpy(targets.presence)
    asked = torch.from_numpy(targets.asked)
    logit = presence[:, 0]
    seen = torch.sigmoid(logit)
    hit = (1 - seen) ** 2 * functional.softplus(-logit) * (wanted == 1)
    miss = (1 - wanted) ** 4 * seen**2 * functional.softplus(logit) * (wanted < 1)
    count = max(float((targets.presence == 1).sum()), 1.0)
    found = ((hit + miss) * asked).sum() / count
    name = torch.from_numpy(targets.name)
    named = functional.cross_entropy(names, name, ignore_index=-1, label_smoothing=0.02)
    where = (name >= 0)[:, None].float()
    distance = functional.smooth_l1_loss(box, torch.from_numpy(targets.box), reduction="none")
    boxed = (distance * where).sum() / (4 * where.sum().clamp(min=1))
    return found, named, boxed


class Trainer:
    """One training run: network, averaged network, optimiser, clock."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.network = LabelReader().to(memory_format=torch.channels_last)
        if options.start:
            self.network.load_state_dict(torch.load(options.start, weights_only=True))
        self.average = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE),
            use_buffers=True,
        )
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=options.rate, weight_decay=WEIGHT_DECAY
        )

    def run(self) -> None:
        """Train until the time is up; save every minute."""
        options = self.options
        source = PatchSource(options.cache, options.crop, np.random.default_rng(options.seed))
        while source.refresh() < FEWEST_SHARDS:
            time.sleep(2.0)
        limit = 60.0 * options.minutes
        start, saved, losses, step = time.process_time(), time.process_time(), [], 0
        while (spent := time.process_time() - start) < limit:
            images, targets = source.batch(options.batch)
            losses.append(self.learn(images, targets, step=step, progress=spent / limit))
            step += 1
            if time.process_time() - saved > 60.0:
                shards = source.refresh()
                means = " ".join(f"{mean:.3f}" for mean in np.mean(losses, axis=0))
                print(f"{step} steps, {spent:.0f} s, {shards} shards, loss {means}", flush=True)
                saved, losses = time.process_time(), []
                self.save()
        self.save()

    def learn(
        self, images: np.ndarray, targets: Targets, *, step: int, progress: float
    ) -> tuple[float, ...]:
        """Take one optimiser step; the learning rate falls along a half cosine."""
        fall = 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * min(progress, 1.0)))
        for group in self.optimizer.param_groups:
            group["lr"] = float(self.options.rate * min(1.0, (step + 1) / 100) * fall)
        self.network.train()
        page = torch.from_numpy(images).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            out = self.network(page)
        losses = reader_loss(out, targets)
        loss = losses[0] + losses[1] + 0.5 * losses[2]
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return tuple(float(part.detach()) for part in losses)

    def save(self) -> None:
        """Write the averaged weights at once."""
        weights = self.average.module.state_dict()
        temporary = self.options.out.with_suffix(".tmp")
        torch.save(weights, temporary)
        temporary.replace(self.options.out)


def main() -> None:
    """Train for the given minutes of processor time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of shards")
    parser.add_argument("--out", type=Path, required=True, help="the weights go here")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--crop", type=int, default=320)
    parser.add_argument("--rate", type=float, default=LEARNING_RATE)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    Trainer(options).run()


if __name__ == "__main__":
    main()
