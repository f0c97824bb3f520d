"""Which score fits the answers, and why others do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cardioalert.errors import InvalidAnswerError
from cardioalert.i18n import translate as _
from cardioalert.risk.questionnaire import EMERGENCY, Answers
from cardioalert.risk.scores import Score, scores

EXCLUSIONS: Final = {
    "known_cvd": "known-cvd",
    "pregnant": "pregnancy",
    "familial_hypercholesterolaemia": "familial-hypercholesterolaemia",
}
"""Yes/no answers with which no score applies, and the reason."""

LOWEST_EGFR: Final = 30.0  # mL/min/1.73m2, below it no score was derived
_TOLERANCE: Final = 1e-9  # of a limit given in another unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How one score fits.

    Attributes
    ----------
    reasons : tuple of str
        Codes of why the score is not for this person, such as `age-outside-range`.
    missing : tuple of str
        Inputs that were not answered.
    imputed : tuple of str
        Of these, the ones this score can take as "no".
    """

    score: Score
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    imputed: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything the score needs was answered."""
        return not self.reasons and not self.missing

    @property
    def usable(self) -> bool:
        """Whether the score can be computed, if open questions are taken as "no"."""
        return not self.reasons and set(self.missing) <= set(self.imputed)

    @property
    def codes(self) -> tuple[str, ...]:
        """All reasons, with one for each missing answer."""
        return self.reasons + tuple(hyphenated("missing", name) for name in self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The score to compute, or the reasons there is none.

    Attributes
    ----------
    chosen : Fit, optional
    reasons : tuple of str
        Never empty when nothing was chosen.
    others : tuple of Fit
        Every other score that is for this person.
    """

    chosen: Fit | None
    reasons: tuple[str, ...]
    others: tuple[Fit, ...]


def hyphenated(prefix: str, name: str) -> str:
    """Return a reason code such as `missing-hdl-mmol`."""
    return f"{prefix}-{name.replace('_', '-')}"


def refusals(answers: Answers) -> tuple[str, ...]:
    """Return why no score at all applies; symptoms first."""
    reasons = ["symptoms"] if EMERGENCY.intersection(answers.symptoms) else []
    reasons += [code for name, code in EXCLUSIONS.items() if answers.values.get(name)]
    if answers.values.get("egfr", LOWEST_EGFR) < LOWEST_EGFR:
        reasons.append("egfr-below-30")
    reasons += [hyphenated("implausible", wrong.name) for wrong in answers.implausible]
    reasons += [hyphenated("contradiction", name) for name in answers.contradictions]
    if answers.sex is None and answers.sex_code:
        reasons.append("sex-not-covered")
    return tuple(reasons)


def judge(score: Score, answers: Answers) -> Fit:
    """Compare one score with the answers."""
    x = answers.values
    missing = [name for name in score.needs if name not in x]
    if "age" not in x:
        missing.insert(0, "age")
    if answers.sex is None:
        missing.insert(0, "sex")
    reasons = []
    if "age" in x and not score.age_from <= x["age"] < score.age_below:
        reasons.append("age-outside-range")
    if score.diabetes == "excluded" and x.get("diabetes"):
        reasons.append("diabetes-not-covered")
    if score.diabetes == "required":
        if x.get("diabetes") == 0.0:
            reasons.append("diabetes-required")
        if x.get("type_1_diabetes"):
            reasons.append("type-1-diabetes-not-covered")
    for name, (low, high) in score.limits.items():
        if name in x and not low - _TOLERANCE <= x[name] <= high + _TOLERANCE:
            reasons.append(hyphenated("outside-range", name))
    asked = score.unanswered_as_no if missing else ()
    return Fit(
        score=score,
        reasons=tuple(reasons),
        missing=tuple(missing),
        imputed=tuple([name for name in missing if name in asked]) if asked else (),
    )


def choose(answers: Answers) -> Choice:
    """Pick the score that was asked for, or the best one that fits.

    First the scores for which every question was answered, in the order of the table; then those
    that need an open question taken as "no". Without a blood pressure only points are possible.
    """
    fits = [judge(score, answers) for score in scores().values()]
    if answers.score != "auto":
        return _named(answers.score, fits)
    automatic = [fit for fit in fits if fit.score.automatic]
    if "sbp" in answers.values:
        automatic = [fit for fit in automatic if not fit.score.points]
    chosen = next((fit for fit in automatic if fit.complete), None) or next(
        (fit for fit in automatic if fit.usable), None
    )
    if chosen is None:
        simplest = next(fit for fit in fits if fit.score.id == _simplest(answers))
        return Choice(chosen=None, reasons=simplest.codes, others=_open(fits, None))
    return Choice(chosen=chosen, reasons=(), others=_open(fits, chosen))


def _named(name: str, fits: list[Fit]) -> Choice:
    """Return the score asked for, or why it does not apply."""
    fit = next((fit for fit in fits if fit.score.id == name), None)
    if fit is None:
        raise InvalidAnswerError(
            _("score {name!r} is none of auto, {names}", name=name, names=", ".join(scores())),
            hint="Leave it at auto.",
        )
    others = _open(fits, fit)
    if fit.usable:
        return Choice(chosen=fit, reasons=(), others=others)
    return Choice(chosen=None, reasons=fit.codes, others=others)


def _simplest(answers: Answers) -> str:
    """Name the score that asks for least: its refusal is the one to show."""
    return "who2019-nonlab" if "sbp" in answers.values else "interheart"


def _open(fits: list[Fit], chosen: Fit | None) -> tuple[Fit, ...]:
    """Return the other scores that are for this person."""
    return tuple(fit for fit in fits if fit is not chosen and not fit.reasons)
