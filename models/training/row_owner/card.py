"""Write the model card: `python -m training.row_owner.card --help`."""

import argparse
from pathlib import Path

from training.row_owner.export import WEIGHTS
from training.run_card import cached_pages, write_card

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

{drawn_pages}
[metrics]
date = "{date}"
on = "every sixteenth page, not trained on, though its recording may have been"
hard_pixels_wrong = {hard_wrong}
cross_entropy = {judged_loss}

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
