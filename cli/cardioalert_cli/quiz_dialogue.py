"""Ask the questions of the risk test on a terminal: back, skip, stop and go on later."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any, Final

from cardioalert.i18n import translate as _
from cardioalert.i18n import unit_text
from cardioalert.risk.questions import NO, YES, Interview, Question, ReplyError, unit_names
from cardioalert_cli import output
from cardioalert_cli.problems import UsageProblemError

SCHEMA: Final = "cardioalert.quiz-state/1"
BACK: Final = ("b", "<")
STOP: Final = ("q",)
HELP: Final = ("?",)


def state_file() -> Path:
    """Return where unfinished answers are kept."""
    folder = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(folder or Path.home() / ".local" / "state") / "cardioalert" / "quiz.json"


def load(path: Path) -> Interview:
    """Return the interview that was interrupted.

    Raises
    ------
    UsageProblemError
        When there is none, or it is of another version.
    """
    hint = _("Start again without --resume.")
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if state["schema"] != SCHEMA:
            raise KeyError(state["schema"])
        return Interview(raw=dict(state["answers"]), asked=tuple(state["asked"]))
    except FileNotFoundError:
        raise UsageProblemError(_("there is no unfinished test"), hint=hint) from None
    except (ValueError, KeyError, TypeError):
        raise UsageProblemError(
            _("the unfinished test in {path} cannot be read", path=path), hint=hint
        ) from None


def save(interview: Interview, path: Path) -> None:
    """Keep the answers so far, readable for this user only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"schema": SCHEMA, "answers": dict(interview.raw), "asked": list(interview.asked)}
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        json.dump(state, file, ensure_ascii=False)


def hold(interview: Interview, path: Path) -> dict[str, Any]:
    """Ask until every question is answered; return the answers.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C and on `q`; the answers so far are kept.
    """
    _tell(_("b = back, Enter = skip, q = stop and go on later, ? = help"), indent="")
    try:
        while (question := interview.question()) is not None:
            interview = _step(interview, question)
            save(interview, path)
    except KeyboardInterrupt:
        save(interview, path)
        output.note("\n" + _("The answers are kept. Go on with: cardioalert quiz --resume"))
        raise
    path.unlink(missing_ok=True)
    return dict(interview.raw)


def _step(interview: Interview, question: Question) -> Interview:
    """Ask one question once; a reply that does not answer it changes nothing."""
    text = _ask(question, number=len(interview.asked) + 1)
    word = text.strip().lower()
    if word in BACK:
        return interview.back()
    if word in STOP:
        raise KeyboardInterrupt
    if word in HELP:
        _tell(_help(question), indent="  ")
        return interview
    try:
        return interview.reply(text)
    except ReplyError as error:
        _tell(str(error), indent="  ")
        return interview


def _ask(question: Question, *, number: int) -> str:
    """Show a question on stderr and read a line."""
    output.note("")
    _tell(f"{number}. {_(question.text)}", indent="")
    for position, (_value, text) in enumerate(question.options, start=1):
        _tell(f"{position}  {_(text)}", indent="   ")
    print(f"   {_expected(question)} > ", end="", file=sys.stderr, flush=True)  # noqa: T201
    line = sys.stdin.readline()
    if not line:
        raise UsageProblemError(
            _("the input ended before the last question"),
            hint=_("Pass all answers at once with --answers FILE."),
        )
    return line


def _tell(text: str, *, indent: str) -> None:
    """Write a text on stderr without breaking a word at the edge of the terminal."""
    width = max(shutil.get_terminal_size().columns, output.NARROWEST)
    output.note(textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent))


def _expected(question: Question) -> str:
    """Say in a word what to type."""
    if question.kind == "yes-no":
        return f"{_(YES)} / {_(NO)}"
    if question.kind == "number":
        usual, *others = (unit_text(unit) for unit, _key in question.units)
        return _("{unit} (or {others})", unit=usual, others=", ".join(others)) if others else usual
    return f"1-{len(question.options)}"


def _help(question: Question) -> str:
    """Explain how to answer."""
    if question.kind == "number" and len(question.units) > 1:
        units = unit_names(question)
        return _("Type a number, with its unit if it is another one. Units: {units}.", units=units)
    if question.kind == "choices":
        return _("Type one number or several, such as 2,4.")
    return _("Type the answer, or nothing to skip the question if you do not know.")
