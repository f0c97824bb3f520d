"""Measure the digitizing by class on drawn pages of recordings that no network was trained on.

`page_classes.py` draws the pages: every layout, speed, gain, paper and camera level. Prints a
markdown table per camera level and one per class and, with --write, keeps them in
docs/accuracy/drawn_pages.md. The answers page by page go to --keep, as JSON lines.

    python -m benchmarks.drawn_pages --data ../shared/data --cache ../cache_pages --pages 60 --write
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

import cardioalert
from benchmarks.metrics import compare
from benchmarks.page_classes import LEVELS, RATE, ROOT, Case, drawn_cases
from cardioalert.domain.imaging import Digitized, LeadTrace
from cardioalert.errors import CardioAlertError
from cardioalert.report.overlay import photo_positions

HEADER = "<!-- Written by benchmarks/drawn_pages.py; do not edit. -->"
LEAST_GRID = 0.01  # darker than the paper: less of it is no grid
ORDER = ("clean", "scan", "easy", "medium", "hard")  # of the table
SLOW = 20.0  # mm/s; a QRS on slower paper is narrower than the pen: a class of its own
BANDS = (-np.inf, 5.0, 10.0, 15.0, 20.0, np.inf)  # dB, of leads
OFF_MM = 7.0  # a trace that runs so far from the printed lead is another lead
HEDGES = {
    "speed": ("speed-assumed", "speed-contradicted", "scale-contradicted"),
    "gain": ("gain-assumed", "gain-contradicted", "scale-contradicted"),
}

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One page: refused, or what came out against what went in."""

    name: str
    level: str
    layout: str
    speed: float
    gain: float
    mixed: bool
    grid: str
    printed: bool
    pulse: str
    seconds: float  # of processor time
    refusal: str = ""
    found: str = ""
    layout_right: bool = False
    speed_right: bool = False
    gain_right: bool = False
    hedged: tuple[str, ...] = ()
    grade: str = ""
    snr_kaggle: float = float("nan")
    snr_clear: float = float("nan")  # Kaggle's, of the leads whose waves nothing put in doubt
    clear: int = 0  # such leads
    snr_fine_lag: float = float("nan")
    leads: tuple[tuple[float, bool], ...] = ()  # Kaggle's of each, and whether it was named
    snr_physionet: float = float("nan")
    correlation: float = float("nan")
    rmse: float = float("nan")
    amplitude: float = float("nan")
    time_error: float = float("nan")  # relative
    detail: str = ""  # px per mm of the picture, as found
    only_left_out: bool = False  # every trace that was named is right, some were left out

    @property
    def scale_right(self) -> bool:
        """Speed and gain are those of the page."""
        return self.speed_right and self.gain_right

    @property
    def silently_wrong(self) -> bool:
        """A wrong layout on a page not graded poor, or a wrong scale that nothing put in doubt."""
        if self.refusal or self.grade == "poor":
            return False
        announced = self.only_left_out and "unnamed-rhythm" in self.hedged
        wrong_speed = not self.speed_right and not set(HEDGES["speed"]) & set(self.hedged)
        wrong_gain = not self.gain_right and not set(HEDGES["gain"]) & set(self.hedged)
        return not (self.layout_right or announced) or wrong_speed or wrong_gain


def level_of(case: Case) -> str:
    """Return the camera level; pages that lost their grid or ran slowly are others."""
    if float(str(case.facts["grid_left"])) < LEAST_GRID:
        return f"{case.level} without grid"
    return f"{case.level}, slow paper" if float(str(case.facts["speed"])) < SLOW else case.level


