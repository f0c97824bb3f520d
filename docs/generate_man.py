"""The manual page, `man cardioalert`, written from the program by docs/generate.py."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cardioalert_cli.app import COMMANDS

ENVIRONMENT = (
    ("CARDIOALERT_LANG", "Language of all texts: en, ru or uz."),
    ("CARDIOALERT_DATABASE_URL", "Database of clinics, bookings and patients."),
    ("CARDIOALERT_DATA_DIR", "Folder of the embedded database, the keys and stored files."),
    ("CARDIOALERT_KEY_FILE", "The encryption keys."),
    ("NO_COLOR", "No colour and no escape codes; TERM=dumb asks for plain ASCII as well."),
)


def manual_page(commands: dict[str, Any], version: str, exit_codes: dict[int, str]) -> str:
    """Return the page in the language of man(7)."""
    lines = [
        '.\\" Written by docs/generate.py: change the program, then run it again.',
        f'.TH CARDIOALERT 1 "" "CardioAlert {version}" "User Commands"',
        ".SH NAME",
        "cardioalert \\- read an ECG from a photo of the paper or from a hospital file",
        ".SH SYNOPSIS",
        ".B cardioalert",
        ".I COMMAND",
        "[\\fIARGUMENTS\\fR]...",
        ".SH DESCRIPTION",
        "Digitizes, measures, finds, explains and advises. Research and education software, not a",
        "medical device: advisory only, never the sole means of diagnosis.",
        "Results go to standard output, progress and errors to standard error; \\- reads standard",
        "input; \\-\\-json prints objects for programs.",
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        word = name.replace("_", "-")
        lines += _command(f"cardioalert {word}", commands[word])
        for part, child in getattr(commands[word], "commands", {}).items():
            lines += _command(f"cardioalert {word} {part}", child)
    lines += [".SH EXIT STATUS"]
    for code, text in exit_codes.items():
        lines += [".TP", f".B {code}", _escaped(text.replace("`", ""))]
    lines += [".SH ENVIRONMENT"]
    for variable, text in ENVIRONMENT:
        lines += [".TP", f".B {variable}", _escaped(text)]
    lines += [".SH EXAMPLES", ".nf"]
    for name in COMMANDS:
        examples = import_module(f"cardioalert_cli.commands.{name}").EXAMPLES
        lines += [_escaped(example) for example in examples]
    return "\n".join([*lines, ".fi", ""])


def _command(name: str, command: Any) -> list[str]:
    """Return the part of one command."""
    lines = [f".SS {_escaped(name)}", _escaped(_first(command.help))]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            names = f"\\fI{_escaped(parameter.metavar or parameter.name.upper())}\\fR"
        else:
            names = ", ".join(f"\\fB{_escaped(option)}\\fR" for option in parameter.opts)
        lines += [".TP", names, _escaped(parameter.help or "")]
    return lines


def _first(text: str | None) -> str:
    """Return the first paragraph of a help text."""
    return " ".join((text or "").replace("\b", "").split("\n\n")[0].split())


def _escaped(text: str) -> str:
    """Return a text that man takes as it is."""
    plain = text.replace("\\", "\\\\").replace("-", "\\-")
    return f"\\&{plain}" if plain[:1] in (".", "'") else plain
