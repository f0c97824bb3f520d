"""A process of its own for files that may break a decoder: it can be killed and replaced.

It is started as a plain command and talks over its standard streams, so it works the same under the
command line, in a notebook, and inside the worker of a cluster (which may not have children of the
usual kind).
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Final

from cardioalert.archive.outcome import Job, Outcome
from cardioalert.errors import LimitError, WorkerDiedError, WorkerTimeoutError

ATTEMPTS: Final = 3  # a process may also be killed by chance
ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)

PATIENCE: Final = 10.0  # seconds on the clock for each second of the processor

_LENGTH: Final = 8  # bytes before each message


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one ECG may cost.

    Attributes
    ----------
    seconds : float, s
        Of the processor, so that a busy machine condemns no file; ten times as long on the clock.
    megabytes : int, MB
        Of the process's memory; only where the operating system can limit it.
    """

    seconds: float = 60.0
    megabytes: int = 2000


class IsolatedScorer:
    """One process that scores jobs one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def score(self, job: Job) -> Outcome:
        """Score a job; a process that hangs or dies is replaced, and the job gets a code."""
        for _ in range(ATTEMPTS):
            outcome, error = self._attempt(job)
            if outcome is not None:
                return outcome
            if isinstance(error, WorkerTimeoutError):
                break
        return Outcome(job=job, code=error.code, message=error.message)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not sent yet is lost with the process
                if stream is not None:
                    stream.close()

    def _attempt(self, job: Job) -> tuple[Outcome | None, LimitError]:
        """Send a job and wait for its outcome, or for the end of the process."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(PATIENCE * self._limits.seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            send(process.stdin, job)
            outcome: Outcome | None = receive(process.stdout)
        except (OSError, EOFError):
            outcome = None
        finally:
            timer.cancel()
        if outcome is not None:
            return outcome, LimitError("")
        ended = process.wait()
        self.close()
        if late.is_set() or ended == -getattr(signal, "SIGXCPU", 0):
            seconds = f"{self._limits.seconds:g} s"
            return None, WorkerTimeoutError(f"{job.locator} was not scored within {seconds}")
        return None, WorkerDiedError(f"the process that read {job.locator} died {ATTEMPTS} times")

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the process, started when there is none."""
        if self._process is None:
            command = (sys.executable, "-m", "cardioalert.archive.worker")
            self._process = subprocess.Popen(
                (*command, str(self._limits.seconds), str(self._limits.megabytes)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the driver alone
                env=os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(sys.path)},
            )
            assert self._process.stdout is not None
            receive(self._process.stdout)  # it has loaded what it needs: now the clock may run
        return self._process


def send(stream: IO[bytes], message: Any) -> None:
    """Write one message."""
    data = pickle.dumps(message)
    stream.write(len(data).to_bytes(_LENGTH, "big") + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read one message.

    Raises
    ------
    EOFError
        The other side is gone.
    """
    length = int.from_bytes(_exactly(stream, _LENGTH), "big")
    return pickle.loads(_exactly(stream, length))  # from our own process


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data
