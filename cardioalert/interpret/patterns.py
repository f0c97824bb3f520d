"""Every pattern a row may name, and how a row is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from cardioalert.i18n import translate as _
from cardioalert.interpret import (
    atrial_rules,
    conduction_rules,
    ischemia_rules,
    open_rules,
    recording_rules,
    repolarization_rules,
    rhythm_rules,
    voltage_rules,
)
from cardioalert.interpret.case import Case, Pattern
from cardioalert.interpret.checks import Check, Outcome, all_of, compare, first_evidence
from cardioalert.interpret.criteria import DIRECTIONS, Criterion, criteria
from cardioalert.interpret.quantities import quantity

PATTERNS: Final[Mapping[str, Pattern]] = MappingProxyType(
    {
        **rhythm_rules.PATTERNS,
        **atrial_rules.PATTERNS,
        **conduction_rules.PATTERNS,
        **voltage_rules.PATTERNS,
        **ischemia_rules.PATTERNS,
        **repolarization_rules.PATTERNS,
        **recording_rules.PATTERNS,
        **open_rules.PATTERNS,
    }
)


@dataclass(slots=True, kw_only=True)  # never changed; making a frozen one takes longer
class Judgement:
    """A row and what came of it.

    Attributes
    ----------
    silenced_by : str
        Why the row may not speak, for people; empty when it may.
    replaced : bool
        Whether another row says the same, graded higher.
    doubt : str
        What leaves the finding possible, for people. Neither its urgency nor what it means to other
        rows is changed by it.
    outcome : Outcome
        What counts: nothing is known from a row that was silenced.
    """

    criterion: Criterion
    check: Check
    silenced_by: str = ""
    replaced: bool = False
    doubt: str = ""
    outcome: Outcome = field(init=False)

    def __post_init__(self) -> None:
        """Work out what counts: it is asked for ten times."""
        if self.silenced_by:
            self.outcome = Outcome.UNKNOWN
        else:
            self.outcome = Outcome.NOT_MET if self.replaced else self.check.outcome

    @property
    def speaks(self) -> bool:
        """Whether the row says something: met, close to danger, or met but kept from certainty."""
        if self.outcome is Outcome.NEARLY:
            return not self.criterion.benign or self.check.capped
        return self.outcome >= Outcome.BARELY


def judge(case: Case) -> tuple[Judgement, ...]:
    """Judge every row, in the order of the tables."""
    judgements = []
    outcomes = dict(case.outcomes)
    case = replace(case, outcomes=MappingProxyType(outcomes))
    width = case.value("qrs").value or 0.0
    doubt = _("a QRS as wide as in a bundle branch block changes R and S by itself")
    for criterion in criteria():
        check = judge_row(criterion, case)
        outcomes[criterion.id] = check.outcome
        wide = width >= criterion.certain_below_qrs_ms
        judgements.append(Judgement(criterion=criterion, check=check, doubt=doubt if wide else ""))
    return tuple(judgements)


def judge_row(criterion: Criterion, case: Case) -> Check:
    """Judge one row: by its pattern, or by comparing its measure with its limits."""
    numbers = criterion.numbers_for(case.patient)
    if criterion.pattern:
        check = PATTERNS[criterion.pattern](case, numbers)
    else:
        measured = quantity(case, criterion.measure)
        comparisons = [
            compare(measured, direction, numbers[direction], numbers.note)
            for direction in DIRECTIONS
            if direction in numbers
        ]
        check = first_evidence(all_of(*comparisons))
    if check.outcome > Outcome.UNKNOWN and criterion.against:
        return replace(check, against=(*check.against, criterion.against))
    return check
