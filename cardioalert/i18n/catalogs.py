"""Load the catalogs: compiled when the package is built, from their source in a checkout."""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path
from typing import Final

DOMAIN: Final = "cardioalert"
FOLDER: Final = Path(__file__).parents[1] / "locales"


@cache
def catalog(code: str) -> gettext.NullTranslations:
    """Return the catalog of a language; an empty one, which gives English back, if there is none.

    An installed package holds compiled catalogs only. A checkout holds their sources, too, and a
    source that is newer than what was compiled from it is compiled again, in memory.
    """
    folder = FOLDER / code / "LC_MESSAGES"
    source, compiled = folder / f"{DOMAIN}.po", folder / f"{DOMAIN}.mo"
    if source.is_file() and not _is_fresh(compiled, source):
        return gettext.GNUTranslations(io.BytesIO(compile_catalog(source)))
    if compiled.is_file():
        with compiled.open("rb") as file:
            return gettext.GNUTranslations(file)
    return gettext.NullTranslations()


def compile_catalog(source: Path) -> bytes:
    """Return what a PO file is compiled to."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - only in a checkout
    from babel.messages.pofile import read_po  # noqa: PLC0415 - only in a checkout

    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file))
    return compiled.getvalue()


def _is_fresh(compiled: Path, source: Path) -> bool:
    """Whether a compiled catalog is there and not older than its source."""
    return compiled.is_file() and compiled.stat().st_mtime >= source.stat().st_mtime
