"""Public holidays of Uzbekistan: opening hours cannot know them, so they are written in by hand.

The library of opening hours has no calendar of Uzbekistan and silently ignores "PH off" without
one: a clinic would be called open on Independence Day.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

from cardioalert.i18n import translate as _

LAST_DECREED_YEAR: Final = 2026
"""The last year whose moved days off are decreed; later years hold only what the law fixes."""


def _names() -> dict[str, str]:
    """Return the words of each holiday: the library knows no Russian ones."""
    return {
        "New Year's Day": _("New Year's Day"),
        "Women's Day": _("Women's Day"),
        "Nowruz": _("Nowruz"),
        "Day of Memory and Honor": _("Day of Memory and Honor"),
        "Independence Day": _("Independence Day"),
        "Teachers and Instructors Day": _("Teachers and Instructors Day"),
        "Constitution Day": _("Constitution Day of the Republic of Uzbekistan"),
        "Eid al-Fitr": _("Eid al-Fitr"),
        "Eid al-Adha": _("Eid al-Adha"),
    }


@cache
def days_off(year: int) -> frozenset[date]:
    """Return the public holidays of a year."""
    return frozenset(_calendar(year))


@cache
def _calendar(year: int) -> dict[date, str]:
    import holidays  # noqa: PLC0415 - a large library

    return dict(holidays.country_holidays("UZ", years=year, language="en_US"))


def name_of(day: date) -> str:
    """Return what is celebrated, in the chosen language; empty on other days."""
    name = _calendar(day.year).get(day)
    if name is None:
        return ""
    return next((text for key, text in _names().items() if key in name), _("Public holiday"))


def are_announced(year: int) -> bool:
    """Whether the days off of a year are decreed already."""
    return year <= LAST_DECREED_YEAR
