"""Compare measured quantities with limits, and combine the answers without losing doubt.

A criterion is rarely plain true or false: a value may lie within its own measurement error of the
limit, or may not be measurable at all. Five ordered outcomes keep that apart; "and" is then the
lowest, "or" the highest and "at least n of" the n-th highest of the outcomes (Kleene's logic).

`Quantity`, `Compared` and `Check` are made two thousand times for one ECG. They are as constant as
all dataclasses here, but not declared frozen: making a frozen one takes three times as long. Of a
check only the outcome is worked out at once: nobody asks the others what they would have to show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

from cardioalert.domain.clinical import Evidence
from cardioalert.domain.record import Lead
from cardioalert.i18n import number, unit_text
from cardioalert.i18n import translate as _

Direction = Literal["at_least", "above", "at_most", "below"]

T = TypeVar("T")

UPWARD: Final = frozenset(("at_least", "above"))
REACHED: Final = frozenset(("at_least", "at_most"))  # directions that a limit itself meets
SHARE_IN_DOUBT: Final = 0.5  # of a limit, the most that can count as its borderline


class Outcome(IntEnum):
    """Whether a criterion is met; the order makes "and" and "or" a minimum and a maximum."""

    NOT_MET = 0
    UNKNOWN = 1  # something needed could not be measured
    NEARLY = 2  # not met, but within one standard deviation of the limit
    BARELY = 3  # met, but within one standard deviation of the limit
    MET = 4

    @property
    def is_borderline(self) -> bool:
        """Whether the measurement error decides."""
        return self in (Outcome.NEARLY, Outcome.BARELY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of `tables/quantities.toml`: how a quantity is named, printed and trusted.

    Attributes
    ----------
    name : str
        Of the quantity; for leads, of the attribute of `LeadMeasurements`.
    label : str
        For people, English.
    unit : str
        The unit people read and the criteria tables use (ms, mV, deg, /min, 1).
    factor : float
        Table value = library value * factor.
    decimals : int
    signed : bool
        Whether a plus sign is printed.
    floor, floor_on_paper : float
        Smallest standard deviation believed, digital and on digitized paper, in `unit`.
    waves : bool
        Whether it describes ST, Q or T, which need several clean beats (gate 7).
    plain : float
        How far beyond a limit even a single beat is believed, in `unit`; 0: never.
    source : str
        Where the floors come from.
    """

    name: str
    label: str
    unit: str
    decimals: int
    source: str
    factor: float = 1.0
    signed: bool = False
    floor: float = 0.0
    floor_on_paper: float = 0.0
    waves: bool = False
    plain: float = 0.0

    def text(self, value: float) -> str:
        """Write a value with its unit."""
        text = number(value, self.decimals, signed=self.signed)
        return text if self.unit == "1" else f"{text} {unit_text(self.unit)}"

    def spread(self, value: float) -> str:
        """Write a measurement error with its unit."""
        text = number(value, self.decimals)
        return text if self.unit == "1" else f"{text} {unit_text(self.unit)}"


@dataclass(slots=True, kw_only=True, unsafe_hash=True)  # never changed, see above
class Quantity:
    """A value about to be compared, in the unit of its kind.

    Attributes
    ----------
    value : float, optional
        None when not measurable.
    sd : float
        One standard deviation.
    place : str
        Lead name for people (`−aVR` with a minus sign is possible); empty for global values.
    leads : tuple of Lead
    beats : int
    reason : str
        Stable code of why there is no value.
    weak : bool
        Measured in too few beats: it can make a criterion possible, never certain or absent.
    """

    kind: Kind
    value: float | None
    sd: float = 0.0
    place: str = ""
    leads: tuple[Lead, ...] = ()
    beats: int = 0
    reason: str = ""
    weak: bool = False


