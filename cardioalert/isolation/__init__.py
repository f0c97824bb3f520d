"""A process of its own for files that may break a decoder: it can be killed and replaced.

It is started as a plain command and talks over its standard streams, so it works the same under the
command line, in a server, in a notebook, and inside the worker of a cluster (which may not have
children of the usual kind). What comes back is JSON and bytes, never a pickle: a decoder that a
hostile file has taken over cannot take over whoever asked.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Final

from cardioalert import errors
from cardioalert.errors import CardioAlertError, LimitError, WorkerDiedError, WorkerTimeoutError
from cardioalert.i18n import translate as _

ATTEMPTS: Final = 3  # a process may also be killed by chance
ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
PATIENCE: Final = 10.0  # seconds on the clock for each second of the processor

Message = tuple[dict[str, Any], bytes]
"""What is asked and answered: values, and the bytes of a file."""

_LENGTH: Final = 8  # bytes before each part of a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may cost.

    Attributes
    ----------
    seconds : float, s
        Of the processor, so that a busy machine condemns no file; ten times as long on the clock.
    megabytes : int, MB
        Of the process's memory; only where the operating system can limit it. A page takes
        650 MB at most, and two processes with what started them stay under 2 GB.
    """

    seconds: float = 60.0
    megabytes: int = 900


class IsolatedCall:
    """One process that calls one function again and again; threads take turns.

    Parameters
    ----------
    target : str
        `module:function`; the function takes and returns a `Message`. A function `prepare` of the
        same module is called once, before the first file.
    """

    def __init__(self, target: str, limits: Limits) -> None:
        self._target, self._limits = target, limits
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def __call__(
        self, values: dict[str, Any], data: bytes = b"", *, name: str, attempts: int = ATTEMPTS
    ) -> Message:
        """Call the function; a process that hangs or dies is replaced.

        Parameters
        ----------
        name : what is worked on, for messages
        attempts : how many processes may die before it is given up

        Raises
        ------
        WorkerTimeoutError, WorkerDiedError
        CardioAlertError
            Whatever the function raised.
        """
        with self._turn:
            error: LimitError = LimitError("")
            for _ in range(attempts):
                answer, error = self._attempt((values, data), name)
                if answer is not None:
                    return _opened(answer)
                if isinstance(error, WorkerTimeoutError):
                    break
            raise error

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

    def _attempt(self, message: Message, name: str) -> tuple[Message | None, LimitError]:
        """Send a message and wait for the answer, or for the end of the process."""
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
            send(process.stdin, message)
            answer: Message | None = receive(process.stdout)
        except (OSError, EOFError, ValueError):
            answer = None
        finally:
            timer.cancel()
        if answer is not None:
            return answer, LimitError("")
        process.kill()  # it may also have answered nonsense
        ended = process.wait()
        self.close()
        if late.is_set() or ended == -getattr(signal, "SIGXCPU", 0):
            seconds = f"{self._limits.seconds:g} s"
            return None, WorkerTimeoutError(
                _("{name} was not worked on within {seconds}", name=name, seconds=seconds)
            )
        return None, WorkerDiedError(
            _("the process that read {name} died {attempts} times", name=name, attempts=ATTEMPTS)
        )

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the process, started when there is none."""
        if self._process is None:
            command = (sys.executable, "-m", "cardioalert.isolation.child", self._target)
            self._process = subprocess.Popen(
                (*command, str(self._limits.seconds), str(self._limits.megabytes)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the driver alone
                env=os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(sys.path)},
            )
            assert self._process.stdout is not None
            with suppress(EOFError):  # one that dies at once is found out by the first call
                receive(self._process.stdout)  # it has loaded what it needs: now the clock may run
        return self._process


def _opened(answer: Message) -> Message:
    """Return the answer, or raise the error it stands for."""
    values, data = answer
    if "error" not in values:
        return values["answer"], data
    code, message, hint = values["error"]
    error = _class_of(code)(message, hint=hint)
    error.code = code
    raise error


def _class_of(code: str) -> type[CardioAlertError]:
    """Return the class of errors with a code."""
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, CardioAlertError) and kind.code == code:
            return kind
    return CardioAlertError


def send(stream: IO[bytes], message: Message) -> None:
    """Write one message."""
    for part in (json.dumps(message[0]).encode(), message[1]):
        stream.write(len(part).to_bytes(_LENGTH, "big") + part)
    stream.flush()


def receive(stream: IO[bytes]) -> Message:
    """Read one message.

    Raises
    ------
    EOFError
        The other side is gone.
    """
    values = json.loads(_part(stream))
    return values, _part(stream)


def _part(stream: IO[bytes]) -> bytes:
    length = int.from_bytes(_exactly(stream, _LENGTH), "big")
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data
