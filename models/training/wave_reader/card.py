"""Write the model card: `python -m training.wave_reader.card --help`."""

import argparse
from pathlib import Path

from training.run_card import cached_pages, write_card
from training.wave_reader.export import WEIGHTS

CARD = Path("cardioalert_models/cards/wave_reader.toml")
TEMPLATE = """# Written by models/training/wave_reader/card.py
name = "wave_reader"
file = "wave_reader.onnx"
sha256 = "{sha256}"
task = "Read the height of a printed curve where it is steep or runs into others, a wave at once."
licence = "MIT"
date = "{date}"

[input]
name = "planes"
shape = ["windows", "22", "48", "bins"]
type = "float32"
unit = "centre line, trace ink, darkness, marks, what other paths and the own one pass over, what \
lies above the curve as the curve reader sees it (two halves of a column), each in bins of 4 px, \
two as channels; its confidence; distances to base lines in row spacings; the spacing in units of \
200 px, the stroke in units of 10 px (cardioalert/networks/wave_reader.py)"
normalisation = "none outside the network"
requires = "a flattened page at 8 px per mm, the paths of its rows"

[output]
name = "answers"
shape = ["windows", "2", "48", "2"]
type = "float32"
unit = "expected height from the top of the window, and how far it may be off, in bins of 4 px; a \
quarter of a column left and right of the middle"

[training]
code = "models/training/wave_reader"
windows = {windows}
steps = {steps}
seeds = "pages {first} to {last}, training 1"
minutes = {minutes}

{drawn_pages}
[metrics]
date = "{date}"
on = "steep columns of every 25th page, not trained on, though their recordings may have been"
error_rms_px = {rms_px}
error_median_px = {median_px}

[limits]
text = [
  "Trained on drawn pages only; the segmenter whose maps it reads had seen all odd LUDB records.",
  "A curve farther than 48 mm from its base line is not seen.",
  "Where nothing tells two courses apart it answers with a height between them, and its spread.",
]
"""


def main() -> None:
    """Write the card from the log of the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of windows")
    parser.add_argument("--run", type=Path, required=True)
    options = parser.parse_args()
    write_card(
        CARD,
        TEMPLATE,
        weights=WEIGHTS,
        run=options.run,
        pages=cached_pages(options.cache),
    )


if __name__ == "__main__":
    main()
