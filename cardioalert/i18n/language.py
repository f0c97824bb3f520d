"""The chosen language, and messages in it."""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

from cardioalert.i18n.catalogs import catalog
from cardioalert.i18n.pseudo import disguise

LANGUAGES: Final = ("en", "ru", "uz")
PSEUDO: Final = "en-XA"
"""English in disguise: what is not disguised on a screen was never marked for translation."""
_DECIMAL_COMMA: Final = frozenset(("ru", "uz"))

_language: ContextVar[str] = ContextVar("language", default="en")


def set_language(code: str) -> None:
    """Choose the language of all texts from here on (this thread or task only).

    Raises
    ------
    ValueError
        There are no texts in this language.
    """
    if code not in (*LANGUAGES, PSEUDO):
        raise ValueError(f"language {code!r} is none of {', '.join(LANGUAGES)}")
    _language.set(code)


def language() -> str:
    """Return the chosen language."""
    return _language.get()


@contextmanager
def use_language(code: str) -> Iterator[None]:
    """Speak another language for a while, such as that of the reader of a report."""
    before = language()
    set_language(code)
    try:
        yield
    finally:
        _language.set(before)


def N_(message: str) -> str:  # noqa: N802 - the name by which catalog tools find the texts
    """Mark a text for the catalogs; it is translated where it is shown."""
    return message


def translate(message: str, /, **values: Any) -> str:
    """Return `message` in the chosen language; imported as `_` where texts are made.

    Parameters
    ----------
    message : str
        English, with `{name}` for each value; never an f-string, whose values no catalog knows.
    values
        Put into the translated text; their decimal sign follows the language.

    Examples
    --------
    >>> translate("{count} of {all} leads", count=11, all=12)
    '11 of 12 leads'
    """
    code = _language.get()
    if code == "en":  # asked for hundreds of times for one ECG
        return message.format(**values) if values else message
    text = _find_in(code, message) if message else message
    return _fill(text, values) if values else text


def ngettext(one: str, many: str, count: int, /, **values: Any) -> str:
    """Return the form of a message that goes with a number; `{count}` stands for it.

    Examples
    --------
    >>> ngettext("{count} beat", "{count} beats", 3)
    '3 beats'
    """
    code = language()
    if code == "en":
        text = one if count == 1 else many
    elif code == PSEUDO:
        text = disguise(one if count == 1 else many)
    else:
        text = catalog(code).ngettext(one, many, count)
    return _fill(text, {"count": count, **values})


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """Return a message whose English word means different things in different places."""
    code = language()
    if code == "en":
        text = message
    elif code == PSEUDO:
        text = disguise(message)
    else:
        text = catalog(code).pgettext(context, message)
    return _fill(text, values) if values else text


@lru_cache(maxsize=8192)  # more than there are texts
def _find_in(code: str, message: str) -> str:
    """Return the translation into one language; a batch asks for the same few again and again."""
    if code == PSEUDO:
        return disguise(message)
    return catalog(code).gettext(message)


class _Formatter(string.Formatter):
    """`str.format` with the decimal sign of the language."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one value; only true fractions have a decimal sign."""
        text = str(format(value, format_spec))
        if isinstance(value, float) and language() in _DECIMAL_COMMA:
            text = text.replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")
            return text.replace("%", "\N{NO-BREAK SPACE}%").replace("-", "\N{MINUS SIGN}")
        return text


_formatter: Final = _Formatter()


def _fill(text: str, values: dict[str, Any]) -> str:
    """Put values into a text."""
    if language() not in _DECIMAL_COMMA or not any(isinstance(v, float) for v in values.values()):
        return text.format(**values)
    return _formatter.vformat(text, (), values)
