"""The examples of the documentation are commands that exist and Python that runs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUN = (
    "README.md",
    "docs/tutorial/from_photo_to_answer.md",
    "docs/how-to/use_in_research.md",
)
"""Pages whose Python is run; that of the others needs files or servers of the reader."""
HEREDOC = re.compile(r"<<-?\s*'?(\w+)'?.*?\n\1\n", re.S)


def blocks(page: Path, language: str) -> list[str]:
    """Return the code of a language on a page."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.S)


def command_lines(page: Path) -> list[list[str]]:
    """Return the words of every call of `cardioalert` on a page."""
    found = []
    for block in blocks(page, "bash"):
        text = HEREDOC.sub("\n", block).replace("\\\n", " ")
        for line in text.splitlines():
            for part in re.split(r"\|\|?|&&|;|(?<!\S)&(?!\S)", line.partition(" #")[0]):
                words = [w for w in shlex.split(part) if not re.match(r"\w+=", w) or "/" in w]
                if words and Path(words[0]).name == "cardioalert":
                    words = [w for w in words[1:] if not re.match(r"\d?[<>]", w)]
                    found.append(words)
    return found


@pytest.fixture(scope="module")
def program() -> Any:
    """The command line as its framework sees it."""
    from cardioalert_cli.app import build_command  # noqa: PLC0415

    return build_command()


def leaf(program: Any, words: list[str]) -> tuple[Any, Any, list[str]]:
    """Return the command that some words name, its context, and the words left for it."""
    command, context, left = program, program.context_class(program, info_name="cardioalert"), words
    while left and (child := getattr(command, "commands", {}).get(left[0])) is not None:
        context = child.context_class(child, parent=context, info_name=left[0])
        command, left = child, left[1:]
    return command, context, left


def test_every_command_of_the_documentation_exists(program: Any, checkout: Path) -> None:
    pages = [checkout / "README.md", *sorted((checkout / "docs").rglob("*.md"))]
    wrong, count = [], 0
    for page in pages:
        for words in command_lines(page):
            count += 1
            command, context, left = leaf(program, words)
            if command is program and left and not left[0].startswith("-"):
                wrong.append(f"{page.name}: no command {left[0]}")
                continue
            try:
                command.make_parser(context).parse_args(list(left))
            except Exception as error:
                wrong.append(f"{page.name}: {' '.join(words)}: {error}")
    assert not wrong
    assert count > 30


@pytest.mark.parametrize("name", RUN)
def test_python_of_the_documentation_runs(name: str, checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    for target in ("examples/ecg_photo.jpg", "photo.jpg", "ecg.jpg"):
        shutil.copy(checkout / "examples" / "ecg_photo.jpg", tmp_path / target)
    code = "\n".join(blocks(checkout / name, "python"))
    assert code
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=300)
