"""Fill in the card of a network from what its training run left behind."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

# The data of networks that learn from drawn pages: `{drawn_pages}` in a template.
DRAWN_PAGES = """[[training.data]]
name = "PTB-XL, folds 1-8, 500 Hz, on drawn pages"
licence = "CC BY 4.0"
source = "Wagner et al., PTB-XL, a large publicly available electrocardiography dataset, \
Sci Data 2020;7:154, doi:10.1038/s41597-020-0495-6"

[[training.data]]
name = "LUDB, odd ids but for the 16 that images/ludb_3x4 shows, on drawn pages"
licence = "ODC-By 1.0"
source = "Kalyakulina et al., LUDB: a new open-access validation tool for electrocardiogram \
delineation algorithms, IEEE Access 2020;8:186181, doi:10.1109/ACCESS.2020.3029211"
"""


def write_card(
    card: Path,
    template: str,
    *,
    weights: Path,
    run: Path,
    pages: Sequence[str],
    figures: Mapping[str, object] | None = None,
) -> None:
    """Fill in a template and write it.

    Parameters
    ----------
    card : the file to write
    template : TOML that may name `sha256`, `date`, `steps`, `minutes`, `first` and `last` page,
        `drawn_pages`, every column of the run's log, and the figures
    weights : the exported network
    run : folder of the training run; the last row of its log counts
    pages : trained on, in order
    figures : more to fill in, also in place of what the log says
    """
    with (run / "log.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    known = {
        **last,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "date": date.today().isoformat(),
        "steps": last["step"],
        "minutes": round(float(last["seconds"]) / 60),
        "first": pages[0],
        "last": pages[-1],
        "drawn_pages": DRAWN_PAGES,
        **(figures or {}),
    }
    card.write_text(template.format_map(known))


def cached_pages(cache: Path) -> list[str]:
    """Name the pages of a folder that a `dataset` script filled, in order."""
    return sorted(path.stem for path in cache.glob("[0-9]*[0-9].npz"))
