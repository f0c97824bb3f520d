"""Write the ONNX file of a checkpoint: `python -m training.segmenter.export --help`."""

import argparse
from pathlib import Path

import torch

from training.onnx_check import check_same
from training.segmenter.network import Segmenter, SegmenterMaps

WEIGHTS = Path("cardioalert_models/weights/segmenter.onnx")
OPSET = 17


def load_averaged(checkpoint: Path) -> Segmenter:
    """Read the averaged weights of a training run."""
    state = torch.load(checkpoint, weights_only=True)["average"]
    network = Segmenter()
    state.pop("n_averaged")
    network.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})
    return network.eval()


def export(network: Segmenter, path: Path) -> None:
    """Write `path` at once, after checking that onnxruntime gives the same maps."""
    maps = SegmenterMaps(network).eval()
    example = torch.rand(1, 12, 48, 64)
    temporary = path.with_suffix(".tmp.onnx")
    torch.onnx.export(
        maps,
        (example,),
        str(temporary),
        opset_version=OPSET,
        dynamo=False,
        input_names=["planes"],
        output_names=["maps"],
        dynamic_axes={"planes": {2: "rows", 3: "columns"}, "maps": {2: "rows", 3: "columns"}},
    )
    check_same(maps, temporary, shape=(1, 12, 80, 112), names=("planes", "maps"))
    temporary.replace(path)


def main() -> None:
    """Export the averaged weights of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    export(load_averaged(options.run / "checkpoint.pt"), options.out)


if __name__ == "__main__":
    main()
