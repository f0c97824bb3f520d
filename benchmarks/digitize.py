"""Measure the digitizing on real pages: fidelity where the truth is known, the answer where not.

Prints markdown tables and, with --write, keeps them in docs/accuracy/digitize.md. With --overlays
DIR each page is saved with its traces drawn on it: no table replaces looking at them.

    python -m benchmarks.digitize --data ../shared/data --overlays overlays --write
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import cardioalert
from benchmarks.known_pages import RATE, drawn_curves, pages_with_truth
from benchmarks.metrics import Fidelity, compare
from cardioalert.domain.clinical import Analysis
from cardioalert.errors import CardioAlertError
from cardioalert.report.overlay import draw_overlay

HEADER = "<!-- Written by benchmarks/digitize.py; do not edit. -->"
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "models"))

from synthesis.camera import photograph  # noqa: E402
from synthesis.cameras import random_camera  # noqa: E402
from synthesis.design import random_design  # noqa: E402
from synthesis.page import DrawnPage  # noqa: E402

REPORT_MM = 279.0  # width of the paper of the hospital reports
PHONE_SEED = 9_000_000
RATE_TOLERANCE = 2.0  # /min


@dataclass(frozen=True, kw_only=True)
class Page:
    """The answer to one picture: an analysis, or the code of the refusal."""

    path: Path
    analysis: Analysis | None
    refusal: str = ""

    @property
    def heart_rate(self) -> float:
        """Beats per minute, NaN without an answer."""
        return self.analysis.measurements.value("heart_rate") if self.analysis else float("nan")

    @property
    def grade(self) -> str:
        """Quality of the page, or `refused`."""
        if self.analysis is None or self.analysis.digitized is None:
            return "refused"
        return self.analysis.digitized.quality.grade.value

    @property
    def urgency(self) -> str:
        """What the answer asks for, or `refused`."""
        return self.analysis.interpretation.urgency.label if self.analysis else "refused"

    def row(self) -> list[str]:
        """Return the cells of the table of real pictures."""
        if self.analysis is None or self.analysis.digitized is None:
            return [self.path.name, f"refused: {self.refusal}", "", "", "", "", "", ""]
        page = self.analysis.digitized
        named = sum(trace.named_by != "layout" for trace in page.traces)
        notes = [notice.code for notice in (*page.quality.reasons, *page.warnings)]
        return [
            self.path.name,
            f"{page.layout} {page.lead_order}",
            f"{len(page.traces)} ({named} read)",
            f"{page.grid.photo_pixels_per_mm[0]:.1f}",
            f"{page.grid.paper_speed:g} / {page.grid.gain:g}",
            f"{self.heart_rate:.0f}",
            f"{page.quality.grade.value}" + (f": {', '.join(notes)}" if notes else ""),
            f"{page.seconds:.1f}",
        ]


def read_page(path: Path, overlays: Path | None, photo: NDArray[np.uint8] | None = None) -> Page:
    """Analyze one picture, or a photo of it; save its overlay."""
    try:
        analysis = cardioalert.analyze(path if photo is None else photo)
    except CardioAlertError as error:
        return Page(path=path, analysis=None, refusal=error.code)
    if overlays is not None and analysis.digitized is not None:
        name = f"{path.parent.name}_{path.stem}{'' if photo is None else '_phone'}.png"
        Image.fromarray(draw_overlay(analysis.digitized)).save(overlays / name)
    return Page(path=path, analysis=analysis)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def real_pictures(data: Path, overlays: Path | None) -> str:
    """Return the table of the real pictures without truth."""
    folders = (data / "images" / name for name in ("prints", "paper_ecg", "clean_render"))
    pages = [read_page(path, overlays) for folder in folders for path in sorted(folder.iterdir())]
    read = sum(page.analysis is not None for page in pages)
    head = ["picture", "layout", "leads", "px/mm", "mm/s / mm/mV", "HR /min", "quality", "s"]
    text = table(head, [page.row() for page in pages])
    return f"## Real pictures\n\n{read} of {len(pages)} digitized, the others refused.\n\n{text}\n"


def fidelity(data: Path, overlays: Path | None) -> str:
    """Return the table of pages whose recording is known."""
    rows, as_drawn, results = [], [], []
    for path, truth in pages_with_truth(data):
        page = read_page(path, overlays)
        if page.analysis is None:
            rows.append([path.name, f"refused: {page.refusal}", "", "", "", "", ""])
            continue
        record = page.analysis.record
        found = {
            str(lead): row.astype(float)
            for lead, row in zip(record.leads, record.signal, strict=True)
        }
        result = compare(truth, found, sampling_rate=RATE)
        results.append(result)
        rows.append([path.name, *fidelity_cells(result)])
        if path.with_suffix(".pdf").exists():
            drawn = drawn_curves(path.with_suffix(".pdf"))
            for name, known, read in (
                (f"{path.name}, against the drawn curve", drawn, found),
                ("the drawn curve itself, against the recording", truth, drawn),
            ):
                result = compare(known, read, sampling_rate=RATE)
                as_drawn.append([name, *fidelity_cells(result)])
    snr = np.array([result.snr_kaggle for result in results])
    gains = np.array([result.gain for result in results])
    summary = (
        f"{len(results)} of {len(rows)} digitized. Median SNR (Kaggle) {np.median(snr):.1f} dB, "
        f"10th percentile {np.quantile(snr, 0.1):.1f} dB; median gain {np.median(gains):.3f}.\n\n"
    )
    head = ["page", "SNR Kaggle, dB", "SNR PhysioNet, dB", "gain", "r", "RMSE, mV", "leads"]
    return (
        f"## Pages with their recording\n\n{summary}{table(head, rows)}\n\n"
        "The program that drew the last page filtered the recording first (0.05 to 40 Hz); its PDF "
        "holds the curve that it drew:\n\n"
        f"{table(head, as_drawn)}\n"
    )


def fidelity_cells(result: Fidelity) -> list[str]:
    """Return the cells of one page."""
    return [
        f"{result.snr_kaggle:.1f}",
        f"{result.snr_physionet:.1f}",
        f"{result.gain:.3f}",
        f"{result.correlation:.4f}",
        f"{result.rmse:.3f}",
        f"{result.leads} of {result.leads + result.missing}",
    ]


def hospital_reports(data: Path, overlays: Path | None) -> str:
    """Return the table of the 60 hospital reports with the rate the cart printed."""
    folder = data / "images" / "reports"
    rows = []
    right = hedged = 0
    urgencies: dict[str, Counter[str]] = defaultdict(Counter)
    for label in csv.DictReader((folder / "labels.csv").read_text().splitlines()):
        page = read_page(folder / label["file"], overlays)
        off = page.heart_rate - float(label["hr_printed"])
        agrees = abs(off) <= RATE_TOLERANCE
        right += agrees
        hedged += not agrees and page.grade in {"poor", "refused"}
        urgencies[label["label"]][page.urgency] += 1
        rows.append(
            [
                label["file"],
                label["hr_printed"],
                f"{page.heart_rate:.0f}",
                f"{off:+.0f}",
                page.row()[1],
                page.grade,
                page.urgency,
            ]
        )
    summary = (
        f"Heart rate within {RATE_TOLERANCE:g}/min of the printed one on {right} of {len(rows)}; "
        f"of the others, {hedged} were refused or graded poor.\n\n"
    )
    levels = ["red", "orange", "yellow", "green", "grey", "refused"]
    counts = [[name, *(str(seen[level]) for level in levels)] for name, seen in urgencies.items()]
    triage = table(["label of the report", *levels], counts)
    head = ["report", "printed", "read", "difference", "layout", "quality", "urgency"]
    return f"## Hospital reports\n\n{summary}{triage}\n\n{table(head, rows)}\n"


def through_a_phone(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Photograph a page on paper with the phone that training simulates, level medium."""
    blank = np.zeros(picture.shape[:2], dtype=np.uint8)
    page = DrawnPage(
        rgb=picture,
        trace=blank,
        grid=blank,
        marks=blank,
        strokes=(),
        scale=picture.shape[1] / REPORT_MM,
        design=random_design(seed),
    )
    return photograph(page, random_camera("medium", seed)).rgb


