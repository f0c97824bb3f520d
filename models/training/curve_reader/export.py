"""Write the ONNX file of a checkpoint: `python -m training.curve_reader.export --help`."""

import argparse
from pathlib import Path

from cardioalert.networks.curve_reader import FEATURES
from training.curve_reader.network import CurveAnswers, CurveReader
from training.onnx_check import export_checked
from training.running import averaged

WEIGHTS = Path("cardioalert_models/weights/curve_reader.onnx")


def main() -> None:
    """Export the averaged weights of a run and print their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    network = CurveAnswers(averaged(CurveReader(), options.run / "checkpoint.pt"))
    sides = {0: "rows", 2: "columns"}
    sha256 = export_checked(
        network,
        options.out,
        shape=(1, FEATURES, 64),
        checked=(3, FEATURES, 128),
        sides={"features": sides, "answers": sides},
    )
    print(sha256)


if __name__ == "__main__":
    main()
