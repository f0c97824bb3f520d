"""Every command, found in the program itself: `--json`, `-h`, errors, streams and colours."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cardioalert_cli.app import build_command, main

SERVERS = {"serve", "hl7 listen", "dicom listen"}
"""They run until they are stopped; what they say is a log."""
ALWAYS_JSON = {"openapi"}
ESCAPE = "\x1b"


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield each command that does something, with its words."""
    children = getattr(command, "commands", {})
    if not children or getattr(command, "invoke_without_command", False):
        yield " ".join(path), command
    for name, child in children.items():
        yield from leaves(child, (*path, name))


COMMANDS = dict(leaves(build_command()))
PRINTING = sorted(set(COMMANDS) - SERVERS - ALWAYS_JSON)


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in getattr(parameter, "opts", ())}


def required(command: Any) -> list[str]:
    """Return words for what a command cannot do without; none of them exists."""
    words = []
    for parameter in command.params:
        if not parameter.required:
            continue
        value = "nowhere/nothing.json"
        words += [value] if parameter.param_type_name == "argument" else [parameter.opts[0], value]
    return words


def test_the_commands_were_found() -> None:
    assert len(COMMANDS) > 40
    assert {"analyze", "book make", "db check", "quiz"} <= set(COMMANDS)


@pytest.mark.parametrize("name", PRINTING)
def test_every_command_has_json(name: str) -> None:
    assert "--json" in options(COMMANDS[name])


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_the_same_help_language_and_debug(name: str, capsys: Any) -> None:
    assert {"--lang", "--debug"} <= options(COMMANDS[name])
    assert main([*name.split(), "-h"]) == 0
    short = capsys.readouterr()
    assert main([*name.split(), "--help"]) == 0
    assert capsys.readouterr() == short
    assert ESCAPE not in short.out
    assert short.err == ""


@pytest.mark.parametrize("name", PRINTING)
def test_an_error_of_json_is_one_object_on_stdout(
    name: str, capsys: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code = main([*name.split(), *required(COMMANDS[name]), "--json", "--no-such-option"])
    told = capsys.readouterr()
    (line,) = told.out.splitlines()
    error = json.loads(line)["error"]
    assert code == 2
    assert error["code"] == "usage"
    assert "--no-such-option" in error["message"]
    assert f"cardioalert {name.split(maxsplit=1)[0]}" in error["hint"]
    assert told.err == ""


@pytest.mark.parametrize("name", PRINTING)
def test_an_error_for_people_goes_to_stderr_with_the_next_command(name: str, capsys: Any) -> None:
    assert main([*name.split(), *required(COMMANDS[name]), "--no-such-option"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"cardioalert {name} --help" in told.err


PERSON = '{"age": 55, "sex": "male", "smoker": true, "sbp": 145, "bmi": 26.8}'
WORK = (
    "keys init",
    "clinics",  # fills a new database with invented clinics
    "db upgrade",
    "db check",
    "db backup copy.db",
    "keys status",
    "keys rotate",
    "audit verify",
    "audit head -o head.json",
    "audit history p17",
    "clinics show demo-tashkent-1",
    "clinics exception demo-tashkent-1 2026-12-31",
    "book list",
    "book slots demo-tashkent-1",
    "user patient p17",
    "user show p17",
    "user find",
    "user consent p17 channel:sms",
    "user export p17",
    "user erase p17 --yes",
    "clinics remove-demo",
    "worker --once",
    "worker dead",
    "worker retry",
    "hl7 outbox",
    "hl7 outbox purge",
    "hl7 outbox retry",
    "quiz --answers -",
    "doctor",
    "analyze ecg.hea",
    "digitize ecg.jpg -o out.csv",
)
"""Calls that succeed, one after the other, in a folder of their own."""
STDIN = {
    "quiz --answers -": PERSON,
    "user patient p17": '{"name": "A. Karimova", "phone": "901234567"}',
    "user find": "Karimova",
}


@pytest.mark.usefixtures("pipeline")
def test_what_succeeds_prints_json_and_nothing_else(
    capsys: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARDIOALERT_DATA_DIR", str(tmp_path / "data"))
    wrong = {}
    for call in WORK:
        stdin = io.TextIOWrapper(io.BytesIO(STDIN.get(call, "").encode()))
        monkeypatch.setattr(sys, "stdin", stdin)
        code = main([*call.split(), "--json"])
        told = capsys.readouterr()
        try:
            documents = [json.loads(line) for line in told.out.splitlines()]
        except ValueError:
            documents = []
        listing = call in ("hl7 outbox", "worker --once")  # a line each, if any
        if code not in (0, 1) or (not documents and not listing) or ESCAPE in told.out:
            wrong[call] = (code, told.out[:300], told.err[:300])
    assert wrong == {}