@dataclass(slots=True, kw_only=True, unsafe_hash=True)  # never changed, see above
class Compared:
    """What was compared with a limit, before it is put into words: most of it is never shown.

    Attributes
    ----------
    kind : Kind
    measure : str
        Name of the quantity.
    values : tuple of (float, str)
        Each value with the lead it was measured in, as people write it; empty for global values.
    limit, note : float, str
        The limit in the unit of the kind, and whose limit it is.
    leads : tuple of Lead
    error : float
        The measurement error, where the limit lies within it: it has to be told then.
    """

    kind: Kind = field(compare=False, repr=False)
    measure: str
    values: tuple[tuple[float, str], ...]
    limit: float
    note: str
    leads: tuple[Lead, ...]
    error: float = 0.0

    @property
    def value(self) -> float:
        """The first value, rounded for a report."""
        return round(self.values[0][0], 4)

    def written(self) -> Evidence:
        """Put it into words."""
        kind, (value, place) = self.kind, self.values[0]
        if len(self.values) > 1:
            places = [
                _("{value} in {lead}", value=kind.text(one), lead=where)
                for one, where in self.values
            ]
            text = f"{_(kind.label)} {', '.join(places)}"
        elif place:
            parts = {"label": _(kind.label), "value": kind.text(value), "lead": place}
            text = _("{label} {value} in {lead}", **parts)
        else:
            text = _("{label} {value}", label=_(kind.label), value=kind.text(value))
        limit = limit_text(kind, self.limit, self.note)
        if self.error:
            limit = _("{limit}; measured to ± {error}", limit=limit, error=kind.spread(self.error))
        return Evidence(
            text=f"{text} ({limit})",
            measure=self.measure,
            value=self.value,
            limit=self.limit,
            unit=kind.unit,
            leads=self.leads,
        )


Shown: TypeAlias = Evidence | Compared
"""What a check has to show: ready, or put into words when a finding is made of it."""


def written(shown: Shown) -> Evidence:
    """Return evidence in words."""
    return shown.written() if isinstance(shown, Compared) else shown


@dataclass(slots=True, kw_only=True, unsafe_hash=True)  # never changed, see above
class Check:
    """The answer to one comparison or to a combination of them.

    Attributes
    ----------
    outcome : Outcome
    evidence : tuple of Shown
        What led to it.
    against : tuple of str
        What speaks against it, for people.
    margin : float, optional
        Distance from the limit in the unit of the deciding quantity; positive when met.
    beats : int
        Beats behind the deciding quantity; 0 when it is not counted in beats.
    reasons : tuple of str
        Stable codes of what was missing.
    capped : bool
        Whether something other than the measurement error keeps it from being certain.
    """

    outcome: Outcome
    evidence: tuple[Shown, ...] = ()
    against: tuple[str, ...] = ()
    margin: float | None = None
    beats: int = 0
    reasons: tuple[str, ...] = ()
    capped: bool = False
    make: Callable[[], Check] | None = field(default=None, init=False, repr=False, compare=False)

    if not TYPE_CHECKING:  # it would hide misspelled names

        def __getattr__(self, name: str) -> Any:
            """Work out what `later` left open: called for a field that is not there."""
            if name not in LEFT_OPEN or self.make is None:
                raise AttributeError(name)
            whole, self.make = self.make(), None
            for each in LEFT_OPEN:
                setattr(self, each, getattr(whole, each))
            return getattr(self, name)


LEFT_OPEN: Final = ("evidence", "against", "margin", "beats", "reasons", "capped")


def later(outcome: Outcome, make: Callable[[], Check]) -> Check:
    """Return a check whose outcome is known; `make` is called when anything else is asked for."""
    check = Check.__new__(Check)
    check.outcome = outcome
    check.make = make
    return check


def compare(quantity: Quantity, direction: Direction, limit: float, note: str = "") -> Check:
    """Compare a quantity with a limit; `note` says whose limit it is.

    Doubt reaches one standard deviation to both sides, but never nearer to zero than half of the
    limit: an error as large as the limit itself would make every ECG borderline.
    """
    value = quantity.value
    if value is None:
        return Check(outcome=Outcome.UNKNOWN, reasons=(quantity.reason or "not-measurable",))
    margin = value - limit if direction in UPWARD else limit - value
    met = margin > 0 or (margin == 0 and direction in REACHED)
    doubt, most = quantity.sd, SHARE_IN_DOUBT * abs(limit)
    if doubt > most > 0:
        doubt = most
    doubtful = doubt > 0 and -doubt <= margin <= doubt
    weak = quantity.weak and not 0 < quantity.kind.plain <= margin
    if weak:
        outcome = Outcome.NEARLY if met or doubtful else Outcome.UNKNOWN
    elif doubtful:
        outcome = Outcome.BARELY if met else Outcome.NEARLY
    else:
        outcome = Outcome.MET if met else Outcome.NOT_MET
    check = Check.__new__(Check)  # as `later` does: this is the innermost loop
    check.outcome = outcome
    found = (outcome, margin, met, doubtful, weak)
    check.make = partial(_compared, quantity, limit, note, found)
    return check


