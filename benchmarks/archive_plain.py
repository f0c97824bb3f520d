"""Two plain ways to score files, to compare `batch` with: a loop in Python, one in a shell."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import cardioalert
from benchmarks.archive_files import ENDINGS
from cardioalert.errors import CardioAlertError
from cardioalert.formats.registry import kind_of

ANALYZE = "import sys; from cardioalert_cli.app import main; sys.exit(main())"


def some_of_each_kind(files: list[Path], count: int) -> list[Path]:
    """Return so many files of each ending, a quarter of them of pictures."""
    chance = random.Random(1)
    some = []
    for ending in sorted({path.suffix for path in files}):
        here = [path for path in files if path.suffix == ending]
        wanted = count if ending in ENDINGS else max(1, count // 4)
        some += chance.sample(here, min(wanted, len(here)))
    return some


def plain_loop(files: list[Path]) -> dict[str, float]:
    """Return the seconds an ECG of each kind takes in a plain loop over `analyze`."""
    times: dict[str, list[float]] = {}
    cardioalert.analyze(str(files[0])).to_dict()  # load everything before the clock runs
    for path in files:
        kind = kind_of(path)
        began = time.perf_counter()
        try:
            cardioalert.analyze(str(path)).to_dict()
        except CardioAlertError:
            continue
        times.setdefault(kind, []).append(time.perf_counter() - began)
    return {kind: float(np.mean(taken)) for kind, taken in times.items()}


def shell_loop(files: list[Path]) -> dict[str, float]:
    """Return the seconds an ECG of each kind takes when each has its own `cardioalert analyze`."""
    times: dict[str, list[float]] = {}
    for path in files:
        began = time.perf_counter()
        command = (sys.executable, "-c", ANALYZE, "analyze", str(path), "--json")
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            times.setdefault(kind_of(path), []).append(time.perf_counter() - began)
    return {kind: float(np.mean(taken)) for kind, taken in times.items()}
