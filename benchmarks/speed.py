"""Time one digital ECG, stage by stage, beside a reference that every machine can run.

    python -m benchmarks.speed [--records 24] [--rounds 5] [--write]

Ten seconds of twelve leads are read from DICOM, measured, classified and interpreted in a process
that has done so before. The networks that read the signal run on one core beside the measuring on
another. Seconds depend on the machine and on who else uses it, so each figure also stands as a
ratio to a fixed piece of work (a loop of Python, sorting with numpy) timed in the same run, between
the ECGs. `--write` writes the table into docs/speed.md.
"""

from __future__ import annotations

import argparse
import re
import runpy
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from cardioalert_models import zoo

import cardioalert
from cardioalert import pipeline
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.formats.registry import write_record
from cardioalert.networks import classifier

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "speed.md"
MARKS = ("<!-- speed: begin -->", "<!-- speed: end -->")
STAGES = {
    "read_record": "read",
    "measure": "measure (filter, beats, waves, delineator)",
    "interpret": "criteria, merging, texts",
}


def make_files(folder: Path, count: int) -> list[Path]:
    """Write recordings of PTB-XL fold 9 as DICOM."""
    load = runpy.run_path(str(DATA / "load.py"))
    _, raw = load["read_shard"](DATA / "ptbxl" / "fold09_0")
    signals = load["to_12_leads"](raw)[:: max(1, len(raw) // count)][:count]
    paths = []
    for number, signal in enumerate(signals):
        record = ECGRecord(
            signal=signal.astype(np.float32) / 1000, sampling_rate=500.0, leads=STANDARD_LEADS
        )
        paths.append(folder / f"{number:03d}.dcm")
        write_record(record, paths[-1])
    return paths


def reference() -> float:
    """Do a fixed piece of work; return its seconds of processor."""
    began = time.process_time()
    total = 0
    for number in range(40_000):
        total += number * number % 7
    table = np.random.default_rng(0).normal(size=(12, 5000))
    for _ in range(20):
        np.sort(table, axis=1)
    return time.process_time() - began


class Stopwatch:
    """Adds up what functions of a module take while one ECG passes."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def watch(self, module: Any, name: str, label: str) -> None:
        """Time every call of a function from now on."""
        function: Callable[..., Any] = getattr(module, name)

        def timed(*args: Any, **options: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*args, **options)
            finally:
                taken = time.thread_time() - began
                self.spent[label] = self.spent.get(label, 0.0) + taken

        setattr(module, name, timed)


def run(count: int, rounds: int) -> str:
    """Return the table."""
    zoo.use_threads(1)
    stopwatch = Stopwatch()
    for name, label in STAGES.items():
        stopwatch.watch(pipeline, name, label)
    stopwatch.watch(pipeline, "listen", "networks that read the signal, beside it")
    stopwatch.watch(pipeline, "judge", "networks that read measurements")
    stopwatch.watch(classifier, "signal_quality", "of these, signal quality")
    seen: dict[str, list[float]] = {}
    whole: list[float] = []
    clock: list[float] = []
    ruler: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        paths = make_files(Path(folder), count)
        for path in paths:
            cardioalert.analyze(path).to_dict()  # once cold
        for _ in range(rounds):
            for path in paths:
                ruler.append(reference())
                stopwatch.spent.clear()
                began, at = time.process_time(), time.perf_counter()
                cardioalert.analyze(path).to_dict()
                whole.append(time.process_time() - began)
                clock.append(time.perf_counter() - at)
                for label, taken in stopwatch.spent.items():
                    seen.setdefault(label, []).append(taken)
    unit = float(np.median(ruler))
    lines = [
        f"{len(paths)} recordings, {rounds} rounds; the reference takes {unit * 1e3:.1f} ms here.",
        "",
        "| stage | ms, median | quickest | in references |",
        "| --- | --- | --- | --- |",
    ]
    rows = [
        *((label, seen[label]) for label in seen),
        ("**whole `analyze`**, of processor", whole),
        ("**whole `analyze`**, by the clock, two cores", clock),
    ]
    for label, taken in rows:
        middle = float(np.median(taken))
        lines.append(
            f"| {label} | {middle * 1e3:.1f} | {min(taken) * 1e3:.1f} | {middle / unit:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    table = run(options.records, options.rounds)
    print(table)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        begin, end = MARKS
        text = re.sub(
            f"{begin}.*?{end}", lambda _: f"{begin}\n{table}\n{end}", text, flags=re.DOTALL
        )
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
