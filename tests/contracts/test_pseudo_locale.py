"""No text is hard-coded: every screen in a pseudo-locale, and every message of an error.

The pseudo-locale is made of the catalogs when the test runs. What it does not disguise is either a
name (a command, a unit of a file format, a lead), or English that a reader of Russian would meet.
"""

from __future__ import annotations

import ast
import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cardioalert_cli import problems

from cardioalert import errors

NAMES = re.compile(
    r"(?x) \b("
    r"cardioalert|CardioAlert|ecg\.csv|csv|json|pdf|html|no\.jpg|action|NaN|ASCII|deg"
    r"|(?:aV[RLF]|III|PDF|QRS|RR|QT)"
    r"|(?:[A-Z0-9]{2,}_?(?:/[A-Z]+)?)"  # placeholders such as FILE, codes such as NORM
    r"|SHA-256 \s [0-9a-f]+"
    r")(?![a-z])"
)
"""What is written alike in every language."""
QUIET = {"doctor": r"^\s*(ok|--)\s.*$"}
"""Lines of versions, files and fonts."""


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.pseudo_screens", str(tmp_path_factory.mktemp("pseudo"))],
        cwd=checkout,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, str] = json.loads(done.stdout)
    return found


def undisguised(text: str) -> str:
    """Return what stands outside of the brackets of the pseudo-locale."""
    lines, depth = [], 0
    for line in text.splitlines():
        kept = []
        for sign in line:
            if sign == "⟦":
                depth += 1
            elif sign == "⟧":
                depth -= 1
            elif depth == 0:
                kept.append(sign)
        if line.rstrip().endswith("..."):  # the framework shortens descriptions in a list
            depth = 0
        lines.append("".join(kept))
    assert depth == 0, "a text was cut before its closing bracket"
    return "\n".join(lines)


def hard_coded(name: str, text: str, commands: set[str]) -> list[str]:
    """Return the words of a screen that no catalog knows."""
    if name.startswith("page"):
        text = html.unescape(re.sub(r"(?s)<style.*?</style>|<[^>]+>", " ", text))
    plain = undisguised(text)
    plain = re.sub(QUIET.get(name, r"(?!)"), "", plain, flags=re.M)
    plain = re.sub(r"(?m)^.*\| cardioalert .*$|^\W*(?:[A-Z_]+=\S+ )?cardioalert .*$", "", plain)
    plain = re.sub(r"\b[\w-]+ +SHA-256 [0-9a-f]+|SHA-256 [0-9a-f]+", "", plain)
    plain = re.sub(r"<[a-z0-9|-]+>|(?<!\w)--?[\w-]+", "", plain)  # choices and options
    plain = NAMES.sub("", plain)
    return [word for word in re.findall(r"[A-Za-z-]{3,}", plain) if word not in commands]


def test_no_screen_holds_hard_coded_text(screens: dict[str, str]) -> None:
    commands = {word for name in screens if name.startswith("cardioalert") for word in name.split()}
    commands |= {"dead", "retry", "outbox"}
    found = {name: hard_coded(name, text, commands) for name, text in screens.items()}
    assert {name: words for name, words in found.items() if words} == {}
    assert len(screens) > 80
    assert sum(text.count("⟦") for text in screens.values()) > 2000


def test_hard_coded_text_would_be_found() -> None:
    assert hard_coded("x", "⟦Nõ grîd~⟧ and English", set()) == ["and", "English"]
    assert hard_coded("page 1", "<p>⟦Ã⟧</p><style>p {}</style><b>Hello</b>", set()) == ["Hello"]


SPOKEN_BY_MACHINES = ("cardioalert/hospital",)
"""Folders whose errors engineers of hospitals read, in English: protocols, not people."""


def error_names() -> set[str]:
    kinds = {**vars(errors), **vars(problems)}
    return {
        name for name, kind in kinds.items() if name.endswith("Error") and isinstance(kind, type)
    }


def test_every_message_of_an_error_is_marked_for_translation(checkout: Path) -> None:
    names, wrong = error_names(), []
    for folder in ("cardioalert", "cli"):
        for path in sorted((checkout / folder).rglob("*.py")):
            file = path.relative_to(checkout).as_posix()
            if file.startswith(SPOKEN_BY_MACHINES):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                text = node.args[0]
                plain = (
                    isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value
                )
                if called in names and (plain or isinstance(text, ast.JoinedStr)):
                    wrong.append(f"{file}:{node.lineno}")
    assert wrong == []
