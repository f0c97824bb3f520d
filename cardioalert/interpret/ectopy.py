"""How premature ventricular beats follow each other: bigeminy, trigeminy, couplets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from cardioalert.domain.clinical import BeatClass
from cardioalert.interpret.case import Case
from cardioalert.interpret.checks import Quantity
from cardioalert.interpret.criteria import kinds

SAME_RR: Final = 0.005  # s, two RR this close are one


@dataclass(frozen=True, slots=True, kw_only=True)
class WideBeats:
    """Wide beats that follow each other without another between.

    Attributes
    ----------
    first, count : int
        The first one in its strip, and how many there are.
    premature : bool
        Whether they come sooner after the beat before than the next beat comes after them. Where a
        page changes its leads beats look wide that are not; blocks that come and go keep time.
    """

    first: int
    count: int
    premature: bool


def bigeminy(case: Case) -> Quantity:
    """Count the premature wide beats that take turns with one other beat each."""
    return _count("bigeminy", case, max(_in_turn(strip, 2) for strip in _strips(case)))


def trigeminy(case: Case) -> Quantity:
    """Count the premature wide beats that take turns with two other beats each."""
    return _count("trigeminy", case, max(_in_turn(strip, 3) for strip in _strips(case)))


def couplets(case: Case) -> Quantity:
    """Count the pairs of premature wide beats; three and more in a row are a run."""
    groups = [each for strip in _strips(case) for each in strip]
    return _count("couplets", case, sum(each.premature and each.count == 2 for each in groups))


def _strips(case: Case) -> list[list[WideBeats]]:
    """Return the wide beats of each piece between the gaps of the print.

    An RR longer than any measured one is a gap.
    """
    beats, longest = case.measurements.beats, case.measurements.rhythm.rr_max or 0.0
    strips: list[list[int]] = [[]]
    for beat in range(len(beats.classes)):
        if beat and beats.r_peaks[beat] - beats.r_peaks[beat - 1] > longest + SAME_RR:
            strips.append([])
        strips[-1].append(beat)
    return [
        _wide_beats(
            [beats.classes[beat] is BeatClass.ECTOPIC_WIDE for beat in strip],
            [float(beats.r_peaks[beat]) for beat in strip],
        )
        for strip in strips
    ]


def _wide_beats(is_wide: list[bool], times: list[float]) -> list[WideBeats]:
    """Return the groups of wide beats of one strip; at its ends nothing says that one is late."""
    found = []
    first = 0
    for wide, group in groupby(is_wide):
        count = len(list(group))
        after = first + count
        if wide:
            inside = first > 0 and after < len(times)
            early = not inside or (
                times[first] - times[first - 1] < times[after] - times[after - 1] - SAME_RR
            )
            found.append(WideBeats(first=first, count=count, premature=early))
        first = after
    return found


def _in_turn(strip: list[WideBeats], every: int) -> int:
    """Return the most single premature beats in a row, each `every` beats behind the one before."""
    rows = groupby(
        one.premature
        and other.premature
        and one.count == other.count == 1
        and other.first - one.first == every
        for one, other in pairwise(strip)
    )
    return max((1 + len(list(row)) for in_turn, row in rows if in_turn), default=0)


def _count(name: str, case: Case, count: int) -> Quantity:
    """Return a count of beats; nothing where no beat has a class."""
    beats = len(case.measurements.beats.classes)
    reason = "" if beats else "too-few-beats"
    value = float(count) if beats else None
    return Quantity(kind=kinds()[name], value=value, beats=beats, reason=reason)
