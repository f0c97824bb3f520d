"""English in disguise, for tests: accented, bracketed and a third longer, still readable.

A text on a screen without accents was hard-coded, and a text that loses its closing bracket is cut.
"""

from __future__ import annotations

import re
from typing import Final

_ACCENTS: Final = str.maketrans("AEIOUYaeiouycnsz", "ÀÉÎÕÛÝàéîõûýçñšž")
_KEPT: Final = re.compile(r"(\{[^{}]*\}|--[\w-]+|`[^`]*`|\bcardioalert(?: [a-z][\w-]*)*)")
"""Placeholders, options, code and commands, which are the same in every language."""


def disguise(text: str) -> str:
    """Return a text that no catalog would leave unchanged.

    Examples
    --------
    >>> disguise("No grid in {name}")
    '⟦Nõ grîd îñ {name}~~~⟧'
    """
    parts = _KEPT.split(text)
    letters = sum(len(part) for part in parts[::2])
    shown = (part if number % 2 else part.translate(_ACCENTS) for number, part in enumerate(parts))
    return f"⟦{''.join(shown)}{'~' * (letters // 3)}⟧" if letters else text
