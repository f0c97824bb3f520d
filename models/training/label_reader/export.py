"""Write the ONNX file of trained weights: `python -m training.label_reader.export --help`."""

import argparse
from pathlib import Path

import torch

from training.label_reader.network import LabelMaps, LabelReader
from training.onnx_check import export_checked

WEIGHTS = Path("cardioalert_models/weights/label_reader.onnx")


def export(reader: LabelReader, path: Path) -> str:
    """Write `path` at once, after checking that onnxruntime gives the same maps.

    Returns
    -------
    str, the SHA-256 that belongs into the card
    """
    return export_checked(
        LabelMaps(reader),
        path,
        shape=(1, 12, 48, 64),
        checked=(1, 12, 80, 112),
        sides={
            "planes": {2: "rows", 3: "columns"},
            "maps": {2: "cell_rows", 3: "cell_columns"},
        },
    )


def main() -> None:
    """Export the weights of a run and print their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    reader = LabelReader()
    reader.load_state_dict(torch.load(options.weights, weights_only=True))
    print(export(reader.eval(), options.out))


if __name__ == "__main__":
    main()
