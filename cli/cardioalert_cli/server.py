"""Run the REST server in this process, and the worker beside it; stop both cleanly."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from cardioalert.errors import MissingLibraryError
from cardioalert.i18n import translate as _
from cardioalert_cli.problems import UsageProblemError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from cardioalert.care.desk import Desk
    from cardioalert.notify.channel import Channel

WITH_INPUT: Final = "CARDIOALERT_END_WITH_INPUT"


def make_app(desk: Desk, channels: tuple[Channel, ...]) -> FastAPI:
    """Return the application.

    Raises
    ------
    MissingLibraryError
        The extra `server` is not installed.
    """
    try:
        import uvicorn  # noqa: F401, PLC0415 - an extra, and heavy

        from cardioalert.rest.app import create_app  # noqa: PLC0415
    except ImportError as error:
        raise MissingLibraryError(
            _("the library {name} is not installed", name=error.name),
            hint="pip install 'cardioalert[server]'",
        ) from None
    return create_app(desk, channels=channels)


@contextmanager
def door(host: str, port: int) -> Iterator[socket.socket]:
    """Take a port before anything is said about it; 0 takes a free one.

    Raises
    ------
    UsageProblemError
        Somebody else has the port, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, port))
        except OSError as error:
            raise UsageProblemError(
                _("cannot listen at {host}, port {port}: {reason}", host=host, port=str(port),
                  reason=error.strerror or type(error).__name__),
                hint=_("Choose another one with --port."),
            ) from None  # fmt: skip
        taken.listen()  # whoever comes as soon as the address is told waits, and is not refused
        yield taken


def serve_until_stopped(
    app: FastAPI, listening: socket.socket, *, worker: bool, **more: Any
) -> None:
    """Serve until Ctrl-C or SIGTERM; requests that have begun are finished first."""
    import uvicorn  # noqa: PLC0415 - an extra, and heavy

    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, **more)
    with ends_cleanly(), beside() if worker else no_worker():
        uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def ends_cleanly() -> Iterator[None]:
    """Let SIGTERM end the program as Ctrl-C does, so that the worker beside it ends, too."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def beside() -> Iterator[None]:
    """Run `cardioalert worker` in a process of its own."""
    words = [sys.executable, "-c", "from cardioalert_cli.app import main; main(['worker'])"]
    # A session of its own: Ctrl-C reaches the server, which then ends the worker. The pipe is for
    # a server that is killed and ends nothing: the operating system closes it then.
    process = subprocess.Popen(
        words, start_new_session=True, stdin=subprocess.PIPE, env=os.environ | {WITH_INPUT: "1"}
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdin:
            process.stdin.close()


def end_with_input() -> None:
    """End this process when its standard input ends, if whoever started it asked for that.

    A worker may be stopped at any moment: what it has in hand is leased, and done again by another
    one. Works where there are no signals, too.
    """
    if os.environ.pop(WITH_INPUT, "") != "1":
        return

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os._exit(0)

    threading.Thread(target=watch, name="end-with-input", daemon=True).start()


@contextmanager
def no_worker() -> Iterator[None]:
    """Run nothing beside."""
    yield


def is_loopback(host: str) -> bool:
    """Whether an address is of this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
