"""Write the model card: `python -m training.row_separator.card --help`."""

import argparse
import csv
import hashlib
from datetime import date
from pathlib import Path

import onnxruntime
import torch
from synthesis.recordings import held_out_recordings

from training.row_separator.export import WEIGHTS
from training.row_separator.train import accuracy, tensors

CARD = Path("cardioalert_models/cards/row_separator.toml")
TEMPLATE = """# Written by models/training/row_separator/card.py
name = "row_separator"
file = "row_separator.onnx"
sha256 = "{sha256}"
task = "Tell which ink belongs to a printed row where tall waves of several rows cross."
licence = "MIT"
date = "{date}"

[input]
name = "band"
shape = ["rows", "2", "144", "columns"]
type = "float32"
unit = "probability of trace ink, 0 to 1; and ridges of 1 on the base lines of all rows"
normalisation = "none outside the network"
requires = "the base line of the row in the middle, 32 pixels between rows, 8 columns per mm, a \
multiple of 16 columns"

[output]
name = "shares"
shape = ["rows", "144", "columns"]
type = "float32"
unit = "share of the ink that is the row's, 0 to 1"

[training]
code = "models/training/row_separator"
steps = {steps}
batch = 16
columns = 128
seeds = "bands from page 0 to {pages}, training 1"
minutes = {minutes}

[[training.data]]
name = "PTB-XL, folds {folds}, 500 Hz, drawn as strokes"
licence = "CC BY 4.0"
source = "Wagner et al., PTB-XL, a large publicly available electrocardiography dataset, \
Sci Data 2020;7:154, doi:10.1038/s41597-020-0495-6"

[metrics]
date = "{date}"
on = "64 bands drawn from PTB-XL fold 9 (not trained on), mostly where rows cross"
inked_pixels_right = {right}
inked_pixels_right_far_from_base = {far}

[limits]
text = [
  "Trained on drawn ink only.",
  "Trained for minutes on a shared core; its loss was still falling.",
  "Rows that reach more than 2.25 row spacings from their base line are cut there.",
  "Where three or more rows cover each other over a whole QRS, tips may go to the wrong row.",
]
"""


def main() -> None:
    """Write the card from the log of the run, and measure the shipped weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--folds", default="1-8", help="of PTB-XL, as trained on")
    options = parser.parse_args()
    with (options.run / "log.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    seen, own = tensors(held_out_recordings(options.data), range(900_000, 900_016))
    session = onnxruntime.InferenceSession(str(WEIGHTS), providers=["CPUExecutionProvider"])
    shares = torch.from_numpy(session.run(None, {"band": seen.contiguous().numpy()})[0])
    right, far = accuracy(shares, seen, own)
    CARD.write_text(
        TEMPLATE.format(
            sha256=hashlib.sha256(WEIGHTS.read_bytes()).hexdigest(),
            date=date.today().isoformat(),
            steps=last["step"],
            pages=4 * int(last["step"]) - 1,
            minutes=round(float(last["seconds"]) / 60),
            folds=options.folds,
            right=round(right, 4),
            far=round(far, 4),
        )
    )


if __name__ == "__main__":
    main()
