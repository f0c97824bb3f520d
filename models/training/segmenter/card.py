"""Write the model card: `python -m training.segmenter.card --help`."""

import argparse
from pathlib import Path

from training.drawn_pages import page_stems
from training.run_card import write_card
from training.segmenter.evaluate import measure, open_network
from training.segmenter.export import WEIGHTS

CARD = Path("cardioalert_models/cards/segmenter.toml")
TEMPLATE = """# Written by models/training/segmenter/card.py
name = "segmenter"
file = "segmenter.onnx"
sha256 = "{sha256}"
task = "Tell the ECG trace, the grid and other ink apart on a flattened page, and find the \
centre of the trace in every pixel column."
licence = "MIT"
date = "{date}"

[input]
name = "planes"
shape = ["1", "12", "height / 2", "width / 2"]
type = "float32"
unit = "RGB, black -2 to white 2"
normalisation = "none outside the network"
requires = "a flattened page at 8 px per mm, its grid parallel to the sides; height and width are \
multiples of 32; channel 4 c + 2 i + j \
holds color c of the pixels in row i and column j of each square of two by two"

[output]
name = "maps"
shape = ["1", "16", "height / 2", "width / 2"]
type = "float32"
unit = "probability, 0 to 1"
channels = ["centre", "trace", "grid", "marks"]  # four each, as in the input

[output.meaning]
centre = "1 on the height of the signal in each pixel column, falling off as a Gaussian of 1 px \
(up to 2.5 px on steep flanks); at a peak narrower than a column it lies on the extremum"
trace = "ink of the ECG trace, also under text and where rows cross"
grid = "printed grid lines or dots"
marks = "text, lead names, calibration pulses, separators, stamps, handwriting, bars"

[training]
code = "models/training/segmenter"
pages = {pages}
steps = {steps}
batch = 8
crop_px = 320
seeds = "pages {first} to {last}, training 1"
minutes = {minutes}

[[training.data]]
name = "PTB-XL, folds 1-8, 500 Hz"
records = {ptbxl}
licence = "CC BY 4.0"
source = "Wagner et al., PTB-XL, a large publicly available electrocardiography dataset, \
Sci Data 2020;7:154, doi:10.1038/s41597-020-0495-6"

[[training.data]]
name = "LUDB, odd ids"
records = {ludb}
licence = "ODC-By 1.0"
source = "Kalyakulina et al., LUDB: a new open-access validation tool for electrocardiogram \
delineation algorithms, IEEE Access 2020;8:186181, doi:10.1109/ACCESS.2020.3029211"

[metrics]
date = "{date}"
on = "{valid_pages} pages of 120 x 96 mm drawn from PTB-XL fold 9 (not trained on), 30 % scans, \
20 % easy, 25 % medium and 25 % hard phone photos"
{metrics}

[limits]
text = [
  "Trained on drawn pages only; real paper was looked at, not measured.",
  "The drawing was widened during the run; the README beside the code says which pages differ.",
  "Black-and-white pages whose grid is as dark and as thick as the trace lose part of the trace.",
  "Below about 3 px per mm in the photo thin QRS flanks are lost.",
  "Needle-like pacing artefacts may be called marks.",
  "Out of range: a page that is not at 8 px per mm, or is turned by more than 3 degrees.",
  "Where a curled corner was not flattened, slanted grid lines are taken for trace.",
  "Muscle or mains noise finer than a pixel column is followed as its middle line.",
  "Peaks above 3 mm come out about 0.06 mm low in the median (0.006 mV at 10 mm/mV).",
]
"""


def main() -> None:
    """Measure the network and write its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder of held-out pages")
    parser.add_argument("--train-cache", type=Path, required=True, help="pages trained on")
    parser.add_argument("--run", type=Path, required=True, help="folder of the training run")
    parser.add_argument("--ptbxl", type=int, required=True, help="PTB-XL records trained on")
    parser.add_argument("--ludb", type=int, required=True, help="LUDB records trained on")
    options = parser.parse_args()
    stems = page_stems(options.cache)
    trained = page_stems(options.train_cache)
    metrics = measure(open_network(WEIGHTS), stems)
    write_card(
        CARD,
        TEMPLATE,
        weights=WEIGHTS,
        run=options.run,
        pages=[stem.name for stem in trained],
        figures={
            "pages": len(trained),
            "ptbxl": options.ptbxl,
            "ludb": options.ludb,
            "valid_pages": len(stems),
            "metrics": "\n".join(f"{name} = {round(each, 4):g}" for name, each in metrics.items()),
        },
    )


if __name__ == "__main__":
    main()
