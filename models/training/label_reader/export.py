"""Write the ONNX file of trained weights: `python -m training.label_reader.export --help`."""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from training.label_reader.network import LabelMaps, LabelReader

WEIGHTS = Path("cardioalert_models/weights/label_reader.onnx")
OPSET = 17
TOLERANCE = 1e-3  # largest difference between torch and onnxruntime


def export(reader: LabelReader, path: Path) -> str:
    """Write `path` at once, after checking that onnxruntime gives the same maps.

    Returns
    -------
    str, the SHA-256 that belongs into the card
    """
    maps = LabelMaps(reader).eval()
    example = torch.rand(1, 3, 96, 128)
    temporary = path.with_suffix(".tmp.onnx")
    torch.onnx.export(
        maps,
        (example,),
        str(temporary),
        opset_version=OPSET,
        dynamo=False,
        input_names=["page"],
        output_names=["maps"],
        dynamic_axes={"page": {2: "height", 3: "width"}, "maps": {2: "rows", 3: "columns"}},
    )
    check_same(maps, temporary)
    temporary.replace(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_same(maps: LabelMaps, path: Path) -> None:
    """Compare torch and onnxruntime on a size other than the exported one."""
    page = np.random.default_rng(0).random((1, 3, 160, 224), dtype=np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = maps(torch.from_numpy(page)).numpy()
    difference = float(np.abs(session.run(["maps"], {"page": page})[0] - expected).max())
    if difference > TOLERANCE:
        raise RuntimeError(f"the ONNX file differs from torch by {difference}")


def main() -> None:
    """Export the weights of a run and print their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    reader = LabelReader()
    reader.load_state_dict(torch.load(options.weights, weights_only=True))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    print(export(reader.eval(), options.out))


if __name__ == "__main__":
    main()
