"""Write the ONNX file of a checkpoint: `python -m training.segmenter.export --help`."""

import argparse
from pathlib import Path

from training.onnx_check import export_checked
from training.running import averaged
from training.segmenter.network import Segmenter, SegmenterMaps

WEIGHTS = Path("cardioalert_models/weights/segmenter.onnx")


def main() -> None:
    """Export the averaged weights of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    network = SegmenterMaps(averaged(Segmenter(), options.run / "checkpoint.pt"))
    sides = {2: "rows", 3: "columns"}
    export_checked(
        network,
        options.out,
        shape=(1, 12, 48, 64),
        checked=(1, 12, 80, 112),
        sides={"planes": sides, "maps": sides},
    )


if __name__ == "__main__":
    main()