def _compared(
    quantity: Quantity, limit: float, note: str, found: tuple[Outcome, float, bool, bool, bool]
) -> Check:
    """Return the check of a comparison with all it has to show."""
    outcome, margin, met, doubtful, weak = found
    evidence = Compared(
        kind=quantity.kind,
        measure=quantity.kind.name,
        values=((quantity.value or 0.0, quantity.place),),
        limit=limit,
        note=note,
        leads=quantity.leads,
        error=quantity.sd if doubtful else 0.0,
    )
    return Check(
        outcome=outcome,
        evidence=(evidence,),
        margin=margin,
        beats=quantity.beats,
        reasons=("too-few-beats",) if weak else (),
        capped=weak and met,
    )


def between(quantity: Quantity, low: float, high: float, note: str = "") -> Check:
    """Check `low <= value < high`."""
    return first_evidence(
        all_of(compare(quantity, "at_least", low, note), compare(quantity, "below", high, note))
    )


def limit_text(kind: Kind, limit: float, note: str) -> str:
    """Write a limit, and for whom it is."""
    if note:
        return _("limit {limit}, {note}", limit=kind.text(limit), note=_(note))
    return _("limit {limit}", limit=kind.text(limit))


def fact(
    outcome: Outcome,
    text: str,
    *,
    measure: str,
    value: float = 1.0,
    limit: float = 1.0,
    unit: str = "1",
    leads: tuple[Lead, ...] = (),
) -> Check:
    """Return a check for something seen rather than compared, such as the shape of a QRS."""
    if outcome is Outcome.UNKNOWN:
        return Check(outcome=outcome, reasons=("not-measurable",))
    if outcome < Outcome.UNKNOWN:
        return Check(outcome=outcome)
    evidence = Evidence(
        text=text, measure=measure, value=value, limit=limit, unit=unit, leads=leads
    )
    return Check(outcome=outcome, evidence=(evidence,))


def seen(flag: bool | None, text: str, *, measure: str, leads: tuple[Lead, ...] = ()) -> Check:
    """Return a check for a yes-or-no observation; None means that nobody could look."""
    if flag is None:
        return fact(Outcome.UNKNOWN, text, measure=measure, leads=leads)
    outcome = Outcome.MET if flag else Outcome.NOT_MET
    return fact(outcome, text, measure=measure, value=float(flag), leads=leads)


def all_of(*checks: Check) -> Check:
    """Return what follows when every check is needed."""
    outcome = min([check.outcome for check in checks], default=Outcome.MET)
    return later(outcome, partial(_combine, checks, outcome))


def all_in_turn(first: Check, *others: Callable[[], Check]) -> Check:
    """Return what follows when every check is needed, as `all_of` does, with less to work out.

    After one that is not met the outcome is known. The others are made when anybody asks what all
    have to show, which for most rows nobody does: the cheap check that most hearts do not meet
    stands first.
    """
    checks = [first]
    for place, make in enumerate(others):
        if checks[-1].outcome is Outcome.NOT_MET:
            return later(Outcome.NOT_MET, partial(_all_made, checks, others[place:]))
        checks.append(make())
    return all_of(*checks)


def _all_made(checks: Sequence[Check], others: Sequence[Callable[[], Check]]) -> Check:
    """Return what follows of all checks, the rest of which were not made yet."""
    return all_of(*checks, *(make() for make in others))


def one_met(*checks: Check) -> Check:
    """Return what follows when every check is needed and one at least must be met.

    Two limits missed by less than their errors are two reasons against, not one possibility. A
    check that is met, but kept from certainty by something else, counts as met here.
    """
    check = all_of(*checks)
    if check.outcome is Outcome.NEARLY and not any(_is_reached(each) for each in checks):
        return Check(outcome=Outcome.NOT_MET, margin=check.margin, beats=check.beats)
    return check


