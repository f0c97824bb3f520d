"""Quantities that a plain row of the tables may name: measured ones and sums made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cardioalert.domain.clinical import BeatClass
from cardioalert.domain.measures import MEASURES
from cardioalert.domain.record import CHEST_LEADS, LIMB_LEADS, STANDARD_LEADS, Lead
from cardioalert.interpret.case import Case, combine
from cardioalert.interpret.checks import Quantity
from cardioalert.interpret.criteria import kinds
from cardioalert.interpret.ectopy import bigeminy, couplets, trigeminy

RHYTHM_NAMES: Final = (
    "rr_min",
    "rr_max",
    "rr_variation",
    "rr_successive",
    "p_repetition",
    "longest_pause",
)


def quantity(case: Case, name: str) -> Quantity:
    """Return a quantity by the name a table row uses."""
    if name in MEASURES:
        return case.value(name)
    if name in RHYTHM_NAMES:
        return case.rhythm(name)
    return DERIVED[name](case)


def sokolow_lyon(case: Case) -> Quantity:
    """S in V1 plus the larger R of V5 and V6."""
    s1 = case.lead("s_depth", Lead.V1)
    lateral = largest(case, "r_height", (Lead.V5, Lead.V6))
    return _sum("sokolow_lyon", s1, lateral)


def cornell(case: Case) -> Quantity:
    """R in aVL plus S in V3."""
    return _sum("cornell", case.lead("r_height", Lead.AVL), case.lead("s_depth", Lead.V3))


def peguero(case: Case) -> Quantity:
    """Deepest S in any lead plus S in V4."""
    deepest = largest(case, "s_depth", STANDARD_LEADS)
    return _sum("peguero", deepest, case.lead("s_depth", Lead.V4))


def r_avl(case: Case) -> Quantity:
    """R in aVL."""
    return _renamed("r_avl", case.lead("r_height", Lead.AVL))


def largest_limb_qrs(case: Case) -> Quantity:
    """Largest QRS, peak to peak, of the limb leads: all six are needed."""
    return _largest_of_all("largest_limb_qrs", case, LIMB_LEADS)


def largest_chest_qrs(case: Case) -> Quantity:
    """Largest QRS, peak to peak, of the chest leads: all six are needed."""
    return _largest_of_all("largest_chest_qrs", case, CHEST_LEADS)


def ectopic_wide(case: Case) -> Quantity:
    """Count the early wide beats."""
    return _count("ectopic_wide", case, (BeatClass.ECTOPIC_WIDE,))


def ectopic_narrow(case: Case) -> Quantity:
    """Count the early beats of the usual shape."""
    return _count("ectopic_narrow", case, (BeatClass.ECTOPIC_NARROW,))


def ectopic_share(case: Case) -> Quantity:
    """Share of the early narrow beats among all."""
    beats = len(case.measurements.beats.classes)
    early = ectopic_narrow(case)
    share = early.value / beats if early.value is not None and beats else None
    reason = "" if share is not None else "too-few-beats"
    return Quantity(kind=kinds()["ectopic_share"], value=share, beats=beats, reason=reason)


def largest(case: Case, name: str, leads: tuple[Lead, ...]) -> Quantity:
    """Return the largest of a lead quantity among the leads that have it.

    A missing lead can only hide a larger value, so what is seen already counts.
    """
    seen = [case.lead(name, lead) for lead in leads]
    known = [quantity for quantity in seen if quantity.value is not None]
    return max(known, key=lambda each: each.value or 0.0) if known else seen[0]


def _largest_of_all(name: str, case: Case, leads: tuple[Lead, ...]) -> Quantity:
    """Return the largest QRS; nothing when one of the leads is missing."""
    parts = [case.lead("qrs_peak_to_peak", lead) for lead in leads]
    missing = next((part for part in parts if part.value is None), None)
    top = missing or max(parts, key=lambda part: part.value or 0.0)
    return Quantity(
        kind=kinds()[name],
        value=top.value,
        sd=top.sd,
        leads=tuple(leads),
        beats=top.beats,
        reason=top.reason,
    )


def _sum(name: str, *parts: Quantity) -> Quantity:
    """Add quantities."""
    total = sum(part.value or 0.0 for part in parts)
    return combine(name, total, parts)


def _renamed(name: str, part: Quantity) -> Quantity:
    """Give a lead quantity the name and label of a global one."""
    return combine(name, part.value, (part,))


def _count(name: str, case: Case, classes: tuple[BeatClass, ...]) -> Quantity:
    """Count beats of some classes."""
    beats = case.measurements.beats.classes
    count = float(sum(each in classes for each in beats)) if beats else None
    reason = "" if beats else "too-few-beats"
    return Quantity(kind=kinds()[name], value=count, beats=len(beats), reason=reason)


DERIVED: Final[Mapping[str, Callable[[Case], Quantity]]] = MappingProxyType(
    {
        "sokolow_lyon": sokolow_lyon,
        "cornell": cornell,
        "r_avl": r_avl,
        "largest_limb_qrs": largest_limb_qrs,
        "largest_chest_qrs": largest_chest_qrs,
        "ectopic_wide": ectopic_wide,
        "ectopic_narrow": ectopic_narrow,
        "ectopic_share": ectopic_share,
        "bigeminy": bigeminy,
        "trigeminy": trigeminy,
        "couplets": couplets,
    }
)
