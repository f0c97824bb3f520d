"""The glossary of medical terms: one term, one translation (docs/reference/glossary.csv)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from catalogs.extract import ROOT

FILE: Final = ROOT / "docs" / "reference" / "glossary.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One row of the glossary.

    Attributes
    ----------
    en, ru, uz : str
        The term and its translations.
    ru_stem, uz_stem : str
        What every form of the translation holds, in lower case; alternatives between bars.
    source : str
        Where the translations come from.
    """

    en: str
    ru: str
    uz: str
    ru_stem: str
    uz_stem: str
    source: str

    def stems(self, code: str) -> tuple[str, ...]:
        """Return the stems of a language."""
        return tuple((self.ru_stem if code == "ru" else self.uz_stem).split("|"))

    def is_in(self, text: str) -> bool:
        """Whether an English text uses the term, in the singular or plural."""
        return (
            re.search(rf"(?<![\w-]){re.escape(self.en)}s?(?![\w-]| to\b)", text, re.I) is not None
        )


@cache
def terms() -> tuple[Term, ...]:
    """Return the glossary, longer terms first, so that they are not taken for their parts."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [Term(**row) for row in csv.DictReader(file)]
    return tuple(sorted(rows, key=lambda term: -len(term.en)))


def wrong_terms(source: str, translated: str, code: str) -> Iterator[str]:
    """Yield the terms of a text that its translation does not render as the glossary does."""
    left, lower = re.sub(r"\{[^{}]*\}|\S+\.(?=\w)\S+", " ", source), translated.lower()
    for term in terms():
        if term.is_in(left):
            left = re.sub(rf"{re.escape(term.en)}s?", " ", left, flags=re.I)
            if not any(stem in lower for stem in term.stems(code)):
                wanted = term.ru if code == "ru" else term.uz
                yield f"“{term.en}” is “{wanted}” in the glossary"