def _is_reached(check: Check) -> bool:
    """Tell whether a limit is met, or met and kept from certainty."""
    return check.outcome >= Outcome.BARELY or (check.outcome is Outcome.NEARLY and check.capped)


def any_of(*checks: Check) -> Check:
    """Return what follows when one check is enough."""
    outcome = max([check.outcome for check in checks], default=Outcome.NOT_MET)
    return later(outcome, partial(_combine, checks, outcome))


def n_of(needed: int, checks: Sequence[Check]) -> Check:
    """Return what follows when `needed` of the checks are enough."""
    ranked = sorted([check.outcome for check in checks], reverse=True)
    outcome = ranked[needed - 1] if len(ranked) >= needed else Outcome.NOT_MET
    return later(outcome, partial(_combine, tuple(checks), outcome))


def negate(check: Check, text: str = "") -> Check:
    """Return the opposite: what was met is not met; doubt stays doubt.

    With `text`, the opposite can stand as evidence of its own.
    """
    outcome = OPPOSITE[check.outcome]
    return later(outcome, partial(_negated, check, outcome, text))


OPPOSITE: Final = {
    Outcome.NOT_MET: Outcome.MET,
    Outcome.UNKNOWN: Outcome.UNKNOWN,
    Outcome.NEARLY: Outcome.BARELY,
    Outcome.BARELY: Outcome.NEARLY,
    Outcome.MET: Outcome.NOT_MET,
}


def _negated(check: Check, outcome: Outcome, text: str) -> Check:
    """Return the opposite with what it has to show."""
    evidence = fact(outcome, text, measure="absence").evidence if text else ()
    return replace(check, outcome=outcome, evidence=evidence)


def cap(check: Check, against: str) -> Check:
    """Return a check that can be possible at most, and why."""
    if check.outcome <= Outcome.NEARLY:
        return check
    return later(Outcome.NEARLY, partial(_capped, check, against))


def _capped(check: Check, against: str) -> Check:
    """Return a check that is possible only, with what it has to show."""
    return replace(check, outcome=Outcome.NEARLY, against=(*check.against, against), capped=True)


def not_capped(check: Check) -> Check:
    """Return a check that nothing but the measurement error keeps from being certain."""
    return later(check.outcome, lambda: replace(check, capped=False))


def without_evidence(check: Check) -> Check:
    """Return a check as a condition that need not be shown."""
    return later(check.outcome, lambda: replace(check, evidence=(), against=()))


def higher(check: Check, other: Check) -> Check:
    """Return the one with the higher outcome, the first when they are equal."""
    return check if check.outcome >= other.outcome else other


def first_evidence(check: Check) -> Check:
    """Return a check with one line of evidence per measure and lead."""
    return later(check.outcome, partial(_first_evidence, check))


def _first_evidence(check: Check) -> Check:
    """Drop what is shown twice."""
    kept: dict[tuple[str, tuple[Lead, ...]], Shown] = {}
    for evidence in check.evidence:
        kept.setdefault((evidence.measure, evidence.leads), evidence)
    return replace(check, evidence=tuple(kept.values()))


def _combine(checks: Sequence[Check], outcome: Outcome) -> Check:
    """Collect what the checks that carry the outcome have to show."""
    bar = max(outcome, Outcome.NEARLY)
    margin: float | None = None
    beats = 0
    capped = False
    shown: list[Check] = []
    carrying: list[Check] = []
    for check in checks:
        if check.outcome >= bar:
            shown.append(check)
        if check.outcome is not outcome:
            continue
        carrying.append(check)
        capped = capped or check.capped
        if check.margin is None:
            continue
        if margin is None or check.margin < margin:
            margin = check.margin
        if check.beats and (not beats or check.beats < beats):
            beats = check.beats
    shown = shown or carrying
    return Check(
        outcome=outcome,
        evidence=_unique([check.evidence for check in shown if check.evidence]),
        against=_unique([check.against for check in shown if check.against]),
        margin=margin,
        beats=beats,
        reasons=_unique([check.reasons for check in checks if check.reasons]),
        capped=capped,
    )


def _unique(groups: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    """Join groups, drop repetitions, keep the order; what stands alone has none."""
    if len(groups) < 2:
        return groups[0] if groups else ()
    return tuple(dict.fromkeys(chain.from_iterable(groups)))
