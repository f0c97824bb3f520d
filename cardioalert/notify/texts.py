"""The words of a message, in the reader's language; and how many SMS they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

from cardioalert.i18n import straight_apostrophes, translate, use_language
from cardioalert.tables import read_toml

_GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_DOUBLE: Final = frozenset("^{}\\[~]|€")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One row of `tables/templates.toml`."""

    code: str
    title: str
    text: str
    critical: bool = False


@cache
def templates() -> dict[str, Template]:
    """Return the templates by code."""
    rows = read_toml("cardioalert.notify", "templates.toml")["template"]
    return {row["code"]: Template(**row) for row in rows}


def render(code: str, values: dict[str, str], *, language: str) -> tuple[str, str]:
    """Return title and text of a message."""
    template = templates()[code]
    with use_language(language):
        text = translate(template.text, **values) if values else translate(template.text)
        return translate(template.title), text


def sms_text(text: str) -> str:
    """Return a text with ASCII apostrophes: U+02BB alone would halve what fits in an SMS."""
    return straight_apostrophes(text).replace("—", "-").replace("«", '"').replace("»", '"')


def sms_segments(text: str) -> int:
    """Return how many SMS a text takes: 160 or 153 characters of GSM 7-bit, 70 or 67 of UCS-2.

    Examples
    --------
    >>> sms_segments("a" * 160), sms_segments("a" * 161), sms_segments("ж" * 71)
    (1, 2, 2)
    """
    if set(text) <= _GSM7 | _GSM7_DOUBLE:
        length, single, joined = len(text) + sum(c in _GSM7_DOUBLE for c in text), 160, 153
    else:
        length, single, joined = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= single else math.ceil(length / joined)
