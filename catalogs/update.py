"""Bring the PO files up to date. A translation whose text was changed is dropped, not guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from cardioalert.i18n import LANGUAGES
from cardioalert.i18n.catalogs import DOMAIN, FOLDER
from catalogs.extract import all_texts

TRANSLATED: Final = tuple(code for code in LANGUAGES if code != "en")
BABEL_NAMES: Final = {"uz": "uz_Latn"}
NO_DATE: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""In the headers, so that a run that changes nothing writes nothing new."""
HEADER: Final = "# Translations of CardioAlert.\n# Written by `python -m catalogs update`.\n#"


def source_of(code: str) -> Path:
    """Return the PO file of a language."""
    return FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def template() -> Catalog:
    """Return all texts, none translated."""
    catalog = Catalog(domain=DOMAIN)
    for text in all_texts():
        catalog.add(text.message, locations=[(text.file, None)], context=text.context or None)
    return catalog


def empty(code: str) -> Catalog:
    """Return a catalog of a language without a text."""
    return Catalog(
        locale=BABEL_NAMES.get(code, code),
        domain=DOMAIN,
        project="CardioAlert",
        version="1",
        header_comment=HEADER,
        creation_date=NO_DATE,
        revision_date=NO_DATE,
        last_translator="CardioAlert",
        language_team="CardioAlert",
        fuzzy=False,
    )


def read(code: str) -> Catalog:
    """Return the catalog of a language as it is in the repository."""
    path = source_of(code)
    if not path.is_file():
        return empty(code)
    with path.open("rb") as file:
        return read_po(file, locale=BABEL_NAMES.get(code, code))


def merge(code: str, texts: Catalog) -> Catalog:
    """Return the texts with the translations that are known for exactly them."""
    known, merged = read(code), empty(code)
    for message in texts:
        if not message.id:
            continue
        before = known.get(message.id, context=message.context)
        merged.add(
            message.id,
            string=before.string if before is not None else None,
            locations=message.locations,
            context=message.context,
        )
    return merged


def write(catalog: Catalog, path: Path) -> None:
    """Write a catalog so that small changes make small differences."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, include_lineno=False, sort_by_file=True, width=100)


def update() -> dict[str, int]:
    """Write every PO file; return how many texts each still lacks."""
    texts = template()
    lacking = {}
    for code in TRANSLATED:
        merged = merge(code, texts)
        write(merged, source_of(code))
        lacking[code] = sum(not is_translated(message.string) for message in merged if message.id)
    return lacking


def is_translated(string: str | tuple[str, ...] | list[str]) -> bool:
    """Whether every form of a message is there."""
    return bool(string) if isinstance(string, str) else bool(string) and all(string)
