"""Numbers as people type them and as they are printed."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Final

_SPACES: Final = dict.fromkeys(map(ord, "\u00a0\u2009\u202f "))
_PLAIN: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3},\d{3}")
_EXACT: Final = 1e6  # last digits; below, a half is far from what floating point blurs
_NEAR_HALF: Final = 1e-6


class AmbiguousNumberError(ValueError):
    """The text can be read as two different numbers."""


def parse_number(text: str) -> float:
    """Read a number with a decimal point or comma, and spaces between thousands.

    Raises
    ------
    ValueError
        When the text is no number, or (`AmbiguousNumberError`) when it has two readings.

    Examples
    --------
    >>> parse_number("5,8"), parse_number("1 250.5")
    (5.8, 1250.5)
    """
    compact = text.strip().translate(_SPACES)
    if _GROUPED.fullmatch(compact) and not compact.lstrip("+-").startswith("0"):
        raise AmbiguousNumberError(f"{text!r} may mean {compact.replace(',', '')} or a decimal")
    if not _PLAIN.fullmatch(compact):
        raise ValueError(f"{text!r} is not a number")
    return float(compact.replace(",", "."))


@cache
def _step(decimals: int) -> Decimal:
    """Return the last printed digit: 0.01 for two decimals."""
    return Decimal(1).scaleb(-decimals)


def round_half_up(value: float, decimals: int = 0) -> float:
    """Round as on paper: 0.5 goes up, judged in decimal digits.

    Examples
    --------
    >>> round_half_up(22.5), round_half_up(0.125, 2)
    (23.0, 0.13)
    """
    value = float(value)
    units = abs(value) * 10.0**decimals
    if units < _EXACT and abs(units % 1.0 - 0.5) > _NEAR_HALF:
        return round(value, decimals)  # no half anywhere near: every rule of rounding agrees
    return float(Decimal(repr(value)).quantize(_step(decimals), ROUND_HALF_UP))
