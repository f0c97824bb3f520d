"""Write the ONNX file of a checkpoint: `python -m training.wave_reader.export --help`."""

import argparse
from pathlib import Path

from cardioalert.networks.wave_reader import CHANNELS, COLUMNS, SIZES
from training.onnx_check import export_checked
from training.running import averaged
from training.wave_reader.network import WaveAnswers, WaveReader

WEIGHTS = Path("cardioalert_models/weights/wave_reader.onnx")


def main() -> None:
    """Export the averaged weights of a run and print their SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    network = WaveAnswers(averaged(WaveReader(), options.run / "checkpoint.pt"))
    sha256 = export_checked(
        network,
        options.out,
        shape=(2, CHANNELS, COLUMNS, SIZES[0]),
        checked=(3, CHANNELS, COLUMNS, SIZES[-1]),
        sides={"planes": {0: "windows", 3: "bins"}, "answers": {0: "windows"}},
    )
    print(sha256)


if __name__ == "__main__":
    main()
