"""READ FIRST: the order of a run over an archive, and nothing else.

    inventory -> what is left -> batches -> executor -> shards -> manifest -> tables

Whatever is killed at whatever moment, the next run goes on from the manifest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from cardioalert.archive.executors import DaskExecutor, Executor, LocalExecutor
from cardioalert.archive.inventory import Inventory, Share, describe, take_inventory
from cardioalert.archive.manifest import FILE_NAME, Manifest
from cardioalert.archive.outcome import Job, Outcome
from cardioalert.archive.results import TableFormat, write_tables
from cardioalert.archive.scoring import software_version
from cardioalert.archive.shards import Shards
from cardioalert.archive.stated import StatedTable, read_stated
from cardioalert.archive.summary import Summary
from cardioalert.errors import FileMissingError, RunInProgressError
from cardioalert.i18n import translate as _
from cardioalert.isolation import Limits

PICTURE_COST: Final = 8  # a picture, in digital records
BATCH_COST: Final = 16

Progress = Callable[[int, int], None]
"""Told, after each batch, how many ECGs are done and how many there are to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to run.

    Attributes
    ----------
    sources : tuple of str
        Files, folders, patterns, archives, lists, URLs; empty: what the last scan found.
    out : Path
    workers : int
    cluster : str
        Address of a Dask scheduler; empty: processes on this machine.
    database : str
        URL of the manifest's database; empty: a file in `out`.
    share : Share, optional
        Take only this part of the sources.
    limit : int, optional
        Stop after so many ECGs.
    retry : bool
        Try again what failed.
    formats : tuple of TableFormat
    pseudonym_key : bytes, optional
        Replace names of files and contents by keyed hashes in all tables.
    stated : Path, optional
        A CSV table that states something of the files, to be compared with what we find.
    limits : Limits
    """

    out: Path
    sources: tuple[str, ...] = ()
    workers: int = 1
    cluster: str = ""
    database: str = ""
    share: Share | None = None
    limit: int | None = None
    retry: bool = False
    formats: tuple[TableFormat, ...] = (TableFormat.CSV, TableFormat.JSONL)
    pseudonym_key: bytes | None = None
    stated: Path | None = None
    limits: Limits = field(default_factory=Limits)


def default_workers() -> int:
    """Return one worker for each core that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def make_inventory(plan: Plan, *, looking: Progress = lambda *_: None) -> Inventory:
    """Say what an archive holds and what scoring it would take; nothing is scored.

    Raises
    ------
    RunInProgressError, InputError
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    with _only_run(plan.out), Manifest(plan.database or plan.out / FILE_NAME) as manifest:
        if plan.sources:
            take_inventory(manifest, plan.sources, looking=looking, share=plan.share)
        return describe(manifest, version=software_version(), workers=plan.workers)


def run_archive(
    plan: Plan, *, looking: Progress = lambda *_: None, scoring: Progress = lambda *_: None
) -> Summary:
    """Score an archive, or go on with it.

    Raises
    ------
    RunInProgressError
        Another run writes to the same folder.
    PeerError
        The cluster is gone; what was scored until then is kept.
    InputError
        A source does not exist.
    """
    stated = _stated(plan)  # a table that cannot be read must not cost a night
    plan.out.mkdir(parents=True, exist_ok=True)
    with _only_run(plan.out), Manifest(plan.database or plan.out / FILE_NAME) as manifest:
        shards = Shards(plan.out)
        shards.recover(manifest, software_version())
        if plan.sources:
            take_inventory(manifest, plan.sources, looking=looking, share=plan.share)
        if plan.retry:
            manifest.retry_failed()
        try:
            score_pending(plan, manifest, shards, scoring)
        finally:
            summary = write_tables(
                manifest,
                shards,
                plan.out,
                formats=plan.formats,
                key=plan.pseudonym_key,
                stated=stated,
            )
            shards.close()
    return summary


def merge_runs(parts: Sequence[Path], plan: Plan) -> Summary:
    """Join the results of runs that each took a share into one folder with tables of its own.

    Parameters
    ----------
    parts : folders of the runs
    plan : says where to, which tables, and whether with pseudonyms

    Raises
    ------
    FileMissingError
        A folder holds no run.
    """
    for part in parts:
        if not (part / FILE_NAME).is_file():
            raise FileMissingError(_("there is no run of an archive in {part}", part=part))
    stated = _stated(plan)
    plan.out.mkdir(parents=True, exist_ok=True)
    with _only_run(plan.out), Manifest(plan.database or plan.out / FILE_NAME) as manifest:
        shards = Shards(plan.out)
        manifest.leave_out_all()
        for part in parts:
            with Manifest(part / FILE_NAME) as one:
                manifest.absorb(one, first_shard=shards.absorb(Shards(part)))
        manifest.name_contents()
        summary = write_tables(
            manifest,
            shards,
            plan.out,
            formats=plan.formats,
            key=plan.pseudonym_key,
            stated=stated,
        )
        shards.close()
    return summary


def score_pending(plan: Plan, manifest: Manifest, shards: Shards, progress: Progress) -> None:
    """Score what is left, until nothing is or the limit is reached."""
    version = software_version()
    total = sum(manifest.count_pending(version).values())
    total = total if plan.limit is None else min(total, plan.limit)
    if total == 0:
        return
    executor = _executor(plan)
    done = 0
    try:
        while done < total:  # once more when pages of a PDF were found on the way
            jobs = islice(manifest.pending(version), total - done)
            for outcomes in _run(executor, make_batches(jobs)):
                _record(outcomes, manifest, shards, version)
                done += len(outcomes)
                progress(done, total)
            if plan.limit is None:
                total = done + sum(manifest.count_pending(version).values())
    finally:
        executor.close()


def make_batches(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Group jobs so that each batch costs about the same."""
    batch: list[Job] = []
    cost = 0
    for job in jobs:
        batch.append(job)
        cost += PICTURE_COST if job.is_picture else 1
        if cost >= BATCH_COST:
            yield batch
            batch, cost = [], 0
    if batch:
        yield batch


def _run(executor: Executor, batches: Iterator[list[Job]]) -> Iterator[Sequence[Outcome]]:
    """Keep the executor busy, with no more batches in hand than it needs."""
    for batch in islice(batches, executor.room):
        executor.submit(batch)
    for outcomes in executor.as_completed():
        yield outcomes
        for batch in islice(batches, 1):
            executor.submit(batch)


def _record(outcomes: Sequence[Outcome], manifest: Manifest, shards: Shards, version: str) -> None:
    """Write results first and the record of them after."""
    good = [outcome for outcome in outcomes if outcome.line]
    places = iter(shards.append([outcome.line for outcome in good]) if good else [])
    manifest.record(
        [(outcome, next(places) if outcome.line else None) for outcome in outcomes], version
    )


def _stated(plan: Plan) -> StatedTable | None:
    return None if plan.stated is None else read_stated(plan.stated)


def _executor(plan: Plan) -> Executor:
    if plan.cluster:
        return DaskExecutor(plan.cluster, plan.limits)
    return LocalExecutor(plan.workers, plan.limits)


@contextmanager
def _only_run(out: Path) -> Iterator[None]:
    """Lock the folder of results for this process; the lock ends with it, however it ends."""
    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunInProgressError(_("another run is writing to {out}", out=out)) from None
    try:
        yield
    finally:
        lock.release()