def try_page(case: Case) -> Result:
    """Digitize one page and compare."""
    pixels = np.ascontiguousarray(cv2.imread(str(case.photo))[..., ::-1])
    facts = case.facts
    common = {
        "name": case.name,
        "level": level_of(case),
        "layout": str(facts["layout"]) + (" cabrera" if facts["order"] == "cabrera" else ""),
        "speed": facts["speed"],
        "gain": facts["gain"],
        "mixed": facts["chest_gain"] is not None,
        "grid": facts["grid"],
        "printed": facts["printed"],
        "pulse": facts["pulse"],
    }
    began = time.process_time()
    try:
        digitized = cardioalert.digitize(pixels)
    except CardioAlertError as error:
        spent = time.process_time() - began
        return Result(**common, seconds=spent, refusal=error.code, found=error.message)
    spent = time.process_time() - began
    found = {
        str(lead): row.astype(float)
        for lead, row in zip(digitized.record.leads, digitized.record.signal, strict=True)
    }
    fidelity = compare(case.truth, found, sampling_rate=RATE)
    doubted = {str(trace.lead) for trace in digitized.traces if trace.waves_in_doubt}
    clear = {lead: row for lead, row in case.truth.items() if lead in found and lead not in doubted}
    alone = {
        lead: compare({lead: row}, found, sampling_rate=RATE).snr_kaggle
        for lead, row in case.truth.items()
        if lead in found
    }
    notices = (*digitized.warnings, *digitized.quality.reasons)
    return Result(
        **common,
        seconds=spent,
        found=f"{digitized.layout} {digitized.lead_order} {digitized.grid.paper_speed:g} "
        f"{digitized.grid.gain:g}",
        layout_right=names_right(case, digitized),
        only_left_out=names_right(case, digitized, all_found=False),
        speed_right=abs(digitized.grid.paper_speed / float(str(facts["speed"])) - 1.0) < 0.03,
        gain_right=gains_right(case, digitized),
        hedged=tuple(notice.code for notice in notices),
        grade=digitized.quality.grade.value,
        snr_kaggle=fidelity.snr_kaggle,
        snr_clear=compare(clear, found, sampling_rate=RATE).snr_kaggle if clear else float("nan"),
        clear=len(clear),
        leads=tuple((snr, lead in doubted) for lead, snr in alone.items()),
        snr_fine_lag=fidelity.snr_fine_lag,
        snr_physionet=fidelity.snr_physionet,
        correlation=fidelity.correlation,
        rmse=fidelity.rmse,
        amplitude=fidelity.gain,
        time_error=time_error(case, digitized),
        detail=detail_of(digitized),
    )


def detail_of(digitized: Digitized) -> str:
    """Return the class of resolution of the picture; 8 px per mm are some 200 dots per inch."""
    fewest = min(digitized.grid.photo_pixels_per_mm)
    return "below 5" if fewest < 5.0 else "5 to 8" if fewest < 8.0 else "8 and more"


def gains_right(case: Case, digitized: Digitized) -> bool:
    """Whether every lead has its gain."""
    limb, chest = case.facts["gain"], case.facts["chest_gain"] or case.facts["gain"]
    return digitized.grid.gain == limb and (digitized.grid.chest_gain or limb) == chest


def names_right(case: Case, digitized: Digitized, *, all_found: bool = True) -> bool:
    """Whether the traces are those that were printed, each in its place, each once.

    Without `all_found` some of those that were printed may be missing.
    """
    printed = list(case.strokes)
    limit = OFF_MM * min(digitized.grid.photo_pixels_per_mm)
    for trace in digitized.traces:
        name = ("-" if trace.inverted else "") + str(trace.lead)
        x, y = trace_points(trace, digitized, step=1)
        if not len(x):
            return False
        near = [
            index
            for index, (lead, points) in enumerate(printed)
            if lead == name and _apart(points, x, y) < limit
        ]
        if not near:
            return False
        printed.pop(near[0])
    return not (printed and all_found)


def _apart(printed: Doubles, x: Doubles, y: Doubles) -> float:
    """Return how far a trace runs from a printed lead, photo px: its middle, where it was read."""
    across, down = printed[:, 0], printed[:, 1]
    order = np.argsort(across)
    beside = np.median(np.abs(np.clip(x, across.min(), across.max()) - x))
    above = np.median(np.abs(np.interp(x, across[order], down[order]) - y))
    return float(max(beside, above))


