"""Results as they come: lines of JSON, appended to files of a handy size.

A line is written first and recorded in the manifest after; what a killed run wrote and did not
record is taken up by the next one, and half a line is cut off.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

from cardioalert.archive.manifest import Manifest, Place
from cardioalert.archive.outcome import Job, Outcome

FOLDER: Final = "shards"
FULL: Final = 64_000_000  # bytes


class Shards:
    """The folder of results."""

    def __init__(self, out: Path) -> None:
        self._folder = out / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.stem) for path in self._folder.glob("[0-9]*.jsonl")]
        self._number = max(numbers, default=0)
        self._open: dict[int, IO[bytes]] = {}

    def append(self, lines: Sequence[str]) -> list[Place]:
        """Write lines safely to disk; return where they stand."""
        path = self._path(self._number)
        if path.exists() and path.stat().st_size > FULL:
            self._number += 1
            path = self._path(self._number)
        places = []
        with path.open("ab") as shard:
            for line in lines:
                data = line.encode() + b"\n"
                start = shard.tell()
                shard.write(data)
                places.append(Place(shard=self._number, start=start, length=len(data)))
            shard.flush()
            os.fsync(shard.fileno())
        return places

    def read(self, place: Place) -> dict[str, Any]:
        """Return the document of one line."""
        shard = self._open.get(place.shard)
        if shard is None:
            shard = self._open[place.shard] = self._path(place.shard).open("rb")
        shard.seek(place.start)
        document: dict[str, Any] = json.loads(shard.read(place.length))
        return document

    def absorb(self, part: Shards) -> int:
        """Take up the files of another folder; return the number that its first one has here."""
        first = self._number + 1
        for path in sorted(part._folder.glob("[0-9]*.jsonl")):
            target = self._path(first + int(path.stem))
            shutil.copyfile(path, target)
            self._number = first + int(path.stem)
        return first

    def close(self) -> None:
        """Close the files that were opened for reading."""
        for shard in self._open.values():
            shard.close()
        self._open.clear()

    def recover(self, manifest: Manifest, version: str) -> int:
        """Record what a killed run wrote but did not record; return how many lines that were."""
        path = self._path(self._number)
        if not path.exists():
            return 0
        end = manifest.end_of_shard(self._number)
        adopted = []
        for start, data in _complete_lines(path, end):
            document = json.loads(data)
            end = start + len(data)
            job = Job(
                content=document["content"], kind=document["kind"], locator=document["locator"]
            )
            if document["version"] == version and manifest.is_pending(job.content, version):
                place = Place(shard=self._number, start=start, length=len(data))
                outcome = Outcome(job=job, line="-", pages=document["pages"])
                adopted.append((outcome, place))
        manifest.record(adopted, version)
        os.truncate(path, end)
        return len(adopted)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:05d}.jsonl"


def _complete_lines(path: Path, begin: int) -> Iterator[tuple[int, bytes]]:
    """Return the whole lines of a file from a place on, each with its first byte."""
    with path.open("rb") as shard:
        shard.seek(begin)
        start = begin
        for data in shard:
            if not data.endswith(b"\n"):
                return
            yield start, data
            start += len(data)
