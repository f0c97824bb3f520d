"""What the networks say of a record: probabilities, verdicts with a stated error, or silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cardioalert.domain.record import Lead

Verdict = Literal["present", "possible", "undecided", "absent"]
InputKind = Literal["digital", "page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the networks make of one statement or group of statements.

    Attributes
    ----------
    probability : float, 0-1
        Calibrated for the kind of input.
    verdict : Verdict
        By the limits below; each keeps its error in at most the stated share of cases like those
        it was set on.
    present_from, possible_from : float
        The probabilities from which it is called present and possible.
    """

    probability: float
    verdict: Verdict
    present_from: float
    possible_from: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """The networks' reading of one record.

    Attributes
    ----------
    kind : InputKind
        What the probabilities were calibrated on: digital records, or pages read by the digitizer.
    statements : mapping from PTB-XL statement to calibrated probability
        Empty when the networks are silent.
    calls : mapping from statement or group to Call
        Those with enough examples to state an error. A group is named like `any-infarction`.
    silence : str
        Why the networks may not speak, a stable code; empty when they may.
    disagreement : float
        How far the members of the ensemble are apart, 1.0 being the limit.
    signal_quality : float, optional
        Probability that a technician would accept the recording; None for pages, which the
        digitizer grades, and where leads are absent.
    lead_importance : mapping from statement to mapping from lead to float
        By how much the probability changes when the lead is hidden; filled for explanations.
    """

    kind: InputKind
    statements: Mapping[str, float] = field(default_factory=dict)
    calls: Mapping[str, Call] = field(default_factory=dict)
    silence: str = ""
    disagreement: float = 0.0
    signal_quality: float | None = None
    lead_importance: Mapping[str, Mapping[Lead, float]] = field(default_factory=dict)
