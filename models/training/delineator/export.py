"""Write the ONNX file of trained weights: `python -m training.delineator.export --help`."""

import argparse
import hashlib
from pathlib import Path

import torch

from cardioalert.networks.delineator import SAMPLES
from training.delineator.network import CHANNELS, Answer, Delineator
from training.onnx_check import check_same

WEIGHTS = Path("cardioalert_models/weights/delineator.onnx")
OPSET = 17


def export(delineator: Delineator, path: Path) -> str:
    """Write `path` at once, after checking that onnxruntime gives the same bounds.

    Returns
    -------
    str, the SHA-256 that belongs into the card
    """
    answer = Answer(delineator).eval()
    temporary = path.with_suffix(".tmp.onnx")
    torch.onnx.export(
        answer,
        (torch.rand(12, CHANNELS, SAMPLES),),
        str(temporary),
        opset_version=OPSET,
        dynamo=False,
        input_names=["beat"],
        output_names=["bounds"],
        dynamic_axes={"beat": {0: "leads"}, "bounds": {0: "rows"}},
    )
    check_same(answer, temporary, shape=(5, CHANNELS, SAMPLES), names=("beat", "bounds"))
    temporary.replace(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Export the weights of a run and print their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    delineator = Delineator()
    delineator.load_state_dict(torch.load(options.weights, weights_only=True))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    print(export(delineator.eval(), options.out))


if __name__ == "__main__":
    main()
