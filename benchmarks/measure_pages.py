"""Draw LUDB recordings as pages, photograph them, read them back: what measuring loses on paper.

    python -m benchmarks.measure_pages --cache DIR --pages 36 --seconds 300

Keeps every page as the digitizer read it and goes on where it stopped; `benchmarks.measure`
measures the pages of the folder and prints the table (`--pages DIR`). The pages are medium phone
pictures (`models/synthesis/cameras.py`) of 3x4 prints, with and without rhythm strips, at 25 mm/s
and 10 mm/mV, of every n-th record.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cardioalert.domain.record import ECGRecord, Lead

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "models"))

LEVEL = "medium"


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page that was drawn; `record` is None where the digitizer refused it."""

    name: str
    record: ECGRecord | None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=36)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    options = parser.parse_args()
    began = time.monotonic()
    for name in drawn_pages(options.data, options.cache, options.pages):
        print(name, f"{time.monotonic() - began:.0f} s", flush=True)
        if time.monotonic() - began > options.seconds:
            break


def drawn_pages(data: Path, cache: Path, count: int) -> Iterator[str]:
    """Draw, photograph and read the pages that are not kept yet; yield the name of each."""
    from synthesis.recordings import read_ludb  # noqa: PLC0415 - needs the path
    from training.interpretation.round_trip import designs, read_back  # noqa: PLC0415

    cache.mkdir(parents=True, exist_ok=True)
    recordings = list(read_ludb(data / "ludb" / "data"))
    chosen = recordings[:: max(1, len(recordings) // count)][:count]
    for recording, design in zip(chosen, designs(), strict=False):
        path = cache / f"{Path(recording.name).name}.npz"
        if path.exists():
            continue
        record = read_back(recording, design, LEVEL)
        signal = np.zeros((0, 0), np.float32) if record is None else record.signal
        names = () if record is None else tuple(str(lead) for lead in record.leads)
        rate = 0.0 if record is None else record.sampling_rate
        np.savez_compressed(path, signal=signal, leads=np.array(names), rate=rate)
        yield recording.name


def kept_pages(cache: Path) -> Iterator[Page]:
    """Yield the pages of a folder, by the number of their record."""
    for path in sorted(cache.glob("*.npz"), key=lambda path: int(path.stem)):
        with np.load(path) as file:
            record = None
            if file["signal"].size:
                record = ECGRecord(
                    signal=file["signal"],
                    sampling_rate=float(file["rate"]),
                    leads=tuple(Lead(str(name)) for name in file["leads"]),
                )
        yield Page(name=path.stem, record=record)


if __name__ == "__main__":
    main()
