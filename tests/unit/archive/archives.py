"""Small archives for tests, and a run in this process with a scorer that answers at once."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from cardioalert.archive import runner
from cardioalert.archive.outcome import Job, Outcome
from cardioalert.archive.scoring import software_version
from cardioalert.domain.contract import analysis_to_dict
from tests.made_analysis import made_analysis


def make_files(folder: Path, count: int, *, first: int = 0) -> None:
    """Write so many files of different content that look like CSV records."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / f"{number:04d}.csv").write_text(f"time_s,I,II\n{number},0,0\n")


class AtOnce:
    """An executor that scores in this process, with made answers."""

    room = 2

    def __init__(self) -> None:
        self.scored: list[str] = []
        self.stop_after: int | None = None
        self._batches: list[Sequence[Job]] = []

    def submit(self, batch: Sequence[Job]) -> None:
        self._batches.append(batch)

    def as_completed(self) -> Iterator[list[Outcome]]:
        while self._batches:
            yield [self._score(job) for job in self._batches.pop()]

    def close(self) -> None:
        self._batches.clear()

    def _score(self, job: Job) -> Outcome:
        if self.stop_after is not None and len(self.scored) >= self.stop_after:
            raise KeyboardInterrupt
        self.scored.append(job.content)
        if job.content.startswith("0"):  # one in sixteen
            return Outcome(job=job, code="corrupt-file", message=f"{job.locator} is damaged")
        analysis = analysis_to_dict(made_analysis(on_page=job.is_picture))
        analysis["input"]["sha256"] = job.content
        document = {
            "content": job.content,
            "kind": job.kind,
            "locator": job.locator,
            "version": software_version(),
            "pages": 1,
            "person": {"age": 61.0, "sex": "female", "recorded_at": "2019-04-01T10:00:00"},
            "analysis": analysis,
        }
        return Outcome(job=job, line=json.dumps(document))


def run(monkeypatch, executor: AtOnce, out: Path, *sources: Path, **options) -> None:
    """Run an archive with an executor."""
    monkeypatch.setattr(runner, "_executor", lambda _: executor)
    plan = runner.Plan(out=out, sources=tuple(map(str, sources)), **options)
    runner.run_archive(plan)


def tables(out: Path) -> dict[str, bytes]:
    """Return every finished table."""
    endings = {".csv", ".jsonl", ".json", ".html", ".parquet"}
    return {path.name: path.read_bytes() for path in out.iterdir() if path.suffix in endings}


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