def phone_reports(data: Path, overlays: Path | None) -> str:
    """Return the table of the hospital reports photographed by a simulated phone."""
    folder = data / "images" / "reports"
    labels = list(csv.DictReader((folder / "labels.csv").read_text().splitlines()))
    rows = []
    right = refused = hedged = 0
    for number, label in enumerate(labels):
        with Image.open(folder / label["file"]) as report:
            photo = through_a_phone(np.asarray(report.convert("RGB")), PHONE_SEED + number)
        page = read_page(folder / label["file"], overlays, photo)
        off = page.heart_rate - float(label["hr_printed"])
        agrees = abs(off) <= RATE_TOLERANCE
        right += agrees
        refused += page.grade == "refused"
        hedged += not agrees and page.grade == "poor"
        rate = f"{page.heart_rate:.0f}"
        rows.append(
            [label["file"], label["hr_printed"], rate, f"{off:+.0f}", page.row()[1], page.grade]
        )
        print(*rows[-1], flush=True)
    summary = (
        f"Level medium. Heart rate within {RATE_TOLERANCE:g}/min of the printed one on {right} of "
        f"{len(rows)}; {refused} refused, {hedged} of the others wrong and graded poor.\n\n"
    )
    head = ["report", "printed", "read", "difference", "layout", "quality"]
    return f"## Hospital reports through a simulated phone\n\n{summary}{table(head, rows)}\n"


SECTIONS = {
    "pictures": real_pictures,
    "fidelity": fidelity,
    "reports": hospital_reports,
    "phone-reports": phone_reports,
}


def main() -> None:
    """Run the sections asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--overlays", type=Path)
    parser.add_argument("--only", choices=SECTIONS, action="append")
    parser.add_argument("--write", action="store_true", help="keep in docs/accuracy/digitize.md")
    options = parser.parse_args()
    if options.overlays is not None:
        options.overlays.mkdir(parents=True, exist_ok=True)
    parts = [f"{HEADER}\n\n# Digitizing\n"]
    for name in options.only or SECTIONS:
        part = SECTIONS[name](options.data, options.overlays)
        print(part, flush=True)
        parts.append(part)
    if options.write:
        target = ROOT / "docs" / "accuracy" / "digitize.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
