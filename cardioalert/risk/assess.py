"""The risk test: answers in, result out.

answers -> refusals -> the score that fits -> percent, category, risk age, what-if, advice
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cardioalert.domain.patient import Sex
from cardioalert.i18n import translate as _
from cardioalert.risk import advice, interheart, national_form, prevent, texts
from cardioalert.risk.numbers import round_half_up
from cardioalert.risk.questionnaire import Answers
from cardioalert.risk.result import Estimate, Note, RiskResult
from cardioalert.risk.scores import Inputs, Score, scores
from cardioalert.risk.select import Choice, Fit, choose, refusals
from cardioalert.risk.what_if import points_what_if, risk_age, what_if


def assess(answers: Answers) -> RiskResult:
    """Estimate the cardiovascular risk of one person.

    A refusal is a result too: `estimate` is then None and `not_applicable` says why.

    Examples
    --------
    >>> from cardioalert.risk.questionnaire import read_answers
    >>> person = {"age": 55, "sex": "male", "smoker": True, "sbp": 145, "bmi": 26.8}
    >>> result = assess(read_answers(person)).to_dict()
    >>> result["score"], result["percent"], result["percent_exact"], result["category"]
    ('who2019-nonlab', 23, 17.19, 'high')
    """
    reasons = refusals(answers)
    if reasons:
        return _refuse(answers, reasons, Choice(chosen=None, reasons=reasons, others=()))
    choice = choose(answers)
    if choice.chosen is None or answers.sex is None:
        return _refuse(answers, choice.reasons, choice)
    return _estimate(answers, answers.sex, choice.chosen, choice)


def _refuse(answers: Answers, reasons: tuple[str, ...], choice: Choice) -> RiskResult:
    """Return a result without an estimate."""
    missing = _missing(choice)
    return RiskResult(
        answers=answers,
        steps=advice.after_refusal(reasons, answers),
        not_applicable=reasons,
        missing=missing,
        secondary=_secondary(answers, choice),
        notes=tuple(_common_notes(answers, missing)),
    )


def _estimate(answers: Answers, sex: Sex, fit: Fit, choice: Choice) -> RiskResult:
    """Compute the chosen score and everything that follows from it."""
    score = fit.score
    x = {**answers.values, **dict.fromkeys(fit.imputed, 0.0)}
    estimate = _points(score, sex, x) if score.points else _percent(score, sex, x)
    missing = _missing(choice)
    details = _details(score, sex, x)
    changes = points_what_if(score, sex, x) if score.points else what_if(score, sex, x)
    return RiskResult(
        answers=answers,
        estimate=estimate,
        steps=advice.after_score(estimate.category.advice, answers),
        used=_used(score, x),
        imputed=fit.imputed,
        missing=missing,
        changes=changes,
        risk_age=risk_age(score, sex, x),
        secondary=_secondary(answers, choice),
        notes=(*_score_notes(estimate, fit, details), *_common_notes(answers, missing)),
        details=details,
    )


def _percent(score: Score, sex: Sex, x: Inputs) -> Estimate:
    """Return chart and equation of one score."""
    exact, cell = score.exact(sex, x), score.cell(sex, x)
    by_equation = score.category(exact, sex, x)
    return Estimate(
        score=score,
        exact=exact,
        cell=cell,
        category=by_equation if cell is None else score.category(cell, sex, x),
        category_exact=by_equation,
    )


def _points(score: Score, sex: Sex, x: Inputs) -> Estimate:
    """Return the points of INTERHEART."""
    points = interheart.points(sex, x)
    category = score.category(points.low, sex, x)
    return Estimate(
        score=score,
        exact=float(points.low),
        category=category,
        category_exact=category,
        highest=points.high,
    )


def _used(score: Score, x: Inputs) -> dict[str, float]:
    """Return the inputs the score reads."""
    names = ["age", *score.needs, *score.optional]
    if score.points:
        names += ["cigarettes_per_day", "waist_hip_ratio"]
        names += [item.input for item in interheart.items()]
    return {name: x[name] for name in names if name in x}


def _missing(choice: Choice) -> dict[str, tuple[str, ...]]:
    """Return what is missing for each score that would come before the chosen one."""
    rank = list(scores())
    last = rank.index(choice.chosen.score.id) if choice.chosen else len(rank)
    return {
        fit.score.id: fit.missing
        for fit in choice.others
        if fit.missing
        and not fit.score.points
        and not (fit.score.diabetes == "required" and "diabetes" in fit.missing)
        and rank.index(fit.score.id) < last
    }


def _secondary(answers: Answers, choice: Choice) -> tuple[Estimate, ...]:
    """Return the other percentages for which every question was answered."""
    if answers.sex is None:
        return ()
    return tuple(
        _percent(fit.score, answers.sex, answers.values)
        for fit in choice.others
        if fit.complete and not fit.score.points
    )


def _details(score: Score, sex: Sex, x: Inputs) -> dict[str, Any]:
    """Return what only one score has."""
    if score.id == "prevent":
        outcomes = prevent.all_outcomes(sex, x)
        return {
            "model": prevent.model_for(x),
            "category_basis": "ascvd",
            **{
                f"percent_{years}_years": {k: round_half_up(v, 2) for k, v in risks.items()}
                for years, risks in outcomes.items()
            },
        }
    if score.id == "who2019-nonlab":
        form = national_form.form_score(sex, x)
        return {"national_form": {"percent": form.percent, "category": form.category}}
    if score.points:
        return {"open_questions": list(interheart.points(sex, x).open)}
    return {}


def _score_notes(estimate: Estimate, fit: Fit, details: Mapping[str, Any]) -> list[Note]:
    """Return what must be said about this estimate."""
    notes = [_note(code) for code in estimate.score.notes]
    if estimate.category != estimate.category_exact:
        notes.append(
            _note(
                "category-differs",
                chart=_(texts.CATEGORIES[estimate.category.category]),
                exact=_(texts.CATEGORIES[estimate.category_exact.category]),
            )
        )
    if estimate.highest is not None and estimate.highest > estimate.exact:
        notes.append(_note("points-at-least", low=int(estimate.exact), high=estimate.highest))
    if fit.imputed:
        notes.append(_note("taken-as-no", inputs=texts.input_names(fit.imputed)))
    form = details.get("national_form")
    if form and form["percent"] != estimate.cell:
        notes.append(_note("national-form-differs", form=form["percent"], chart=estimate.cell))
    return notes


def _common_notes(answers: Answers, missing: Mapping[str, tuple[str, ...]]) -> list[Note]:
    """Return what must be said whether or not a score applies."""
    notes = []
    if answers.unknown:
        notes.append(_note("unknown-answers", inputs=", ".join(answers.unknown)))
    if missing:  # the score that needs the fewest more answers
        score, names = min(missing.items(), key=lambda row: len(row[1]))
        notes.append(
            _note("more-answers", score=_(texts.SCORES[score]), inputs=texts.input_names(names))
        )
    return notes


def _note(code: str, **values: Any) -> Note:
    """Return one note in the chosen language."""
    return Note(code=code, text=_(texts.NOTES[code], **values))
