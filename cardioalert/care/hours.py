"""Opening hours: OSM syntax, public holidays, and days unlike the others.

What wins, from the top: an exception of the day, a public holiday, the weekly rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cardioalert.care.holidays import days_off
from cardioalert.care.times import naive_local
from cardioalert.errors import InvalidDataError
from cardioalert.i18n import translate as _

if TYPE_CHECKING:
    from opening_hours import OpeningHours

DAY: Final = timedelta(days=1)
LOOK_AHEAD: Final = 14  # days in which "opens at" is looked for
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_RANGE: Final = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Openness:
    """Whether a place is open. Unknown hours are `None`, never `closed`."""

    is_open: bool | None
    until: datetime | None = None  # local, when this changes
    holiday: bool = False


def normalize(text: str) -> tuple[str, bool]:
    """Return opening hours in OSM syntax, and whether they had to be changed.

    Raises
    ------
    InvalidDataError

    Examples
    --------
    >>> normalize("Mo-Fr 8-20")
    ('Mo-Fr 08:00-20:00', True)
    """
    from opening_hours import validate  # noqa: PLC0415 - only where hours are needed

    text = text.strip()
    mended = re.sub(
        r"(?<![\d:])(\d{1,2})(?::?(\d\d))?\s*[-–]\s*(\d{1,2})(?::?(\d\d))?(?![\d:])",
        lambda m: f"{int(m[1]):02}:{m[2] or '00'}-{int(m[3]):02}:{m[4] or '00'}",
        text,
    )
    for candidate in (text, mended):
        if candidate and validate(candidate):
            return candidate, candidate != text
    raise InvalidDataError(
        _("{text!r} are no opening hours", text=text),
        hint="Write them as OpenStreetMap: Mo-Fr 08:00-18:00",
    )


def read_day(hours: str) -> list[tuple[time, time]]:
    """Read the hours of one day, `10:00-14:00,15:00-17:00`; empty means closed."""
    ranges = []
    for part in filter(None, (piece.strip() for piece in hours.split(","))):
        match = _RANGE.fullmatch(part)
        try:
            begin, end = (time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4])))  # type: ignore[index]
        except (TypeError, ValueError):
            raise InvalidDataError(
                _("{part!r} is no range such as 10:00-14:00", part=part)
            ) from None
        if end <= begin:
            raise InvalidDataError(_("{part!r} ends before it begins", part=part))
        ranges.append((begin, end))
    return ranges


def open_intervals(
    hours: str | None, exceptions: dict[date, str], first: date, last: date
) -> list[Interval]:
    """Return when a place is open, in wall-clock times, on the days `first` to `last`.

    Parameters
    ----------
    hours : OSM syntax; None when nobody knows them: then nothing is open
    exceptions : the hours of single days, which win over everything
    """
    begin, end = datetime.combine(first, time()), datetime.combine(last, time()) + DAY
    found: list[Interval] = []
    if hours:
        for opened, closed, state, _comment in _rules(hours, _years(first, last)).intervals(
            begin, end
        ):
            if str(state) in ("State.OPEN", "open"):
                found.append((opened, closed))
    for day in sorted(d for d in exceptions if first <= d <= last):
        found = list(_without(found, day))
        found += [
            (datetime.combine(day, opened), datetime.combine(day, closed))
            for opened, closed in read_day(exceptions[day])
        ]
    return sorted(found)


def _years(first: date, last: date) -> tuple[int, ...]:
    return tuple(range(first.year, last.year + 1))


def _without(intervals: Iterable[Interval], day: date) -> Iterable[Interval]:
    """Cut one day out of intervals; what goes over midnight keeps its other part."""
    begin, end = datetime.combine(day, time()), datetime.combine(day, time()) + DAY
    for opened, closed in intervals:
        if opened < begin:
            yield opened, min(closed, begin)
        if closed > end:
            yield max(opened, end), closed


@lru_cache(maxsize=4096)
def _rules(hours: str, years: Sequence[int]) -> OpeningHours:
    """Read hours, with the public holidays of these years written out as days off.

    A place whose own rule speaks of holidays ("PH 09:00-12:00", "24/7") keeps that rule.
    """
    from opening_hours import OpeningHours  # noqa: PLC0415

    parts = [part.strip() for part in hours.split(";") if part.strip()]
    of_holidays = [part for part in parts if part.startswith("PH")]
    rules = [part for part in parts if part not in of_holidays]
    what = of_holidays[-1].removeprefix("PH").strip() if of_holidays else "off"
    if not (hours.strip() == "24/7" and not of_holidays):
        for year in years:
            for day in sorted(days_off(year)):
                rules.append(f"{day.year} {_MONTHS[day.month - 1]} {day.day:02} {what}")
    return OpeningHours("; ".join(rules))


def openness(hours: str | None, exceptions: dict[date, str], at: datetime) -> Openness:
    """Tell whether a place is open at a moment, and until when that holds."""
    now = naive_local(at)
    today = now.date()
    if hours is None and today not in exceptions:
        return Openness(is_open=None)
    holiday = today in days_off(today.year)
    spans = open_intervals(hours, exceptions, today - DAY, today + timedelta(days=LOOK_AHEAD))
    for opened, closed in _joined(spans):
        if opened <= now < closed:
            end = datetime.combine(today + timedelta(days=LOOK_AHEAD), time()) + DAY
            until = closed if closed < end else None  # open for as long as we looked
            return Openness(is_open=True, until=until, holiday=holiday)
        if opened > now:
            return Openness(is_open=False, until=opened, holiday=holiday)
    return Openness(is_open=False, holiday=holiday)


def _joined(spans: list[Interval]) -> list[Interval]:
    """Join intervals that touch, such as the two halves of a night."""
    joined: list[Interval] = []
    for opened, closed in spans:
        if joined and opened <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closed))
        else:
            joined.append((opened, closed))
    return joined
