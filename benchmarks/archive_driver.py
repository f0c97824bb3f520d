"""What the driver of an archive run costs: a manifest of a million rows, and each ECG.

Used by `python -m benchmarks.archive million` and `... driver`.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cardioalert.archive import runner
from cardioalert.archive.entries import Entry
from cardioalert.archive.identify import Identified
from cardioalert.archive.manifest import CONTENTS, Manifest
from cardioalert.archive.outcome import Job, Outcome
from cardioalert.archive.runner import Plan, run_archive


def million(rows: int) -> None:
    """Time what a resumed run has to decide with a manifest of a million rows."""
    with tempfile.TemporaryDirectory() as folder, Manifest(Path(folder) / "m.sqlite") as manifest:
        manifest.begin_scan()
        for first in range(0, rows, 2000):
            manifest.add(synthetic_row(n) for n in range(first, min(first + 2000, rows)))
        manifest.end_scan()
        score_most(manifest)
        used = peak_from_here()
        looked = 0.0
        manifest.begin_scan()
        for first in range(0, rows, 2000):
            here = [synthetic_row(n) for n in range(first, min(first + 2000, rows))]
            stamps = {row.entry.locator: (row.size, row.modified) for row in here}
            began = time.process_time()
            if len(manifest.unchanged(stamps)) != len(here):
                raise RuntimeError("a row was not known")
            looked += time.process_time() - began
        began = time.process_time()
        manifest.end_scan()
        looked += time.process_time() - began
        began = time.process_time()
        left = sum(manifest.count_pending("1").values())
        jobs = sum(1 for _ in zip(manifest.pending("1"), range(2000), strict=False))
        decided = looked + time.process_time() - began
        print(f"{rows} rows: compared in {looked:.1f} s, decided in {decided:.1f} s of processor")
        print(f"left {left}, first jobs {jobs}, memory grew by {used():.0f} MB")
        size = (Path(folder) / "m.sqlite").stat().st_size / rows
        print(f"{size:.0f} bytes of manifest a row")


def peak_from_here() -> Any:
    """Return a function that tells the peak memory since now, MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return lambda: (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def synthetic_row(number: int) -> Identified:
    """Return the row of a file that does not exist."""
    return Identified(
        entry=Entry(f"/archive/{number // 1000:05d}/{number:09d}.dcm"),
        size=200_000 + number % 1000,
        modified=1_700_000_000_000_000_000 + number,
        kind="dicom",
        content=f"{number:064x}",
    )


def score_most(manifest: Manifest) -> None:
    """Call nine of ten ECGs of a manifest scored, by their names: a run that was interrupted."""
    with manifest._engine.begin() as connection:
        nine_of_ten = sa.func.substr(CONTENTS.c.locator, -5, 1) != "7"
        connection.execute(CONTENTS.update().where(nine_of_ten).values(status="done", version="1"))


# ---- The driver's share ------------------------------------------------------------------------


class Answers:
    """An executor that answers at once with copies of lines that were scored before."""

    room = 4

    def __init__(self, lines: Sequence[dict[str, Any]]) -> None:
        self._lines = lines
        self._batches: list[Sequence[Job]] = []
        self._asked = 0

    def submit(self, batch: Sequence[Job]) -> None:
        """Take a batch."""
        self._batches.append(batch)

    def as_completed(self) -> Iterator[list[Outcome]]:
        """Answer what was asked."""
        while self._batches:
            yield [self._answer(job) for job in self._batches.pop()]

    def close(self) -> None:
        """Nothing to stop."""

    def _answer(self, job: Job) -> Outcome:
        self._asked += 1
        line = self._lines[self._asked % len(self._lines)]
        named = line | {"content": job.content, "kind": job.kind, "locator": job.locator}
        return Outcome(job=job, line=json.dumps(named, separators=(",", ":")), seconds=0.1)


def driver_share(scored: Path, counts: Sequence[int]) -> None:
    """Print what the driver spends on an ECG, by the number of ECGs in the archive.

    Parameters
    ----------
    scored : folder of a finished run, whose results are the answers
    counts : numbers of ECGs
    """
    lines = [json.loads(line) for line in (scored / "shards" / "00000.jsonl").open()]
    runner._executor = lambda _plan: Answers(lines)  # type: ignore[assignment]
    print("| ECGs | looking, ms each | scoring and tables, ms each | together |")
    print("| --- | --- | --- | --- |")
    for count in counts:
        with tempfile.TemporaryDirectory(dir=scored.parent) as folder:
            archive = Path(folder) / "in"
            for number in range(count):
                place = archive / f"{number // 1000:03d}"
                if number % 1000 == 0:
                    place.mkdir(parents=True)
                (place / f"{number:06d}.csv").write_text(f"time_s,I,II\n{number},0,0\n" * 2000)
            looked = 0.0

            def looking(_done: int, _read: int) -> None:
                nonlocal looked
                looked = time.process_time()

            began = time.process_time()
            run_archive(Plan(out=Path(folder) / "out", sources=(str(archive),)), looking=looking)
            ended = time.process_time()
        first, rest = (looked - began) / count * 1e3, (ended - looked) / count * 1e3
        print(f"| {count} | {first:.2f} | {rest:.2f} | {first + rest:.2f} |", flush=True)
