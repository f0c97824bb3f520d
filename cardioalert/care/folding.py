"""One key for names as they sound: on top of letters and alphabets, the spellings of one sound.

`i18n.fold` makes oʻ, o', ö and ў, Latin and Cyrillic one; people also write Hasan and Xasan, Kodir
and Qodir. The key is for searching only and is never shown.
"""

from __future__ import annotations

import re
from typing import Final

from cardioalert.i18n import fold as fold_letters

_SPELLINGS: Final = (
    ("sh", "š"), ("ch", "č"), ("kh", "x"), ("zh", "j"), ("h", "x"), ("ye", "e"), ("ts", "s"),
    ("w", "v"), ("q", "k"), ("yy", "y"),
)  # fmt: skip
"""Different spellings of one sound, applied in this order."""
_NEW_LETTERS: Final = str.maketrans({"ş": "sh", "Ş": "sh", "ç": "ch", "Ç": "ch"})


def fold(text: str) -> str:
    """Return the search key of a text.

    Examples
    --------
    >>> fold("Xasanov Gʻulom") == fold("Ҳасанов Ғулом") == fold("HASANOV  G'ulom")
    True
    """
    text = " ".join(re.findall(r"\w+", fold_letters(text.translate(_NEW_LETTERS))))
    for written, sound in _SPELLINGS:
        text = text.replace(written, sound)
    return text
