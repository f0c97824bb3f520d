"""Write the ONNX file of a checkpoint: `python -m training.row_separator.export --help`."""

import argparse
import hashlib
from pathlib import Path

import torch

from training.onnx_check import export_rows
from training.row_separator.network import HEIGHT, MULTIPLE, RowSeparator, RowShares

WEIGHTS = Path("cardioalert_models/weights/row_separator.onnx")


def load_trained(checkpoint: Path) -> RowSeparator:
    """Read the weights of a training run."""
    network = RowSeparator()
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["network"])
    return network.eval()


def main() -> None:
    """Export the weights of a run and print their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    network = RowShares(load_trained(options.run / "checkpoint.pt"))
    export_rows(network, options.out, names=("band", "shares"), shape=(1, 2, HEIGHT, 4 * MULTIPLE))
    print(hashlib.sha256(options.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
