"""Write the ONNX file of a checkpoint: `python -m training.curve_reader.export --help`."""

import argparse
import hashlib
from pathlib import Path

import torch

from cardioalert.networks.curve_reader import FEATURES
from training.curve_reader.network import CurveAnswers, CurveReader
from training.onnx_check import export_rows

WEIGHTS = Path("cardioalert_models/weights/curve_reader.onnx")


def load_averaged(checkpoint: Path) -> CurveReader:
    """Read the averaged weights of a training run."""
    state = torch.load(checkpoint, weights_only=True)["average"]
    state.pop("n_averaged")
    network = CurveReader()
    network.load_state_dict({key.removeprefix("module."): value for key, value in state.items()})
    return network.eval()


def main() -> None:
    """Export the averaged weights of a run and print their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    network = CurveAnswers(load_averaged(options.run / "checkpoint.pt"))
    export_rows(network, options.out, names=("features", "answers"), shape=(1, FEATURES, 64))
    print(hashlib.sha256(options.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
