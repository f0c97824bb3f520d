"""Draw recordings as 3x4 pages, photograph them and read them back with our own digitizer.

    python -m training.interpretation.round_trip --cache DIR --folds 9 --pages 150

Every page is kept as the digitizer read it, so that the networks can be calibrated, and measured,
on what they will really get. Goes on where it stopped.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from synthesis.camera import photograph
from synthesis.cameras import random_camera
from synthesis.design import PageDesign, random_design
from synthesis.page import draw_page
from synthesis.recordings import Recording, read_ptbxl_shard

import cardioalert
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.errors import CardioAlertError
from training.interpretation.data import SHARED

LEVELS = ("scan", "easy", "easy", "medium")
FIRST_SEED = 810_000


def designs() -> Iterator[PageDesign]:
    """Yield 3x4 pages, with and without rhythm strips, at 25 mm/s and 10 mm/mV."""
    seed = FIRST_SEED
    while True:
        design = random_design(seed)
        seed += 1
        usual = design.speed == 25.0 and design.gain == 10.0 and not design.simultaneous
        if design.layout.name.startswith("3x4") and usual:
            yield design


def read_back(recording: Recording, design: PageDesign, level: str) -> ECGRecord | None:
    """Return what the digitizer reads of a drawn page; None where it refuses."""
    page = draw_page(design, recording.signal, sampling_rate=recording.sampling_rate)
    photo = photograph(page, random_camera(level, design.seed)).rgb
    try:
        digitized = cardioalert.digitize(photo)
    except CardioAlertError as error:
        print(recording.name, level, error.code, flush=True)
        return None
    if digitized.grid.paper_speed != design.speed or digitized.grid.gain != design.gain:
        print(recording.name, level, "wrong scale", digitized.grid.scale_confirmed, flush=True)
    return digitized.record


def read_page(path: Path) -> ECGRecord | None:
    """Read a kept page; None where the digitizer refused."""
    with np.load(path) as file:
        if file["signal"].size == 0:
            return None
        return ECGRecord(
            signal=file["signal"].astype(np.float32),
            sampling_rate=500.0,
            leads=tuple(str(name) for name in file["leads"]),
        )


def main() -> None:
    """Draw and read pages of some folds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--folds", type=int, nargs="+", default=[9])
    parser.add_argument("--pages", type=int, default=150, help="of each fold")
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1), help="do each n-th only")
    options = parser.parse_args()
    for fold in options.folds:
        folder = options.cache / f"pages_fold{fold}"
        folder.mkdir(parents=True, exist_ok=True)
        recordings = list(read_ptbxl_shard(options.data / "ptbxl" / f"fold0{fold}_0"))
        order = np.random.default_rng(fold).permutation(len(recordings))[: options.pages]
        for place, (number, design) in enumerate(zip(order, designs(), strict=False)):
            recording = recordings[number]
            path = folder / f"{recording.name.split('/')[1]}.npz"
            if path.exists() or place % options.part[1] != options.part[0]:
                continue
            began = time.process_time()
            record = read_back(recording, design, LEVELS[place % len(LEVELS)])
            if record is None:
                signal, leads = np.zeros((0, 0), np.float16), ()
            else:
                signal, leads = record.signal.astype(np.float16), record.leads
            names = np.array([str(lead) for lead in leads])
            np.savez_compressed(path, signal=signal, leads=names)
            print(place, recording.name, f"{time.process_time() - began:.1f} s", flush=True)


__all__ = ["STANDARD_LEADS", "read_page"]

if __name__ == "__main__":
    main()