def trace_points(trace: LeadTrace, digitized: Digitized, *, step: int) -> tuple[Doubles, Doubles]:
    """Return photo positions of a trace, turned back if the digitizer turned the photo."""
    columns = np.flatnonzero(np.isfinite(trace.y))[::step]
    x, y = photo_positions(digitized.page, columns.astype(float), trace.y[columns].astype(float))
    return x, y


def time_error(case: Case, digitized: Digitized) -> float:
    """Return by how much the clock of the traces runs fast, relative, median over the leads."""
    slopes = []
    strokes = dict(case.strokes)  # a rhythm strip comes last
    for trace in digitized.traces:
        points = strokes.get(("-" if trace.inverted else "") + str(trace.lead))
        columns = np.flatnonzero(np.isfinite(trace.y))[::7]
        if points is None or len(columns) < 40:
            continue
        at = photo_positions(digitized.page, columns.astype(float), trace.y[columns].astype(float))
        distance, nearest = cKDTree(points[:, :2]).query(np.stack(at, axis=1))
        close = distance < 3.0
        if close.sum() < 30:
            continue
        read = columns[close] / digitized.grid.pixels_per_mm / digitized.grid.paper_speed
        slopes.append(np.polyfit(points[nearest[close], 2], read, 1)[0])
    return float(np.median(slopes) - 1.0) if slopes else float("nan")


def row_of(name: str, results: list[Result]) -> list[str]:
    """Return the table row of a group of pages."""
    read = [result for result in results if not result.refusal]
    right = [result for result in read if result.layout_right and result.scale_right]

    def middle(values: Callable[[Result], float], form: str) -> str:
        numbers = np.array([values(result) for result in right])
        numbers = numbers[np.isfinite(numbers)]
        return format(float(np.median(numbers)), form) if len(numbers) else "-"

    snr = np.array([result.snr_kaggle for result in right])
    clear = np.array([result.snr_clear for result in right if result.clear])
    off = np.array([abs(result.time_error) for result in right])
    return [
        name,
        str(len(results)),
        str(len(results) - len(read)),
        f"{sum(result.layout_right for result in read)} of {len(read)}",
        f"{sum(result.scale_right for result in read)} of {len(read)}",
        str(sum(result.silently_wrong for result in read)),
        f"{np.median(snr):.1f} ({np.quantile(snr, 0.1):.1f})" if len(snr) else "-",
        f"{np.median(clear):.1f} ({np.quantile(clear, 0.1):.1f})" if len(clear) else "-",
        middle(lambda result: result.snr_fine_lag, ".1f"),
        middle(lambda result: result.snr_physionet, ".1f"),
        middle(lambda result: result.correlation, ".3f"),
        middle(lambda result: result.rmse, ".3f"),
        middle(lambda result: result.amplitude, ".3f"),
        f"{np.nanmedian(off):.2%}" if np.isfinite(off).any() else "-",
        f"{np.median([result.seconds for result in results]):.1f} "
        f"({max(result.seconds for result in results):.1f})",
    ]


HEAD = [
    "class",
    "pages",
    "refused",
    "layout and all names right",
    "speed and gain right",
    "silently wrong",
    "SNR Kaggle, dB: median (10th percentile)",
    "the same, of leads whose waves were read surely",
    "SNR Kaggle, lag to a tenth of a sample",
    "SNR PhysioNet, dB",
    "r",
    "RMSE, mV",
    "gain",
    "time scale off by",
    "processor s: median (longest)",
]


def by_class(results: list[Result]) -> Iterable[tuple[str, list[Result]]]:
    """Yield groups of pages by layout, speed, gain, paper and print."""
    keys: tuple[tuple[str, Callable[[Result], object]], ...] = (
        ("layout", lambda result: result.layout),
        ("speed, mm/s", lambda result: result.speed),
        ("gain, mm/mV", lambda result: "mixed" if result.mixed else result.gain),
        ("grid", lambda result: result.grid),
        ("pulse", lambda result: result.pulse),
        ("px per mm of the picture", lambda result: result.detail or "not found"),
        ("scale printed", lambda result: "yes" if result.printed else "no"),
    )
    for title, key in keys:
        for value in sorted({str(key(result)) for result in results}):
            yield f"{title} {value}", [r for r in results if str(key(r)) == value]


