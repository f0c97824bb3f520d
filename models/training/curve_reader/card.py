"""Write the model card: `python -m training.curve_reader.card --help`."""

import argparse
from pathlib import Path

from training.curve_reader.export import WEIGHTS
from training.run_card import cached_pages, write_card

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
shape = ["rows", "239", "columns"]
type = "float32"
unit = "centre line, trace ink and darkness 20 pixels above to 20 below a path; centre line and \
darkness five columns to both sides at five heights; its steps, the run of ink and the stroke in \
units of 10 pixels (cardioalert/networks/curve_reader.py)"
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

{drawn_pages}
[metrics]
date = "{date}"
on = "rows of the last 6 % of the pages, not trained on, though their recordings may have been"
error_rms_px = {rms_px}
error_median_px = {median_px}
error_rms_steep_px = {steep_rms_px}

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
    write_card(
        CARD,
        TEMPLATE,
        weights=WEIGHTS,
        run=options.run,
        pages=cached_pages(options.cache),
        figures={"batch": options.batch},
    )


if __name__ == "__main__":
    main()
