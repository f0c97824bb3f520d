"""Train the segmenter from a growing cache: `python -m training.segmenter.train --help`."""

import argparse
import queue
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from training.running import Run
from training.segmenter.dataset import CropSource
from training.segmenter.losses import segmentation_loss
from training.segmenter.network import Segmenter

LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-4
AVERAGE = 0.998  # decay of the averaged weights
WARM_UP = 100  # steps
FEWEST_PAGES = 50  # to begin with
SAVE_EVERY = 120  # s


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
    train(options)


def train(options: argparse.Namespace) -> None:
    """Train until the time is up; save every two minutes."""
    run = Run(
        Segmenter().to(memory_format=torch.channels_last),
        options.run,
        rate=LEARNING_RATE,
        weight_decay=WEIGHT_DECAY,
        average=AVERAGE,
        warm_up=WARM_UP,
    )
    source = CropSource(options.cache / "train", options.crop, np.random.default_rng(run.step + 1))
    while source.refresh() < FEWEST_PAGES:
        time.sleep(2.0)
    batches = prefetch(source, options.batch)
    limit = 60.0 * options.minutes
    last, saved, losses = time.monotonic(), time.monotonic(), []
    while run.spent < limit:
        page, target, importance = next(batches)
        run.network.train()
        with torch.autocast("cpu", torch.bfloat16):
            logits = run.network(page)
        loss = segmentation_loss(logits.float(), target, importance)
        losses.append(run.descend(loss, progress=run.spent / limit))
        now = time.monotonic()
        run.spent, last = run.spent + now - last, now
        if now - saved > SAVE_EVERY or run.spent >= limit:
            run.save()
            run.log(loss=round(float(np.mean(losses)), 5), pages=source.refresh())
            saved, losses = now, []


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
