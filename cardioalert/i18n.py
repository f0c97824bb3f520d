"""Text for people: English in the code, other languages through gettext catalogs."""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Final

LANGUAGES: Final = ("en", "ru", "uz")

_language: ContextVar[str] = ContextVar("language", default="en")


def set_language(code: str) -> None:
    """Choose the language of all texts from here on (this thread or task only)."""
    if code not in LANGUAGES:
        raise ValueError(f"language {code!r} is none of {', '.join(LANGUAGES)}")
    _language.set(code)


@cache
def _catalog(code: str) -> gettext.NullTranslations:
    """Load one catalog; English needs none."""
    folder = resources.files("cardioalert").joinpath("locales")
    return gettext.translation("cardioalert", str(folder), languages=[code], fallback=True)


def translate(message: str) -> str:
    """Return `message` in the chosen language; imported as `_` where texts are made."""
    return _catalog(_language.get()).gettext(message) if message else ""
