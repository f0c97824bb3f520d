"""What must hold before a rule may speak: the picture, the scale, the leads, the beats, the person.

A gate that fails never makes the ECG look safer: either nothing is judged, or the groups it closes
are listed as not assessed, while what could mean danger stays possible (`doubt`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Final, Literal

from cardioalert.domain.clinical import Measurements
from cardioalert.domain.imaging import Digitized, Grade
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import STANDARD_LEADS, Lead
from cardioalert.i18n import translate as _
from cardioalert.interpret.checks import Outcome, cap
from cardioalert.interpret.criteria import PACKAGE, Checked, with_tuples
from cardioalert.interpret.patterns import Judgement
from cardioalert.tables import read_toml

Effect = Literal["refuse", "not-assessable", "doubt", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One row of `tables/gates.toml`.

    Attributes
    ----------
    number : int
        Its place in the order of the specification.
    code : str
        Stable.
    groups : tuple of str
        The groups of criteria it closes.
    stops_normal : bool
        Whether the ECG cannot be called normal when it fails.
    text : str
        What failed, for people; `{detail}` stands for what was seen.
    advice : tuple of str
        Codes of `tables/advice.toml`.
    """

    number: int
    code: str
    effect: Effect
    stops_normal: bool
    text: str
    source: str
    checked: tuple[Checked, ...]
    groups: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedGate:
    """A gate that failed, and why, for people.

    Attributes
    ----------
    gate : Gate
    reason : str
    leads : frozenset of Lead
        The only leads it concerns; empty: all.
    """

    gate: Gate
    reason: str
    leads: frozenset[Lead] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """What the gates look at; `on_paper` also holds for a record kept without its picture."""

    measurements: Measurements
    patient: Patient
    digitized: Digitized | None
    on_paper: bool


@cache
def gates() -> tuple[Gate, ...]:
    """Return all gates, in order."""
    return tuple(Gate(**with_tuples(row)) for row in read_toml(PACKAGE, "gates.toml")["gate"])


def failed_gates(inputs: Inputs) -> tuple[FailedGate, ...]:
    """Return the gates that failed, in order."""
    failed = []
    for gate in gates():
        detail = _CHECKS[gate.code](inputs, gate.numbers)
        if detail is not None:
            leads = _CONCERNED[gate.code](inputs) if gate.code in _CONCERNED else frozenset()
            reason = _(gate.text, detail=detail)
            failed.append(FailedGate(gate=gate, reason=reason, leads=leads))
    return tuple(failed)


def beats_needed(inputs: Inputs) -> int:
    """Return how many clean beats a lead needs before ST, Q and T are judged without reserve."""
    numbers = next(gate for gate in gates() if gate.code == "beats").numbers
    return round(numbers["beats_on_paper" if inputs.on_paper else "beats"])


def close(
    judgements: tuple[Judgement, ...], failed: tuple[FailedGate, ...]
) -> tuple[Judgement, ...]:
    """Apply failed gates to the judgements they concern."""
    for each in failed:
        judgements = tuple(_closed(judgement, each) for judgement in judgements)
    return judgements


def _closed(judgement: Judgement, failed: FailedGate) -> Judgement:
    """Apply one failed gate to one judgement."""
    gate, criterion = failed.gate, judgement.criterion
    if criterion.group not in gate.groups or gate.effect in ("note", "refuse"):
        return judgement
    shown = {lead for evidence in judgement.check.evidence for lead in evidence.leads}
    if shown and failed.leads and not shown & failed.leads:
        return judgement  # what it shows, it shows in leads that are beyond doubt
    dangerous = gate.effect == "doubt" and not criterion.benign
    if dangerous and judgement.outcome >= Outcome.NEARLY:
        return replace(judgement, check=cap(judgement.check, failed.reason))
    return replace(judgement, silenced_by=judgement.silenced_by or failed.reason)


