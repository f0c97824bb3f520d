"""Numbers, dates and times as the chosen language writes them; never used in JSON or CSV."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cardioalert.i18n.language import PSEUDO, language

MOST_DECIMALS: Final = 6
GROUPED_FROM: Final = 10_000  # 1500 ms needs no separator
LARGEST: Final = 1e15


def number(value: float, decimals: int | None = None, *, signed: bool = False) -> str:
    """Return a number for people.

    Parameters
    ----------
    value : float
    decimals : int, optional
        Digits after the decimal sign; as many as the value has (up to six) unless given.
    signed : bool
        Whether positive numbers get a plus.

    Examples
    --------
    >>> number(1234567.5)
    '1,234,567.5'
    >>> number(0.123, 2, signed=True)
    '+0.12'
    """
    if not abs(value) < LARGEST:  # absurd, or no number: nothing to round or group
        return f"{value:g}"
    places = MOST_DECIMALS if decimals is None else decimals
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    rounded += 0  # never "-0"
    text = _small(rounded, decimals) if abs(rounded) < GROUPED_FROM else _large(rounded, decimals)
    return f"+{text}" if signed and rounded >= 0 else text


def _small(value: Decimal, decimals: int | None) -> str:
    """Write a number without groups of digits; Babel would need a tenth of a second to load."""
    text = f"{value:f}"
    if decimals is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if _is_english() else text.replace(".", ",")


def _large(value: Decimal, decimals: int | None) -> str:
    """Write a number with groups of three digits."""
    from babel.numbers import format_decimal  # noqa: PLC0415 - `--help` must stay fast

    places = MOST_DECIMALS if decimals is None else decimals
    digits = "." + ("#" if decimals is None else "0") * places if places else ""
    return format_decimal(value, format="#,##0" + digits, locale=_locale())


def percent(share: float, decimals: int = 0) -> str:
    """Return a share as a percentage, such as `97 %`."""
    sign = "%" if _is_english() else "\N{NO-BREAK SPACE}%"
    return number(share * 100.0, decimals) + sign


def date_text(day: date, style: str = "long") -> str:
    """Return a date: `long` in words, `short` as DD.MM.YYYY, which all three languages read."""
    from babel.dates import format_date  # noqa: PLC0415 - `--help` must stay fast

    pattern = "dd.MM.yyyy" if style == "short" else style
    return format_date(day, format=pattern, locale=_locale())


def time_text(moment: time | datetime) -> str:
    """Return the hours and minutes, 00:00 to 23:59."""
    return f"{moment:%H:%M}"


def datetime_text(moment: datetime, style: str = "long") -> str:
    """Return date and time in the zone of the moment."""
    return f"{date_text(moment.date(), style)}, {time_text(moment)}"


def _is_english() -> bool:
    """Whether the decimal sign is a point."""
    return language() in ("en", PSEUDO)


def _locale() -> str:
    """Return the name Babel has for the language."""
    code = language()
    return {"uz": "uz_Latn", PSEUDO: "en"}.get(code, code)
