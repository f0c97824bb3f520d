"""Write the model card: `python -m training.curve_reader.card --help`."""

import argparse
import csv
import hashlib
from datetime import date
from pathlib import Path

from training.curve_reader.export import WEIGHTS

CARD = Path("cardioalert_models/cards/curve_reader.toml")
TEMPLATE = """# Written by models/training/curve_reader/card.py
name = "curve_reader"
file = "curve_reader.onnx"
sha256 = "{sha256}"
task = "Read the height of a printed curve to a fraction of a pixel, twice in each pixel column."
licence = "MIT"
date = "{date}"

[input]
name = "features"
shape = ["rows", "129", "columns"]
type = "float32"
unit = "centre line, trace ink and darkness 20 pixels above to 20 below a path; its steps, the \
run of ink and the stroke in units of 10 pixels (cardioalert/networks/curve_reader.py)"
normalisation = "none outside the network"
requires = "a flattened page at 8 px per mm"

[output]
name = "answers"
shape = ["rows", "3", "columns"]
type = "float32"
unit = "two heights from the path in units of 10 pixels, downward; probability that they are right"

[training]
code = "models/training/curve_reader"
strips = {strips}
steps = {steps}
batch = {batch}
columns = 256
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
on = "rows of the last 6 % of the pages, not trained on, though their recordings may have been"
error_rms_px = {rms}
error_median_px = {median}
error_rms_steep_px = {steep}

[limits]
text = [
  "Trained on drawn pages only; the segmenter whose maps it reads had seen all odd LUDB records.",
  "It cannot see more than 20 pixels (2.5 mm) from the path but for the ends of the ink there.",
  "At 12.5 mm/s a QRS is narrower than the pen, and its tips are lost.",
]
"""


def main() -> None:
    """Write the card from the log of the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of strips")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    with (options.run / "log.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    pages = sorted(path.stem for path in options.cache.glob("[0-9]*[0-9].npz"))
    CARD.write_text(
        TEMPLATE.format(
            sha256=hashlib.sha256(WEIGHTS.read_bytes()).hexdigest(),
            date=date.today().isoformat(),
            strips=last["strips"],
            steps=last["step"],
            batch=options.batch,
            first=pages[0],
            last=pages[-1],
            minutes=round(float(last["seconds"]) / 60),
            rms=last["rms_px"],
            median=last["median_px"],
            steep=last["steep_rms_px"],
        )
    )


if __name__ == "__main__":
    main()
