"""How premature ventricular beats follow each other: bigeminy, trigeminy, couplets."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Final

from cardioalert.domain.clinical import BeatClass
from cardioalert.interpret.case import Case
from cardioalert.interpret.checks import Quantity
from cardioalert.interpret.criteria import kinds

SAME_RR: Final = 0.005  # s, two RR this close are one
PAIR: Final = 2  # three and more in a row are a run


def bigeminy(case: Case) -> Quantity:
    """Count the wide beats that take turns with one other beat each."""
    return _count("bigeminy", case, max(_in_turn(strip, 2) for strip in _strips(case)))


def trigeminy(case: Case) -> Quantity:
    """Count the wide beats that take turns with two other beats each."""
    return _count("trigeminy", case, max(_in_turn(strip, 3) for strip in _strips(case)))


def couplets(case: Case) -> Quantity:
    """Count the pairs of wide beats."""
    lengths = [
        len(list(run)) for strip in _strips(case) for is_wide, run in groupby(strip) if is_wide
    ]
    return _count("couplets", case, lengths.count(PAIR))


def _strips(case: Case) -> list[list[bool]]:
    """Return which beats are wide, in pieces between the gaps of the print.

    An RR longer than any measured one is a gap.
    """
    beats, longest = case.measurements.beats, case.measurements.rhythm.rr_max or 0.0
    strips: list[list[bool]] = [[]]
    for beat, kind in enumerate(beats.classes):
        if beat and beats.r_peaks[beat] - beats.r_peaks[beat - 1] > longest + SAME_RR:
            strips.append([])
        strips[-1].append(kind is BeatClass.ECTOPIC_WIDE)
    return strips


def _in_turn(strip: list[bool], every: int) -> int:
    """Return how many wide beats in a row stand `every` beats behind the one before, itself too."""
    wide = [beat for beat, is_wide in enumerate(strip) if is_wide]
    rows = groupby(later - earlier == every for earlier, later in pairwise(wide))
    return max((1 + len(list(row)) for in_turn, row in rows if in_turn), default=0)


def _count(name: str, case: Case, count: int) -> Quantity:
    """Return a count of beats; nothing where no beat has a class."""
    beats = len(case.measurements.beats.classes)
    reason = "" if beats else "too-few-beats"
    value = float(count) if beats else None
    return Quantity(kind=kinds()[name], value=value, beats=beats, reason=reason)
