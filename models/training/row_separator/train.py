"""Train the row separator: `python -m training.row_separator.train --help`."""

import argparse
import csv
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from synthesis.recordings import Recording, held_out_recordings, read_ptbxl_shard
from torch import Tensor
from torch.nn import functional

from training.row_separator.dataset import BANDS_PER_PAGE, random_bands
from training.row_separator.network import RowSeparator

LEARNING_RATE = 2e-3
INK = 0.1  # ink below which a pixel teaches nothing
PAPER = 0.03  # weight of such pixels


def main() -> None:
    """Train until the time is spent; resume when the checkpoint exists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15.0, help="in all")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6, 7, 8])
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(1)
    shards = [options.data / "ptbxl" / f"fold0{fold}_0" for fold in options.folds]
    recordings = [record for shard in shards for record in read_ptbxl_shard(shard)]
    Trainer(options, recordings).run()


class Trainer:
    """One run: network, optimizer, clock."""

    def __init__(self, options: argparse.Namespace, recordings: list[Recording]) -> None:
        self.options, self.recordings = options, recordings
        self.network = RowSeparator().to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), weight_decay=1e-4)
        self.step, self.spent = 0, 0.0
        self.checkpoint = options.run / "checkpoint.pt"
        if self.checkpoint.exists():
            self.load()
        self.valid = tensors(held_out_recordings(options.data), range(900_000, 900_016))

    def run(self) -> None:
        """Train; save and log every fifty steps."""
        limit, losses = 60.0 * self.options.minutes, []
        while self.spent < limit:
            began = time.monotonic()
            pages = self.options.batch // BANDS_PER_PAGE
            seeds = range(self.step * pages, (self.step + 1) * pages)
            losses.append(self.learn(*tensors(self.recordings, seeds), self.spent / limit))
            self.spent += time.monotonic() - began
            if self.step % 50 == 0 or self.spent >= limit:
                self.save()
                self.log(float(np.mean(losses)))
                losses = []

    def learn(self, seen: Tensor, own: Tensor, progress: float) -> float:
        """Take one step; the learning rate falls along a half cosine."""
        rate = LEARNING_RATE * min(1.0, (self.step + 1) / 50)
        rate *= 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * progress))
        for group in self.optimizer.param_groups:
            group["lr"] = float(rate)
        self.network.train()
        loss = ownership_loss(self.network(seen), seen[:, 0], own)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return float(loss.detach())

    def log(self, loss: float) -> None:
        """Add a row to the log: how often inked pixels get their owner right."""
        self.network.eval()
        with torch.no_grad():
            share = torch.sigmoid(self.network(self.valid[0]))
        right, crossing = accuracy(share, *self.valid)
        row = [self.step, round(self.spent), round(loss, 4), round(right, 4), round(crossing, 4)]
        path = self.options.run / "log.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", "loss", "right", "right_far_from_base"])
            writer.writerow(row)

    def save(self) -> None:
        """Write the checkpoint at once."""
        temporary = self.checkpoint.with_suffix(".tmp")
        state = {
            "network": self.network.state_dict(),
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
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]


def tensors(recordings: list[Recording], seeds: range) -> tuple[Tensor, Tensor]:
    """Draw a batch."""
    bands = [band for seed in seeds for band in random_bands(recordings, seed)]
    seen = torch.from_numpy(np.stack([band.seen for band in bands]))
    own = torch.from_numpy(np.stack([band.own for band in bands]))
    return seen.contiguous(memory_format=torch.channels_last), own


def share_of(ink: Tensor, own: Tensor) -> Tensor:
    """Return the part of the ink that is the row's, 0..1."""
    return (own / ink.clamp(min=1e-3)).clamp(0.0, 1.0)


def ownership_loss(logits: Tensor, ink: Tensor, own: Tensor) -> Tensor:
    """Cross-entropy of the owner where there is ink; far from the base line it counts more."""
    wanted = share_of(torch.maximum(ink, own), own)
    entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    height = torch.linspace(-1, 1, logits.shape[1])[None, :, None].abs()
    weight = torch.where(torch.maximum(ink, own) > INK, 1.0 + 2.0 * height, PAPER)
    return (entropy * weight).sum() / weight.sum()


def accuracy(share: Tensor, seen: Tensor, own: Tensor) -> tuple[float, float]:
    """Share of inked pixels with the right owner: all, and those half a row from the base line."""
    ink = seen[:, 0] > INK
    right = (share > 0.5) == (share_of(seen[:, 0], own) > 0.5)
    far = ink & (torch.linspace(-2.25, 2.25, share.shape[1]).abs() > 0.5)[None, :, None]
    return float(right[ink].float().mean()), float(right[far].float().mean())


if __name__ == "__main__":
    main()
