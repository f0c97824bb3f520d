"""One training run: a network, its average, its optimizer, a clock, a log and a checkpoint."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

LOWEST = 0.02  # of the learning rate, at the end
CLIPPED = 1.0  # norm of a gradient
Network = TypeVar("Network", bound=nn.Module)


class Run:
    """Goes on where its checkpoint ended.

    Attributes
    ----------
    average : the running mean of the network's weights: what is exported
    step : steps taken
    spent : seconds of training; the caller adds to them
    """

    def __init__(
        self,
        network: nn.Module,
        folder: Path,
        *,
        rate: float,
        weight_decay: float,
        average: float,
        warm_up: int = 50,
    ) -> None:
        self.network = network
        self.average = torch.optim.swa_utils.AveragedModel(
            network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(average),
            use_buffers=True,
        )
        self.rate, self.warm_up = rate, warm_up
        self.optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=weight_decay)
        self.step, self.spent = 0, 0.0
        self.table, self.checkpoint = folder / "log.csv", folder / "checkpoint.pt"
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, weights_only=True)
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
            self.step, self.spent = state["step"], state["spent"]

    def descend(self, loss: Tensor, *, progress: float) -> float:
        """Take one step; the learning rate falls along a half cosine as `progress` goes to 1."""
        rate = self.rate * min(1.0, (self.step + 1) / self.warm_up)
        rate *= LOWEST + (1.0 - LOWEST) * 0.5 * (1.0 + np.cos(np.pi * progress))
        for group in self.optimizer.param_groups:
            group["lr"] = float(rate)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIPPED)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        self.step += 1
        return float(loss.detach())

    def save(self) -> None:
        """Write the checkpoint at once."""
        temporary = self.checkpoint.with_suffix(".tmp")
        state = {name: part.state_dict() for name, part in self._parts().items()}
        torch.save({**state, "step": self.step, "spent": self.spent}, temporary)
        temporary.replace(self.checkpoint)

    def log(self, **values: float) -> None:
        """Add a row to the log: step, seconds, and these values."""
        row: Mapping[str, float] = {"step": self.step, "seconds": round(self.spent), **values}
        new = not self.table.exists()
        with self.table.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(row.keys())
            writer.writerow(row.values())

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """What a checkpoint holds the state of."""
        return {"network": self.network, "average": self.average, "optimizer": self.optimizer}


def averaged(network: Network, checkpoint: Path) -> Network:
    """Give a network the averaged weights of a run, to be used or exported."""
    state = torch.load(checkpoint, weights_only=True)["average"]
    state.pop("n_averaged")
    network.load_state_dict({key.removeprefix("module."): value for key, value in state.items()})
    return network.eval()
