"""Choose the language of all texts, before the commands and their help texts are built."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

from cardioalert.i18n import LANGUAGES, PSEUDO, language, set_language

VARIABLES: Final = ("CARDIOALERT_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""Where a language may stand; the first variable that is set decides, as POSIX has it."""


def choose_language(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """Set the language from `--lang`, else from the environment, else English.

    A `--lang` nobody knows is left for the command to refuse.
    """
    asked = (_option(arguments), *(environment.get(name, "") for name in VARIABLES))
    first = next(filter(None, asked), "")
    short = first[:2].lower()
    code = PSEUDO if first == PSEUDO else short if short in LANGUAGES else "en"
    set_language(code)
    return code


def current_language() -> str:
    """Return the language that was chosen."""
    return language()


def _option(arguments: Sequence[str]) -> str:
    """Return the value of the last `--lang`."""
    value = ""
    for position, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--lang" and position + 1 < len(arguments):
            value = arguments[position + 1]
        elif argument.startswith("--lang="):
            value = argument.removeprefix("--lang=")
    return value
