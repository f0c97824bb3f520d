"""Write the parts of the reference that the program knows best: errors, formats, commands.

    python docs/generate.py           # write them
    python docs/generate.py --check   # fail when a page is not what would be written

A test runs the check, so these pages are never out of date.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from cardioalert_cli.app import COMMANDS, build_app
from cardioalert_cli.problems import ExitCode, exit_code_of

from cardioalert import __version__, errors
from cardioalert.errors import CardioAlertError
from cardioalert.formats.registry import FORMATS

HERE: Final = Path(__file__).parent
GENERATED: Final = "<!-- Written by docs/generate.py: change the program, then run it again. -->\n"
EXIT_CODE_TEXTS: Final = {
    ExitCode.DONE: "Done.",
    ExitCode.FINDING: "Done, and there is a finding at or above `--fail-on` (off by default).",
    ExitCode.USAGE: "The command was called in a wrong way.",
    ExitCode.INPUT: "The input is unreadable or was refused; the error has a code and a hint.",
    ExitCode.NOT_APPLICABLE: "The question does not apply to this person or file.",
    ExitCode.NOT_ALLOWED: "The caller may not do this.",
    ExitCode.PEER: "The network or another system failed.",
    ExitCode.INTERRUPTED: "Interrupted from the keyboard.",
}


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def error_classes(base: type[CardioAlertError] = CardioAlertError) -> Iterator[type[Any]]:
    """Yield every error class of the library, parents before children, in the order written."""
    yield base
    for child in base.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from error_classes(child)


def errors_page() -> str:
    """Return the reference of exit codes and error codes."""
    exits = [(str(int(code)), text) for code, text in EXIT_CODE_TEXTS.items()]
    rows = [
        (
            f"`{kind.code}`",
            str(int(exit_code_of(kind("")))),
            f"`{kind.__name__}`",
            (kind.__doc__ or "").splitlines()[0],
            kind.hint,
        )
        for kind in error_classes()
    ]
    return (
        "# Exit codes and error codes\n\n"
        "The command line ends with one of these numbers:\n\n"
        + table(("exit code", "meaning"), exits)
        + "\nEvery expected failure has a code that never changes, so that programs can rely on it."
        ' With `--json` it is printed as `{"error": {"code": ..., "message": ..., "hint": ...}}`;'
        " in Python it is the attribute `code` of the exception, a class of `cardioalert.errors`."
        " The command line adds `usage` for a wrong call (exit code 2), `cannot-write` for a result"
        " that cannot be saved (3) and `internal-error` for a fault of the program itself (3).\n\n"
        + table(("code", "exit", "class", "meaning", "what to do"), rows)
    )


def formats_page() -> str:
    """Return the reference of file formats."""
    rows = [
        (
            form.name,
            " ".join(f"`{suffix}`" for suffix in form.suffixes),
            "read, written" if form.can_write else "read",
            first_line(form.module),
        )
        for form in FORMATS
    ]
    return (
        "# File formats\n\n"
        "A file is known by its content; its name only decides where the content leaves a doubt."
        " The first ending of a digital format chooses it for writing.\n\n"
        "## Pictures\n\n"
        "JPEG, PNG, BMP, TIFF, WebP, HEIC and PDF pages, from 0.1 to 120 megapixels and up to"
        " 100 MB. The orientation in the EXIF data is honoured, transparency becomes white paper,"
        " and more than 16 megapixels are reduced while reading. Pictures and PDF documents inside"
        " DICOM objects are taken out and read the same way.\n\n"
        "## Digital records\n\n" + table(("format", "endings", "", "notes"), rows)
    )


def first_line(module: str) -> str:
    """Return the first paragraph of a module's docstring without the name of the format."""
    paragraph = (import_module(module).__doc__ or "").split("\n\n")[0]
    text = " ".join(paragraph.split()).partition(": ")[2]
    return text[:1].upper() + text[1:]


def commands_page() -> str:
    """Return the reference of the command line."""
    import typer  # noqa: PLC0415 - the texts of the commands are made when it is imported

    commands: dict[str, Any] = typer.main.get_command(build_app()).commands  # type: ignore[attr-defined]
    sections = ["# The command line\n"]
    for name in COMMANDS:
        word = name.replace("_", "-")
        command = commands[word]
        sections.append(f"\n## `cardioalert {word}`\n\n{paragraphs(command.help)}\n")
        sections.append(parameters(command))
        for part, subcommand in getattr(command, "commands", {}).items():
            sections.append(f"\n### `{name} {part}`\n\n{paragraphs(subcommand.help)}\n")
            sections.append(parameters(subcommand))
        examples = import_module(f"cardioalert_cli.commands.{name}").EXAMPLES
        sections.append("\n```bash\n" + "\n".join(examples) + "\n```\n")
    return "".join(sections)


def parameters(command: Any) -> str:
    """Return the table of arguments and options of a command."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    rows = [(f"`{p.metavar or p.name.upper()}`", p.help or "") for p in arguments]
    rows += [(", ".join(f"`{o}`" for o in p.opts), p.help or "") for p in options]
    return "\n" + table(("argument", "meaning"), rows) if rows else ""


def paragraphs(text: str) -> str:
    """Return a help text without the marks that keep its lines apart on a terminal."""
    return re.sub(r"\n{3,}", "\n\n", text.replace("\b\n", "").strip())


def manual() -> str:
    """Return the manual page."""
    import typer  # noqa: PLC0415 - the texts of the commands are made when it is imported

    sys.path.insert(0, str(HERE))
    from generate_man import manual_page  # noqa: PLC0415 - beside this script

    commands: dict[str, Any] = typer.main.get_command(build_app()).commands  # type: ignore[attr-defined]
    exit_codes = {int(code): text for code, text in EXIT_CODE_TEXTS.items()}
    return manual_page(commands, __version__, exit_codes)


def glossary_page() -> str:
    """Return the glossary as a table."""
    with (HERE / "reference" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["en"], row["ru"], row["uz"], row["source"]) for row in csv.DictReader(file)]
    return (
        "# Glossary\n\n"
        "One term, one translation: `python -m catalogs check` holds every text to this table"
        " (`docs/reference/glossary.csv`). No cardiologist who speaks Russian or Uzbek has reviewed"
        " the translations yet; until then they are a draft.\n\n"
        + table(("English", "Russian", "Uzbek", "source"), sorted(rows))
    )


PAGES: Final[dict[str, Callable[[], str]]] = {
    "reference/errors.md": errors_page,
    "reference/formats.md": formats_page,
    "reference/command_line.md": commands_page,
    "reference/glossary.md": glossary_page,
    "man/cardioalert.1": manual,
}


def main(arguments: list[str]) -> int:
    """Write or check every generated page."""
    stale = []
    for name, make in PAGES.items():
        mark = GENERATED if name.endswith(".md") else ""
        path, text = HERE / name, mark + make()
        if "--check" in arguments:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run python docs/generate.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
