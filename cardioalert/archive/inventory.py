"""Look through an archive before anything is scored: what there is, and what of it is new."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from cardioalert.archive.identify import identify_folder
from cardioalert.archive.manifest import Manifest
from cardioalert.archive.sources import Found, find_folders

SECONDS_AT_FIRST: Final = {"image": 1.5, "pdf": 2.0}
SECONDS_OF_RECORDS: Final = 0.06  # of one core, until a run has measured it


@dataclass(frozen=True, slots=True)
class Share:
    """One of several parts of an archive, each for a run of its own with its own manifest.

    Attributes
    ----------
    number, of : int
        Which part, from 1, of how many.
    """

    number: int
    of: int

    def takes(self, found: Found) -> bool:
        """Tell whether a file belongs to this part; the files of one record stay together."""
        stem = found.entry.locator.rpartition(".")[0] or found.entry.locator
        return zlib.crc32(stem.encode()) % self.of == self.number - 1


def take_inventory(
    manifest: Manifest,
    sources: Sequence[str],
    *,
    looking: Callable[[int, int], None],
    share: Share | None = None,
) -> None:
    """Bring the manifest up to date; files of known size and time are not read again.

    Parameters
    ----------
    manifest : Manifest
    sources : as `find_folders` takes them
    looking : function
        Told how many files were looked at and how many of them were read.
    share : Share, optional
        The part of the archive that this run takes; all of it unless told.

    Raises
    ------
    InputError
        A source does not exist.
    """
    manifest.begin_scan()
    looked = read = 0
    for whole in find_folders(sources):
        folder = whole if share is None else [found for found in whole if share.takes(found)]
        new = _new_files(manifest, folder)
        manifest.add(identify_folder(new))
        looked += len(folder)
        read += len(new)
        looking(looked, read)
    manifest.end_scan()


def _new_files(manifest: Manifest, folder: Sequence[Found]) -> list[Found]:
    """Leave out what the manifest knows already.

    A folder is taken whole when anything in it is new: a signal file alone does not tell that it
    belongs to a header.
    """
    stamps = {f.entry.locator: (f.size, f.modified) for f in folder if f.trouble is None}
    known = manifest.unchanged(stamps)
    if len(known) == len(folder):
        return []
    return [found for found in folder if found.entry.locator not in known or _is_header(found)]


def _is_header(found: Found) -> bool:
    return found.entry.name.lower().endswith(".hea")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What there is of one kind of file.

    Attributes
    ----------
    files, distinct, to_score : int
        All of them; those with different content; those without a result.
    megabytes : float, MB
    """

    kind: str
    files: int
    megabytes: float
    distinct: int
    to_score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What an archive holds.

    Attributes
    ----------
    kinds : tuple of Kind
    refusals : dict
        How many files cannot be read, by code.
    seconds : float, s
        What scoring the rest will take, from earlier runs where there were any.
    """

    kinds: tuple[Kind, ...]
    refusals: dict[str, int]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of `batch --dry-run --json`."""
        return {"schema": "cardioalert.archive-inventory/1"} | asdict(self)


def describe(manifest: Manifest, *, version: str, workers: int) -> Inventory:
    """Describe what the last scan found."""
    to_score = manifest.count_pending(version)
    measured = {kind: total / count for kind, (count, total) in manifest.seconds().items()}
    kinds = tuple(
        Kind(
            kind=row["kind"],
            files=row["files"],
            megabytes=round(row["bytes"] / 1e6, 1),
            distinct=row["distinct"],
            to_score=to_score.get(row["kind"], 0),
        )
        for row in manifest.counts()
    )
    seconds = sum(
        kind.to_score * measured.get(kind.kind, SECONDS_AT_FIRST.get(kind.kind, SECONDS_OF_RECORDS))
        for kind in kinds
    )
    refusals = Counter(refused.code for refused in manifest.refused())
    return Inventory(
        kinds=kinds, refusals=dict(sorted(refusals.items())), seconds=round(seconds / workers, 1)
    )
