"""Train the segmenter from a growing cache: `python -m training.segmenter.train --help`."""

import argparse
import csv
import queue
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from training.segmenter.dataset import CropSource
from training.segmenter.losses import segmentation_loss
from training.segmenter.network import Segmenter

LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-4
AVERAGE = 0.998  # decay of the averaged weights


def main() -> None:
    """Train for the given minutes; resume when the checkpoint exists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder with train/ and valid/")
    parser.add_argument("--run", type=Path, required=True, help="checkpoint and log go here")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--crop", type=int, default=320)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    Trainer(options).run()


class Trainer:
    """One training run: network, averaged network, optimiser, clock."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.network = Segmenter().to(memory_format=torch.channels_last)
        self.average = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE),
            use_buffers=True,
        )
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )
        self.step = 0
        self.spent = 0.0  # seconds of training
        self.checkpoint = options.run / "checkpoint.pt"
        if self.checkpoint.exists():
            self.load()

    def run(self) -> None:
        """Train until the time is up; save every two minutes."""
        source = CropSource(
            self.options.cache / "train", self.options.crop, np.random.default_rng(self.step + 1)
        )
        while source.refresh() < 50:
            time.sleep(2.0)
        batches = prefetch(source, self.options.batch)
        limit = 60.0 * self.options.minutes
        last, saved, losses = time.monotonic(), time.monotonic(), []
        while self.spent < limit:
            losses.append(self.learn(*next(batches), progress=self.spent / limit))
            now = time.monotonic()
            self.spent, last = self.spent + now - last, now
            if now - saved > 120 or self.spent >= limit:
                self.save()
                self.log(float(np.mean(losses)), source.refresh())
                saved, losses = now, []

    def learn(self, page: Tensor, target: Tensor, importance: Tensor, *, progress: float) -> float:
        """Take one optimiser step; the learning rate falls along a half cosine."""
        warm = min(1.0, (self.step + 1) / 100)
        rate = LEARNING_RATE * warm * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * progress)))
        for group in self.optimizer.param_groups:
            group["lr"] = float(rate)
        self.network.train()
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(page)
        loss = segmentation_loss(logits.float(), target, importance)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.step += 1
        return float(loss.detach())

    def save(self) -> None:
        """Write the checkpoint at once."""
        temporary = self.checkpoint.with_suffix(".tmp")
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "spent": self.spent,
        }
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)

    def load(self) -> None:
        """Go on from the checkpoint."""
        state = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]

    def log(self, loss: float, pages: int) -> None:
        """Add a row to the log."""
        path = self.options.run / "log.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", "loss", "pages"])
            writer.writerow([self.step, round(self.spent), round(loss, 5), pages])


def prefetch(source: CropSource, batch: int):  # noqa: ANN201
    """Yield batches that a thread prepares while the network learns."""
    ready: queue.Queue[tuple[Tensor, Tensor, Tensor]] = queue.Queue(maxsize=4)

    def fill() -> None:
        while True:
            page, target, importance = map(torch.from_numpy, source.batch(batch))
            page = page.contiguous(memory_format=torch.channels_last)
            ready.put((page, target, importance))

    threading.Thread(target=fill, daemon=True).start()
    while True:
        yield ready.get()


if __name__ == "__main__":
    main()
