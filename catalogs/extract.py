"""Find every text that people read: marked in Python, by its key in the TOML tables.

In Python: `_(...)`, `translate(...)`, `N_(...)`, `ngettext(...)`, `pgettext(...)`, and every
`hint="..."`, because hints of errors are translated where an error is shown.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
FOLDERS: Final = ("cardioalert", "cli/cardioalert_cli")
CALLS: Final = frozenset(("_", "translate", "N_", "ngettext", "pgettext"))
TABLE_KEYS: Final = frozenset(
    ("text", "title", "label", "question", "why", "explanation", "against")
)
"""Keys of TOML tables whose values people read."""
TABLES_OF_TEXTS: Final = frozenset(
    ("reasons", "silences", "page_texts", "error_texts", "notice_texts")
)
"""Keys of TOML tables that hold code = text."""
VERBATIM: Final = frozenset(("national_form.toml",))
"""Tables whose texts are quoted in the languages of their authors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text for the catalogs.

    Attributes
    ----------
    message : str, or a pair of singular and plural
    context : str
        Of `pgettext`; empty for all others.
    file : str
        Relative to the repository.
    """

    message: str | tuple[str, str]
    file: str
    context: str = ""


def all_texts() -> Iterator[Text]:
    """Yield every text of the program, file by file."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py":
                yield from python_texts(path)
            elif path.suffix == ".toml" and path.name not in VERBATIM:
                yield from table_texts(path)


def python_texts(path: Path) -> Iterator[Text]:
    """Yield the marked texts of a module, in their order."""
    file = path.relative_to(ROOT).as_posix()
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    found = [(getattr(node, "lineno", 0), text) for node in nodes for text in _texts_of(node, file)]
    yield from (text for _line, text in sorted(found, key=lambda pair: pair[0]))


def _texts_of(node: ast.AST, file: str) -> Iterator[Text]:
    """Yield what one piece of syntax marks."""
    if isinstance(node, ast.Call):
        yield from _texts_of_call(node, file)
    elif isinstance(node, ast.ClassDef):
        for statement in node.body:
            if isinstance(statement, ast.Assign) and _assigns_hint(statement):
                yield from _plain(statement.value, file)


def _texts_of_call(call: ast.Call, file: str) -> Iterator[Text]:
    """Yield the text a call marks, and its hint."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    words = [_constant(argument) for argument in call.args]
    if name in CALLS:
        wanted = 2 if name in ("ngettext", "pgettext") else 1
        if len(words) < wanted or None in words[:wanted]:
            if name in ("_", "N_") and call.args and isinstance(call.args[0], ast.JoinedStr):
                raise ValueError(f"{file}:{call.lineno}: an f-string cannot be translated")
            return
        if name == "ngettext":
            yield Text(message=(words[0] or "", words[1] or ""), file=file)
        elif name == "pgettext":
            yield Text(message=words[1] or "", context=words[0] or "", file=file)
        else:
            yield Text(message=words[0] or "", file=file)
    for keyword in call.keywords:
        if keyword.arg == "hint":
            yield from _plain(keyword.value, file)


def _assigns_hint(statement: ast.Assign) -> bool:
    """Whether a class attribute is the hint of an error."""
    return any(isinstance(target, ast.Name) and target.id == "hint" for target in statement.targets)


def _plain(node: ast.expr, file: str) -> Iterator[Text]:
    """Yield a literal text."""
    if message := _constant(node):
        yield Text(message=message, file=file)


def _constant(node: ast.expr) -> str | None:
    """Return the value of a string literal; None for everything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def table_texts(path: Path) -> Iterator[Text]:
    """Yield the texts of a table."""
    file = path.relative_to(ROOT).as_posix()
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    yield from (Text(message=message, file=file) for message in _values(content))


def _values(content: Any) -> Iterator[str]:
    """Yield the values of the keys whose values people read."""
    if isinstance(content, list):
        for item in content:
            yield from _values(item)
    elif isinstance(content, dict):
        for key, value in content.items():
            if isinstance(value, str):
                if key in TABLE_KEYS and value:
                    yield value
            elif key in TABLES_OF_TEXTS and isinstance(value, dict):
                yield from value.values()
            else:
                yield from _values(value)
