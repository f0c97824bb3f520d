"""One patient's measurements as the rules see them: quantities with error, by name and lead."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from cardioalert.domain.clinical import LeadMeasurements, Measurements
from cardioalert.domain.measures import MEASURES
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import Lead
from cardioalert.interpret.checks import Check, Outcome, Quantity
from cardioalert.interpret.criteria import Numbers, kinds

MEDIAN_EFFICIENCY: Final = 1.2533  # standard error of a median over that of a mean, normal noise
ST_MEASURES: Final = ("st_j", "st_j60", "st_j80")
DISTURBED: Final = 0.05  # mV, error of ST from beat to beat, above which it is possible at most


class Place(NamedTuple):
    """A lead as the rules look at it: -aVR is aVR upside down. A tuple: a key of many tables."""

    lead: Lead
    sign: float = 1.0

    @property
    def label(self) -> str:
        """Name for people."""
        return f"\N{MINUS SIGN}{self.lead}" if self.sign < 0 else str(self.lead)


LIMB_CHAIN: Final = (
    Place(lead=Lead.AVL),
    Place(lead=Lead.I),
    Place(lead=Lead.AVR, sign=-1.0),
    Place(lead=Lead.II),
    Place(lead=Lead.AVF),
    Place(lead=Lead.III),
)
"""Limb leads in the order of their direction, 30 degrees apart."""

CHEST_CHAIN: Final = tuple(
    Place(lead=lead) for lead in (Lead.V1, Lead.V2, Lead.V3, Lead.V4, Lead.V5, Lead.V6)
)

ADJACENT: Final = (
    *pairwise(LIMB_CHAIN),
    *pairwise(CHEST_CHAIN),
)
"""Pairs of contiguous leads."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """Everything a rule may look at.

    Attributes
    ----------
    measurements : Measurements
    patient : Patient
    duration : float, seconds
        Of the record.
    on_paper : bool
        Whether the record was digitized from paper: larger errors are believed then.
    beats_needed : int
        Clean beats a lead needs before ST, Q and T are judged without reserve.
    outcomes : mapping from rule id to Outcome
        Of the rows judged before.
    """

    measurements: Measurements
    patient: Patient
    duration: float = 10.0
    on_paper: bool = False
    beats_needed: int = 3
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    _of_all: dict[str, Quantity] = field(default_factory=dict, init=False, repr=False)
    _of_leads: dict[tuple[str, Lead | Place], Quantity] = field(
        default_factory=dict, init=False, repr=False
    )

    def outcome(self, *rules: str) -> Outcome:
        """Return the highest outcome among earlier rules."""
        return max(self.outcomes[rule] for rule in rules)

    def rule(self, *rules: str) -> Check:
        """Return earlier rules as a check without evidence of its own."""
        return Check(outcome=self.outcome(*rules))

    def value(self, name: str) -> Quantity:
        """Return a global measurement (`pr`, `qrs`, ...) in the unit of the criteria tables."""
        known = self._of_all.get(name)
        if known is None:
            known = self._of_all[name] = self._value(name)
        return known

    def _value(self, name: str) -> Quantity:
        measured = self.measurements.values[name]
        kind = kinds()[name]
        value, spread = measured.value, measured.uncertainty or 0.0
        factor = MEASURES[name].factor
        return Quantity(
            kind=kind,
            value=_clean(value, factor),
            sd=max(spread * factor, self._floor(name)),
            leads=measured.leads,
            beats=measured.beats,
            reason=measured.reason,
        )

    def rhythm(self, name: str) -> Quantity:
        """Return a quantity of `Rhythm`, such as `rr_variation`."""
        kind = kinds()[name]
        value = _clean(getattr(self.measurements.rhythm, name), kind.factor)
        beats = len(self.measurements.beats.r_peaks)
        return Quantity(
            kind=kind, value=value, sd=self._floor(name), beats=beats, reason="too-few-beats"
        )

    def lead(self, name: str, place: Lead | Place) -> Quantity:
        """Return a quantity of one lead, such as `st_j`; with -aVR, upside down."""
        known = self._of_leads.get((name, place))
        if known is None:  # many rows ask for the same
            if not isinstance(place, Place):
                known = self._look(name, Place(place))
            else:
                known = self.lead(name, place.lead) if place.sign > 0 else self._look(name, place)
            self._of_leads[name, place] = known
        return known

    def _look(self, name: str, place: Place) -> Quantity:
        """Return a quantity of one lead."""
        kind = kinds()[name]
        measured = self.measurements.leads.get(place.lead)
        if measured is None:
            reason = self.measurements.unusable.get(place.lead, "absent")
            return Quantity(kind=kind, value=None, place=place.label, reason=reason)
        value = _clean(lead_value(measured, name), kind.factor * place.sign)
        sd = max(kind.floor, kind.floor_on_paper) if self.on_paper else kind.floor
        apart = 0.0
        if kind.unit == "mV":
            beats = math.sqrt(max(measured.beats, 1))
            if name in ST_MEASURES:
                apart = (measured.st_spread or 0.0) / beats
            sd = max(MEDIAN_EFFICIENCY * measured.noise / beats, apart, sd)
        return Quantity(
            kind=kind,
            value=value,
            sd=sd,
            place=place.label,
            leads=(place.lead,),
            beats=measured.beats,
            reason="not-measurable" if value is None else "",
            weak=kind.waves and (measured.beats < self.beats_needed or apart > DISTURBED),
        )

    def flag(self, name: str, lead: Lead) -> bool | None:
        """Return a yes-or-no observation of one lead, None when nobody could look."""
        measured = self.measurements.leads.get(lead)
        value: bool | None = None if measured is None else getattr(measured, name)
        return value

    def number(self, name: str, lead: Lead) -> float | None:
        """Return the bare value of a lead quantity, in the unit of the criteria tables."""
        return self.lead(name, lead).value

    def _floor(self, name: str) -> float:
        """Return the smallest error believed."""
        kind = kinds()[name]
        return max(kind.floor, kind.floor_on_paper) if self.on_paper else kind.floor


Pattern: TypeAlias = Callable[[Case, Numbers], Check]
"""What a row's `pattern` names: judges a case by the numbers of the row."""


