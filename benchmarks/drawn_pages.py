"""Measure the digitizing on drawn pages of recordings that no network was trained on.

Pages are drawn from PTB-XL fold 9 by `models/synthesis`, in layouts and at camera levels taken at
random, and digitized like any photo. Prints a markdown table per camera level and, with --write,
keeps it in docs/accuracy/drawn_pages.md.

    python -m benchmarks.drawn_pages --data ../shared/data --pages 30 --write
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics import Fidelity, compare

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "models"))

from synthesis.camera import photograph  # noqa: E402
from synthesis.cameras import random_camera  # noqa: E402
from synthesis.design import PageDesign, random_design  # noqa: E402
from synthesis.page import DrawnPage, draw_page  # noqa: E402
from synthesis.recordings import Recording, read_ptbxl_shard  # noqa: E402

import cardioalert  # noqa: E402
from cardioalert.domain.imaging import Digitized  # noqa: E402
from cardioalert.domain.record import ECGRecord  # noqa: E402
from cardioalert.errors import CardioAlertError  # noqa: E402
from cardioalert.measure import measure  # noqa: E402

HEADER = "<!-- Written by benchmarks/drawn_pages.py; do not edit. -->"
LEVELS = ("scan", "easy", "medium", "hard")
RATE = 500.0  # Hz
FIRST_SEED = 700_000  # far from the seeds of training pages
READABLE = ("3x4", "6x2", "12x1")

Truth = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One page: refused, or what came out against what went in."""

    refusal: str
    layout_right: bool = False
    scale_right: bool = False
    scale_confirmed: bool = False
    grade: str = ""
    fidelity: Fidelity | None = None
    st_errors: tuple[float, ...] = ()  # mV, at J, one per lead

    @property
    def silently_wrong(self) -> bool:
        """A wrong layout on a page not graded poor, or a wrong scale that nothing put in doubt."""
        if self.refusal or self.grade == "poor":
            return False
        return not self.layout_right or (self.scale_confirmed and not self.scale_right)


def designs() -> Iterator[PageDesign]:
    """Yield random designs of the layouts that this version reads, with 1 mm paper."""
    seed = FIRST_SEED
    while True:
        design = random_design(seed)
        seed += 1
        name = design.layout.name.split("+")[0]
        if name in READABLE and design.speed in (25.0, 50.0) and not design.simultaneous:
            yield design


def truth_of(page: DrawnPage) -> tuple[Truth, float]:
    """Return what is printed, on the clock of the page, mV at 500 Hz, and its length in s."""
    design = page.design
    origin = min(stroke.points[0, 0] for stroke in page.strokes)
    end = max(stroke.points[-1, 0] for stroke in page.strokes)
    clock = np.arange(int((end - origin) / design.speed * RATE)) / RATE
    truth: Truth = {}
    for stroke in sorted(page.strokes, key=lambda one: float(np.ptp(one.points[:, 0]))):
        at = (stroke.points[:, 0] - origin) / design.speed
        sign = -1.0 if stroke.lead.startswith("-") else 1.0
        values = sign * (stroke.baseline - stroke.points[:, 1]) / design.gain
        truth[stroke.lead.lstrip("-")] = np.interp(clock, at, values, left=np.nan, right=np.nan)
    return truth, float(clock[-1])


def try_page(recording: Recording, design: PageDesign, level: str) -> Result:
    """Draw, photograph, digitize and compare one page."""
    page = draw_page(design, recording.signal, sampling_rate=recording.sampling_rate)
    photo = photograph(page, random_camera(level, design.seed)).rgb  # type: ignore[arg-type]
    try:
        digitized = cardioalert.digitize(photo)
    except CardioAlertError as error:
        return Result(refusal=error.code)
    truth, _ = truth_of(page)
    found = {
        str(lead): row.astype(float)
        for lead, row in zip(digitized.record.leads, digitized.record.signal, strict=True)
    }
    wanted = {stroke.lead.lstrip("-") for stroke in page.strokes}
    return Result(
        refusal="",
        layout_right=digitized.layout.split("+")[0] == design.layout.name.split("+")[0]
        and set(found) == wanted,
        scale_right=(digitized.grid.paper_speed, digitized.grid.gain)
        == (design.speed, design.gain),
        scale_confirmed=digitized.grid.scale_confirmed,
        grade=digitized.quality.grade.value,
        fidelity=compare(truth, found, sampling_rate=RATE),
        st_errors=st_errors(truth, digitized),
    )


def st_errors(truth: Truth, digitized: Digitized) -> tuple[float, ...]:
    """Return the error of ST at J, lead by lead, where both could be measured."""
    leads = tuple(truth)
    longest = max(len(row) for row in truth.values())
    signal = np.stack([np.pad(truth[k], (0, longest - len(truth[k]))) for k in leads])
    exact = measure(ECGRecord(signal=signal, sampling_rate=RATE, leads=leads)).leads
    read = measure(digitized.record).leads
    errors = []
    for lead, values in read.items():
        true = exact[lead].st_j if lead in exact else None
        if true is not None and values.st_j is not None:
            errors.append(values.st_j - true)
    return tuple(errors)


def row_of(level: str, results: list[Result]) -> list[str]:
    """Return the table row of one camera level."""
    read = [result for result in results if not result.refusal]
    right = [result for result in read if result.layout_right and result.scale_right]
    snr = np.array([result.fidelity.snr_kaggle for result in right if result.fidelity])
    physionet = np.array([result.fidelity.snr_physionet for result in right if result.fidelity])
    correlation = np.array([result.fidelity.correlation for result in right if result.fidelity])
    gain = np.array([result.fidelity.gain for result in right if result.fidelity])
    st = np.array([error for result in right for error in result.st_errors])
    return [
        level,
        str(len(results)),
        str(len(results) - len(read)),
        f"{sum(result.layout_right for result in read)} of {len(read)}",
        f"{sum(result.scale_right for result in read)} of {len(read)}",
        str(sum(result.silently_wrong for result in read)),
        f"{np.median(snr):.1f} ({np.quantile(snr, 0.1):.1f})" if len(snr) else "-",
        f"{np.median(physionet):.1f}" if len(snr) else "-",
        f"{np.median(correlation):.3f}" if len(snr) else "-",
        f"{np.median(gain):.3f}" if len(gain) else "-",
        f"{st.mean():+.3f} ± {st.std():.3f} ({len(st)})" if len(st) else "-",
    ]


def main() -> None:
    """Run all levels."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--pages", type=int, default=30, help="per camera level")
    parser.add_argument("--level", choices=LEVELS, action="append")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    recordings = list(read_ptbxl_shard(options.data / "ptbxl" / "fold09_0"))
    head = [
        "camera",
        "pages",
        "refused",
        "layout and leads right",
        "speed and gain right",
        "silently wrong",
        "SNR Kaggle, dB: median (10th percentile)",
        "SNR PhysioNet, dB",
        "r",
        "gain",
        "ST at J, mV: mean ± SD (leads)",
    ]
    rows = []
    for level in options.level or LEVELS:
        pages = zip(range(options.pages), designs(), strict=False)
        results = [
            try_page(recordings[number % len(recordings)], design, level)
            for number, design in pages
        ]
        rows.append(row_of(level, results))
        print(rows[-1], [result.refusal for result in results if result.refusal], flush=True)
    lines = [head, ["---"] * len(head), *rows]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    print(text)
    if options.write:
        target = ROOT / "docs" / "accuracy" / "drawn_pages.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(f"{HEADER}\n\n# Drawn pages\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
