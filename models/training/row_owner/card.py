"""Write the model card: `python -m training.row_owner.card --help`."""

import argparse
import csv
import hashlib
from datetime import date
from pathlib import Path

from training.row_owner.export import WEIGHTS

CARD = Path("cardioalert_models/cards/row_owner.toml")
TEMPLATE = """# Written by models/training/row_owner/card.py
name = "row_owner"
file = "row_owner.onnx"
sha256 = "{sha256}"
task = "Tell to which row of the page a pixel of ink belongs, where curves run into each other."
licence = "MIT"
date = "{date}"

[input]
name = "planes"
shape = ["1", "11", "rows / 2", "columns / 2"]
type = "float32"
unit = "two by two pixels of centre line and of trace ink as channels, distances to the base \
lines above and below in row spacings, the spacing in units of 200 pixels"
normalisation = "none outside the network"
requires = "a flattened page at 8 px per mm, and the base lines of its rows"

[output]
name = "owners"
shape = ["1", "16", "rows / 2", "columns / 2"]
type = "float32"
unit = "probability that the pixel belongs to the first row above, the second above, the first \
below, the second below; two by two pixels each"

[training]
code = "models/training/row_owner"
pages = {pages}
steps = {steps}
batch = {batch}
columns = 192
seeds = "pages {first} to {last}, training 1"
minutes = {minutes}

[[training.data]]
name = "PTB-XL, folds 1-8, 500 Hz, on drawn pages"
licence = "CC BY 4.0"
source = "Wagner et al., PTB-XL, a large publicly available electrocardiography dataset, \
Sci Data 2020;7:154, doi:10.1038/s41597-020-0495-6"

[[training.data]]
name = "LUDB, odd ids but for the 16 that images/ludb_3x4 shows, on drawn pages"
licence = "ODC-By 1.0"
source = "Kalyakulina et al., LUDB: a new open-access validation tool for electrocardiogram \
delineation algorithms, IEEE Access 2020;8:186181, doi:10.1109/ACCESS.2020.3029211"

[metrics]
date = "{date}"
on = "every sixteenth page, not trained on, though its recording may have been"
hard_pixels_wrong = {wrong}
cross_entropy = {judged}

[limits]
text = [
  "Hard pixels are nearer than 9 pixels to the curves of two rows, or farther than half a row \
spacing from their own base line; a pixel counts as wrong when any of its four answers is.",
  "Trained on drawn pages only; the segmenter whose maps it reads had seen all odd LUDB records.",
  "A curve that reaches beyond the second base line from its own is not known there.",
]
"""


def main() -> None:
    """Write the card from the log of the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of `dataset`")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=6)
    options = parser.parse_args()
    with (options.run / "log.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    pages = sorted(path.stem for path in options.cache.glob("[0-9]*[0-9].npz"))
    CARD.write_text(
        TEMPLATE.format(
            sha256=hashlib.sha256(WEIGHTS.read_bytes()).hexdigest(),
            date=date.today().isoformat(),
            pages=last["pages"],
            steps=last["step"],
            batch=options.batch,
            first=pages[0],
            last=pages[-1],
            minutes=round(float(last["seconds"]) / 60),
            wrong=last["hard_wrong"],
            judged=last["judged_loss"],
        )
    )


if __name__ == "__main__":
    main()
