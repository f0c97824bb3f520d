"""Where the command line writes: results to stdout, progress and errors to stderr.

Plain text (no colour, no escape codes) goes to pipes, to dumb terminals and under NO_COLOR; plain
ASCII to terminals that show nothing else.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from cardioalert.i18n import translate as _
from cardioalert_cli.problems import Problem

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from cardioalert.report.look import Look

NARROWEST: Final = 40  # characters
PROGRESS_AFTER: Final = 1.0  # s


class ReaderGoneError(Exception):
    """Whoever read stdout has closed it, as `head` does; not an error."""


def print_json(document: dict[str, Any]) -> None:
    """Write one document as one line."""
    readable = shows_unicode(sys.stdout)
    write(json.dumps(document, ensure_ascii=not readable, allow_nan=False))


def done(text: str, *, as_json: bool, name: str, **facts: Any) -> None:
    """Tell that something was done: a line for people, or `{"schema": "cardioalert.<name>/1"}`."""
    if as_json:
        print_json({"schema": f"cardioalert.{name}/1"} | facts)
    elif text:
        write(text)


def show(rendered: RenderableType) -> None:
    """Write an answer for people."""
    console = make_console(sys.stdout)
    if console.color_system is None:
        with console.capture() as captured:
            console.print(rendered)
        lines = (line.rstrip() for line in captured.get().splitlines())
        write("\n".join(lines))
    else:
        console.print(rendered)


def write(text: str) -> None:
    """Write lines to stdout; letters that it does not know become question marks."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        print(text.encode(encoding, errors="replace").decode(encoding), flush=True)  # noqa: T201
    except BrokenPipeError:
        raise ReaderGoneError from None


def write_list(lines: Iterable[str], *, none: str) -> None:
    """Write lines, or say that there are none."""
    found = list(lines)
    for line in found or [none]:
        write(line)


def look_of_terminal() -> Look:
    """Return what stdout can show."""
    from cardioalert.report.look import Look  # noqa: PLC0415 - `--help` must not wait for numpy

    return Look(width=make_console(sys.stdout).width, unicode=shows_unicode(sys.stdout))


def make_console(stream: TextIO) -> Console:
    """Return a rich console that has colour only where colour is wanted."""
    from rich.console import Console  # noqa: PLC0415 - `--help` must stay fast

    console = Console(
        file=stream,
        highlight=False,
        emoji=False,
        markup=False,
        color_system="auto" if wants_color(stream) else None,
    )
    console.width = max(console.width, NARROWEST)
    return console


def wants_color(stream: TextIO) -> bool:
    """Whether escape codes may be written."""
    return (
        stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "") not in ("dumb", "unknown")
    )


def shows_unicode(stream: TextIO) -> bool:
    """Whether braille, boxes and signs such as ± can be shown."""
    encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
    return encoding.startswith("utf") and os.environ.get("TERM") != "dumb"


@contextmanager
def progress(message: str) -> Iterator[None]:
    """Say on stderr what takes so long, once it has taken a second; only to people."""
    if not wants_color(sys.stderr):
        yield
        return
    from rich.text import Text  # noqa: PLC0415 - `--help` must stay fast

    status = make_console(sys.stderr).status(Text(message))
    timer = threading.Timer(PROGRESS_AFTER, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()


def note(message: str) -> None:
    """Write a remark to stderr."""
    print(message, file=sys.stderr)  # noqa: T201


def report_problem(problem: Problem, *, as_json: bool, path: str = "") -> None:
    """Tell what went wrong: an object on stdout for programs, three lines on stderr for people."""
    if as_json:
        about = {"input": {"path": path}} if path else {}
        print_json({"error": problem.to_dict()} | about)
        return
    from rich.text import Text  # noqa: PLC0415 - `--help` must stay fast

    where = f"{Path(path).name}: " if path else ""
    lines = [
        (_("Error"), "bold red", f"{where}{problem.title}", ""),
        (_("Why"), "dim", problem.message, ""),
        (_("Fix"), "dim", problem.hint, ""),
        (_("Try"), "dim", problem.command, "bold"),
    ]
    room = max(len(label) for label, *_rest in lines) + 2
    console = make_console(sys.stderr)
    for label, label_style, text, style in lines:
        if text:
            line = Text.assemble((f"{label:<{room}}", label_style), (text, style))
            console.print(line, soft_wrap=True)