def _poor_picture(inputs: Inputs, numbers: Mapping[str, float]) -> str | None:
    """Gate 1: the verdict of the digitizer."""
    digitized = inputs.digitized
    if digitized is None or digitized.quality.grade is not Grade.POOR:
        return None
    return "; ".join(notice.message for notice in digitized.quality.reasons)


def _unconfirmed_scale(inputs: Inputs, numbers: Mapping[str, float]) -> str | None:
    """Gate 2: a second piece of evidence for the scale."""
    confirmed = inputs.digitized is None or inputs.digitized.grid.scale_confirmed
    return None if confirmed else ""


def _guessed_leads(inputs: Inputs, numbers: Mapping[str, float]) -> str | None:
    """Gate 3: lead names that were printed or follow from a known layout."""
    guessed = guessed_leads(inputs)
    return ", ".join(lead for lead in STANDARD_LEADS if lead in guessed) if guessed else None


def guessed_leads(inputs: Inputs) -> frozenset[Lead]:
    """Return the leads whose names were guessed from the curves."""
    traces = () if inputs.digitized is None else inputs.digitized.traces
    return frozenset(trace.lead for trace in traces if trace.named_by == "morphology")


def _tangled_curves(inputs: Inputs, numbers: Mapping[str, float]) -> str | None:
    """Gate 3a: curves that stand clear of each other."""
    tangled = tangled_leads(inputs)
    return ", ".join(lead for lead in STANDARD_LEADS if lead in tangled) if tangled else None


def tangled_leads(inputs: Inputs) -> frozenset[Lead]:
    """Return the leads whose waves may be cut or another lead's."""
    traces = () if inputs.digitized is None else inputs.digitized.traces
    return frozenset(trace.lead for trace in traces if trace.waves_in_doubt)


def _unusable_leads(inputs: Inputs, numbers: Mapping[str, float]) -> str | None:
    """Gates 4 and 5: every lead has a usable signal."""
    missing = [lead for lead in STANDARD_LEADS if lead not in inputs.measurements.leads]
    return ", ".join(missing) if missing else None


def _detectors_disagree(inputs: Inputs, numbers: Mapping[str, float]) -> str | None:
    """Gate 6: two detectors of different kinds find the same beats."""
    agreement = inputs.measurements.beats.agreement
    return f"{agreement:.0%}" if not agreement >= numbers["agreement"] else None


def _few_beats(inputs: Inputs, numbers: Mapping[str, float]) -> str | None:
    """Gate 7: enough clean beats in each lead."""
    needed = numbers["beats_on_paper" if inputs.on_paper else "beats"]
    leads = inputs.measurements.leads
    few = [lead for lead in STANDARD_LEADS if lead in leads and leads[lead].beats < needed]
    return ", ".join(few) if few else None


def _child(inputs: Inputs, numbers: Mapping[str, float]) -> str | None:
    """Gate 9: an adult."""
    age = inputs.patient.age
    return "" if age is not None and age < numbers["age"] else None


def _unknown_person(inputs: Inputs, numbers: Mapping[str, float]) -> str | None:
    """Gate 10: age and sex are known."""
    known = inputs.patient.age is not None and inputs.patient.sex is not None
    return None if known else ""


_CHECKS: Final[Mapping[str, Callable[[Inputs, Mapping[str, float]], str | None]]] = (
    MappingProxyType(
        {
            "picture": _poor_picture,
            "scale": _unconfirmed_scale,
            "lead-names": _guessed_leads,
            "tangled-curves": _tangled_curves,
            "leads": _unusable_leads,
            "r-peaks": _detectors_disagree,
            "beats": _few_beats,
            "child": _child,
            "person": _unknown_person,
        }
    )
)
"""By gate code: None when the gate holds, else what was seen."""

_CONCERNED: Final[Mapping[str, Callable[[Inputs], frozenset[Lead]]]] = MappingProxyType(
    {"lead-names": guessed_leads, "tangled-curves": tangled_leads}
)
"""By gate code: the only leads that a failed gate concerns."""
