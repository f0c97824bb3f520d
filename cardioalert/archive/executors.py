"""Who runs the jobs: this machine's processes, or a Dask cluster. Three methods each.

An executor owns no state that matters: when it dies, the manifest knows what is left.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Final, Protocol

from cardioalert.archive.isolation import IsolatedScorer
from cardioalert.archive.outcome import Job, Outcome
from cardioalert.errors import MissingLibraryError, PeerError
from cardioalert.i18n import translate as _
from cardioalert.isolation import Limits

LOST_BATCHES: Final = 20  # times that a cluster may lose a batch before we give up

Batch = Sequence[Job]


class Executor(Protocol):
    """Runs batches of jobs."""

    @property
    def room(self) -> int:
        """How many batches it wants in hand so that no worker waits."""

    def submit(self, batch: Batch) -> None:
        """Take a batch."""

    def as_completed(self) -> Iterator[Sequence[Outcome]]:
        """Return the outcomes of batches as they come, until none is left; batches may be added."""

    def close(self) -> None:
        """Stop at once."""


class LocalExecutor:
    """Processes on this machine, each behind a thread that watches over it."""

    def __init__(self, workers: int, limits: Limits) -> None:
        self._jobs: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Sequence[Outcome] | BaseException] = queue.SimpleQueue()
        self._waiting = 0
        self._workers = workers
        self._scorers = [IsolatedScorer(limits) for _ in range(workers)]
        self._threads = [
            threading.Thread(target=self._work, args=(scorer,), daemon=True)
            for scorer in self._scorers
        ]
        for thread in self._threads:
            thread.start()

    @property
    def room(self) -> int:
        """Two batches a worker."""
        return 2 * self._workers

    def submit(self, batch: Batch) -> None:
        """Take a batch."""
        self._waiting += 1
        self._jobs.put(batch)

    def as_completed(self) -> Iterator[Sequence[Outcome]]:
        """Return outcomes as they come."""
        while self._waiting:
            outcomes = self._done.get()
            self._waiting -= 1
            if isinstance(outcomes, BaseException):
                raise outcomes
            yield outcomes

    def close(self) -> None:
        """Stop at once."""
        for _thread in self._threads:
            self._jobs.put(None)
        for scorer in self._scorers:
            scorer.close()

    def _work(self, scorer: IsolatedScorer) -> None:
        """Score batch after batch."""
        while (batch := self._jobs.get()) is not None:
            try:
                self._done.put(scorer.score_all(batch))
            except BaseException as error:
                self._done.put(error)


class DaskExecutor:
    """The workers of a Dask cluster; each keeps a process of its own for the files."""

    def __init__(self, address: str, limits: Limits) -> None:
        """Connect to a scheduler, `tcp://HOST:PORT`.

        Raises
        ------
        MissingLibraryError, PeerError
        """
        try:
            distributed: Any = import_module("distributed")  # only clusters need it
        except ImportError as error:
            raise MissingLibraryError(
                _("a cluster needs the library {name}, which is not installed", name=error.name),
                hint="Install it with: pip install 'cardioalert[cluster]'",
            ) from error
        self._limits = limits
        try:
            self._client: Any = distributed.Client(address, timeout=10, set_as_default=False)
            self._client.wait_for_workers(1, timeout=30)
        except (OSError, TimeoutError, ValueError) as error:
            raise PeerError(
                _(
                    "the Dask scheduler at {address} does not answer: {error}",
                    address=address,
                    error=error,
                )
            ) from error
        self._batches: dict[str, Batch] = {}
        self._finished: Any = distributed.as_completed(loop=self._client.loop)
        self._killed = distributed.KilledWorker
        self._lost = 0

    @property
    def room(self) -> int:
        """Two batches a worker."""
        return 2 * max(1, int(sum(self._client.nthreads().values())))

    def submit(self, batch: Batch) -> None:
        """Take a batch."""
        future = self._client.submit(score_on_cluster, list(batch), self._limits, pure=False)
        self._batches[future.key] = batch
        self._finished.add(future)

    def as_completed(self) -> Iterator[Sequence[Outcome]]:
        """Return outcomes as they come."""
        while self._batches:
            future = next(self._finished)
            batch = self._batches.pop(future.key)
            error = future.exception() if future.status == "error" else None
            if future.status == "finished":
                yield future.result()
            elif isinstance(error, self._killed) and self._lost < LOST_BATCHES:
                self._lost += 1  # workers died around it: not the fault of a file
                self.submit(batch)
            else:
                raise PeerError(
                    _("the Dask cluster lost a batch: {error}", error=error or future.status)
                )

    def close(self) -> None:
        """Stop at once."""
        self._client.close(timeout=2)


_at_hand = threading.local()


def score_on_cluster(batch: Batch, limits: Limits) -> list[Outcome]:
    """Score a batch on a worker of the cluster, in the process that its thread keeps."""
    scorer = getattr(_at_hand, "scorer", None)
    if scorer is None:
        scorer = _at_hand.scorer = IsolatedScorer(limits)
    return list(scorer.score_all(batch))