def table(rows: list[list[str]]) -> str:
    """Return a markdown table."""
    lines = [HEAD, ["---"] * len(HEAD), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def report(results: list[Result], *, at_one_go: bool) -> str:
    """Return the tables, with the peak of memory when no answer is of an earlier run."""
    names = [level + rest for rest in ("", ", slow paper", " without grid") for level in ORDER]
    groups = {name: [result for result in results if result.level == name] for name in names}
    groups = {"clean or scan": groups["clean"] + groups["scan"], **groups}
    rows = [row_of(name, group) for name, group in groups.items() if group]
    classes = [row_of(name, group) for name, group in by_class(results)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    memory = f"; peak memory of the whole run, with drawing: {peak:.0f} MB" if at_one_go else ""
    return (
        f"## By camera level\n\n{table(rows)}\n\n## By class, all camera levels\n\n"
        f"{table(classes)}\n\nFidelity counts pages whose layout, names, speed and gain are right"
        f"{memory}.\n\n"
        "## Leads that the answer names as not surely read\n\nOf the same pages, those on slow "
        f"paper left out.\n\n{doubts(results)}\n"
    )


def doubts(results: list[Result]) -> str:
    """Return the table of how often leads are named as not surely read, by how well they were."""
    right = [r for r in results if not r.refusal and r.layout_right and r.scale_right]
    right = [r for r in right if float(r.speed) > SLOW]
    leads = np.array([lead for result in right for lead in result.leads]).reshape(-1, 2)
    lines = ["| SNR Kaggle of the lead, dB | leads | named in the answer |", "| --- | --- | --- |"]
    for low, high in pairwise(BANDS):
        named = leads[(leads[:, 0] >= low) & (leads[:, 0] < high), 1]
        share = f"{named.sum():.0f} ({named.mean():.0%})" if len(named) else "-"
        band = f"{low:g} to {high:g}"
        band = f"below {high:g}" if np.isinf(low) else f"{low:g} and more" if high > 99 else band
        lines.append(f"| {band} | {len(named)} | {share} |")
    return "\n".join(lines)


def read_results(kept: Path, levels: tuple[str, ...]) -> list[Result]:
    """Return what a former run found: a run goes on where it was stopped."""
    if not kept.exists():
        return []
    rows = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    results = [
        Result(
            **{
                **row,
                "hedged": tuple(row["hedged"]),
                "leads": tuple((float(snr), bool(named)) for snr, named in row["leads"]),
            }
        )
        for row in rows
    ]
    return [result for result in results if result.name.split("_")[0] in levels]


def main() -> None:
    """Run all levels."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--cache", type=Path, default=ROOT.parent / "cache_pages")
    parser.add_argument("--pages", type=int, default=60, help="per camera level")
    parser.add_argument("--level", choices=LEVELS, action="append")
    parser.add_argument("--only", help="only pages whose name or layout holds this text")
    parser.add_argument(
        "--keep", type=Path, help="answers page by page, JSON lines; go on after them"
    )
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    levels = tuple(options.level or LEVELS)
    results = read_results(options.keep, levels) if options.keep else []
    seen = {result.name for result in results}
    for case in drawn_cases(options.data, options.cache, pages=options.pages, levels=levels):
        if options.only and options.only not in f"{case.name} {case.facts['layout']}":
            continue
        if case.name in seen:
            continue
        result = try_page(case)
        results.append(result)
        if options.keep:
            with options.keep.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps(asdict(result)) + "\n")
        wrong = result.refusal or not (result.layout_right and result.scale_right)
        if wrong:
            print(
                f"{result.name} {result.layout} {result.speed:g}/{result.gain:g} "
                f"{result.pulse} printed={result.printed}: {result.refusal} {result.found} "
                f"{'SILENT' if result.silently_wrong else ''} {result.grade} {result.hedged}",
                flush=True,
            )
    text = report(results, at_one_go=not seen)
    print(text)
    if options.write:
        target = ROOT / "docs" / "accuracy" / "drawn_pages.md"
        target.write_text(f"{HEADER}\n\n# Drawn pages\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
