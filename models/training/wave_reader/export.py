"""Write the ONNX file of a checkpoint: `python -m training.wave_reader.export --help`."""

import argparse
import hashlib
from pathlib import Path

import torch

from cardioalert.networks.wave_reader import CHANNELS, COLUMNS, SIZES
from training.onnx_check import OPSET, check_same
from training.wave_reader.network import WaveAnswers, WaveReader

WEIGHTS = Path("cardioalert_models/weights/wave_reader.onnx")
NAMES = ("planes", "answers")


def load_averaged(checkpoint: Path) -> WaveReader:
    """Read the averaged weights of a training run."""
    state = torch.load(checkpoint, weights_only=True)["average"]
    state.pop("n_averaged")
    network = WaveReader()
    network.load_state_dict({key.removeprefix("module."): value for key, value in state.items()})
    return network.eval()


def main() -> None:
    """Export the averaged weights of a run and print their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    network = WaveAnswers(load_averaged(options.run / "checkpoint.pt")).eval()
    temporary = options.out.with_suffix(".tmp.onnx")
    given, found = NAMES
    torch.onnx.export(
        network,
        (torch.rand(2, CHANNELS, COLUMNS, SIZES[0]),),
        str(temporary),
        opset_version=OPSET,
        dynamo=False,
        input_names=[given],
        output_names=[found],
        dynamic_axes={given: {0: "windows", 3: "bins"}, found: {0: "windows"}},
    )
    check_same(network, temporary, shape=(3, CHANNELS, COLUMNS, SIZES[-1]), names=NAMES)
    temporary.replace(options.out)
    print(hashlib.sha256(options.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