def combine(name: str, value: float | None, parts: Iterable[Quantity]) -> Quantity:
    """Return a quantity computed from others: errors add up as of independent values.

    `value` is None when a part is missing.
    """
    parts = tuple(parts)
    missing = [part.reason or "not-measurable" for part in parts if part.value is None]
    return Quantity(
        kind=kinds()[name],
        value=None if missing or value is None else round(value, 6),
        sd=math.sqrt(sum(part.sd**2 for part in parts)),
        leads=tuple(dict.fromkeys(lead for part in parts for lead in part.leads)),
        beats=min((part.beats for part in parts if part.beats), default=0),
        reason=missing[0] if missing else "",
        weak=any(part.weak for part in parts),
    )


def lead_value(measured: LeadMeasurements, name: str) -> float | None:
    """Return one amplitude or duration; R, S and T as the rules mean them.

    A QS complex has no Q of its own. `p_length` is the duration of P in this lead alone.
    """
    if name in Q_MEASURES and is_qs(measured):
        return 0.0
    downward = DEPTHS.get(name)
    if downward is None:
        value: float | None = getattr(measured, SAME_AS.get(name, name))
        return value
    below: float | None = getattr(measured, downward)
    return None if below is None else -below


Q_MEASURES: Final = frozenset(("q_depth", "q_duration"))
SAME_AS: Final = {"p_length": "p_duration"}
DEPTHS: Final = {"q_depth": "q", "t_depth": "t_negative", "p_terminal_depth": "p_terminal"}
"""Depths as positive numbers, and the signed amplitude they are made of."""


def is_qs(measured: LeadMeasurements) -> bool | None:
    """Tell whether the QRS has no R at all; None when it could not be measured."""
    if measured.qs is not None:
        return measured.qs
    return None if measured.r is None else measured.r <= 0


def _clean(value: float | None, factor: float) -> float | None:
    """Convert a unit; values that are no numbers are no values."""
    if value is None or not math.isfinite(value):
        return None
    return round(value * factor, 6)
