"""Write the ONNX file of a checkpoint: `python -m training.row_owner.export --help`."""

import argparse
from pathlib import Path

from cardioalert.networks.row_owner import PLANES
from training.onnx_check import export_checked
from training.row_owner.network import RowAnswers, row_owner
from training.running import averaged

WEIGHTS = Path("cardioalert_models/weights/row_owner.onnx")


def main() -> None:
    """Export the averaged weights of a run, after checking that onnxruntime says the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    network = RowAnswers(averaged(row_owner(), options.run / "checkpoint.pt"))
    sides = {2: "rows", 3: "columns"}
    export_checked(
        network,
        options.out,
        shape=(1, PLANES, 48, 64),
        checked=(1, PLANES, 80, 112),
        sides={"planes": sides, "owners": sides},
    )


if __name__ == "__main__":
    main()
