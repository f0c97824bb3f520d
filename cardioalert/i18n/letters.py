"""Uzbek letters: oʻ and gʻ are written with U+02BB, but people type many other signs.

Search compares folded texts, so that a name is found however its apostrophes, accents or alphabet
were typed.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_APOSTROPHES: Final = "ʻʼ’‘`´ʹ′'"
_TO_STRAIGHT: Final = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
_CYRILLIC: Final = str.maketrans(
    {
        "а": "a",
        "б": "b",
        "в": "v",
        "г": "g",
        "д": "d",
        "е": "e",
        "ё": "yo",
        "ж": "j",
        "з": "z",
        "и": "i",
        "й": "y",
        "к": "k",
        "л": "l",
        "м": "m",
        "н": "n",
        "о": "o",
        "п": "p",
        "р": "r",
        "с": "s",
        "т": "t",
        "у": "u",
        "ф": "f",
        "х": "x",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "sh",
        "ъ": "",
        "ы": "i",
        "ь": "",
        "э": "e",
        "ю": "yu",
        "я": "ya",
        "ў": "o",
        "қ": "q",
        "ғ": "g",
        "ҳ": "h",
    }
)
"""Uzbek Cyrillic to Latin; the letters that only Russian has go to the nearest."""


def straight_apostrophes(text: str) -> str:
    """Return a text with ASCII apostrophes, as SMS and comparisons need them.

    Examples
    --------
    >>> straight_apostrophes("Oʻzbekiston")
    "O'zbekiston"
    """
    return text.translate(_TO_STRAIGHT)


def fold(text: str) -> str:
    """Return the key under which a name is searched: no case, apostrophes, accents or alphabet.

    Examples
    --------
    >>> {fold(name) for name in ("Oʻzbek", "O'zbek", "o‘zbek", "Özbek", "ЎЗБЕК")}
    {'ozbek'}
    """
    composed = unicodedata.normalize("NFC", text).casefold().translate(_CYRILLIC)
    plain = unicodedata.normalize("NFKD", composed)
    kept = (sign for sign in plain if not unicodedata.combining(sign))
    return "".join(sign for sign in kept if sign not in _APOSTROPHES)
