"""The questions of the interactive risk test: what to ask next, and what a typed reply means.

Nothing is printed here. The answers so far are a plain mapping with the keys of the JSON, so that
`read_answers` reads both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cardioalert.i18n import N_, unit_text
from cardioalert.i18n import translate as _
from cardioalert.risk.numbers import AmbiguousNumberError, parse_number
from cardioalert.risk.questionnaire import EMERGENCY, read_answers
from cardioalert.risk.texts import reason_text

Raw = Mapping[str, Any]
Kind = Literal["number", "yes-no", "choice", "choices"]

YES: Final = N_("yes")
NO: Final = N_("no")
OLDEST_PREGNANCY: Final = 55.0  # years, above it the question is not asked
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("ʻʼ’‘`´", "'"))
_NUMBER_AND_UNIT: Final = re.compile(r"([+-]?[\d\s.,\u00a0\u2009\u202f]*\d)\s*(.*)")


class ReplyError(ValueError):
    """The reply does not answer the question; the message is for the person."""


def _always(raw: Raw) -> bool:
    """Ask everybody."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question.

    Attributes
    ----------
    key : str
        Of the answer.
    units : tuple of (unit, key)
        For numbers: the first unit is meant when none is typed; each has its own key.
    options : tuple of (value, text)
        For choices.
    required : bool
        Whether it cannot be skipped.
    applies : function from the answers so far to bool
        Whether to ask this person.
    """

    key: str
    text: str
    kind: Kind
    units: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False
    applies: Callable[[Raw], bool] = field(default=_always)


def _known(*names: str) -> Callable[[Raw], bool]:
    """Ask only those who answered one of these."""
    return lambda raw: any(raw.get(name) is not None for name in names)


def _pressure(raw: Raw) -> bool:
    """Tell whether the blood pressure is known."""
    return raw.get("sbp") is not None or raw.get("sbp_kpa") is not None


def _points(raw: Raw) -> bool:
    """Tell whether only points are possible."""
    return not _pressure(raw)


def _yes(name: str) -> Callable[[Raw], bool]:
    """Ask only those who said yes."""
    return lambda raw: raw.get(name) is True


_CHOLESTEROL: Final = ("total_cholesterol_mmol", "total_cholesterol_mg_dl")

QUESTIONS: Final = (
    Question(
        key="symptoms",
        text=N_("Do you have any of these now or had them today?"),
        kind="choices",
        required=True,
        options=(
            ("none", N_("none of these")),
            ("chest-pain", N_("pain or pressure in the chest")),
            ("breathlessness", N_("sudden or new breathlessness")),
            ("syncope", N_("fainting")),
            ("weakness", N_("sudden weakness of face, arm or speech")),
            ("palpitations", N_("a racing or uneven heartbeat")),
        ),
    ),
    Question(
        key="known_cvd",
        text=N_("Did a doctor find a heart attack, stroke, angina or narrowed vessels?"),
        kind="yes-no",
        required=True,
    ),
    Question(
        key="age",
        text=N_("How old are you?"),
        kind="number",
        units=(("years", "age"),),
        required=True,
    ),
    Question(
        key="sex",
        text=N_("What is your sex?"),
        kind="choice",
        required=True,
        options=(("male", N_("male")), ("female", N_("female")), ("other", N_("other"))),
    ),
    Question(
        key="pregnant",
        text=N_("Are you pregnant?"),
        kind="yes-no",
        applies=lambda raw: raw.get("sex") == "female" and raw.get("age", 0) <= OLDEST_PREGNANCY,
    ),
    Question(
        key="tobacco_use",
        text=N_("Do you use tobacco?"),
        kind="choice",
        required=True,
        options=(("never", N_("never")), ("current", N_("yes")), ("former", N_("I quit"))),
    ),
    Question(
        key="sbp",
        text=N_("Upper (systolic) blood pressure"),
        kind="number",
        units=(("mmHg", "sbp"), ("kPa", "sbp_kpa")),
    ),
    Question(
        key="dbp",
        text=N_("Lower (diastolic) blood pressure"),
        kind="number",
        units=(("mmHg", "dbp"), ("kPa", "dbp_kpa")),
        applies=_pressure,
    ),
    Question(
        key="on_bp_treatment",
        text=N_("Do you take medicine for blood pressure?"),
        kind="yes-no",
        applies=_pressure,
    ),
    Question(
        key="height_cm",
        text=N_("Height"),
        kind="number",
        units=(("cm", "height_cm"), ("m", "height_m")),
    ),
    Question(
        key="weight_kg",
        text=N_("Weight"),
        kind="number",
        units=(("kg", "weight_kg"),),
        applies=_known("height_cm", "height_m"),
    ),
    Question(
        key="bmi",
        text=N_("Body mass index, if you know it"),
        kind="number",
        units=(("kg/m2", "bmi"),),
        applies=lambda raw: raw.get("weight_kg") is None,
    ),
    Question(key="diabetes", text=N_("Do you have diabetes?"), kind="yes-no"),
    Question(
        key="total_cholesterol_mmol",
        text=N_("Total cholesterol, if you know it"),
        kind="number",
        units=(("mmol/L", "total_cholesterol_mmol"), ("mg/dL", "total_cholesterol_mg_dl")),
        applies=_pressure,
    ),
    Question(
        key="hdl_mmol",
        text=N_("HDL cholesterol, if you know it"),
        kind="number",
        units=(("mmol/L", "hdl_mmol"), ("mg/dL", "hdl_mg_dl")),
        applies=_known(*_CHOLESTEROL),
    ),
    Question(
        key="egfr",
        text=N_("Kidney function (eGFR), if you know it"),
        kind="number",
        units=(("mL/min/1.73m2", "egfr"),),
        applies=_known(*_CHOLESTEROL),
    ),
    Question(
        key="on_statin",
        text=N_("Do you take a statin?"),
        kind="yes-no",
        applies=_known("egfr"),
    ),
    Question(
        key="hba1c_mmol_mol",
        text=N_("Glycated haemoglobin (HbA1c), if you know it"),
        kind="number",
        units=(("mmol/mol", "hba1c_mmol_mol"), ("%", "hba1c_percent")),
        applies=_yes("diabetes"),
    ),
    Question(
        key="age_at_diabetes_diagnosis",
        text=N_("How old were you when diabetes was found?"),
        kind="number",
        units=(("years", "age_at_diabetes_diagnosis"),),
        applies=lambda raw: bool(raw.get("diabetes")) and not _points(raw),
    ),
    Question(
        key="cigarettes_per_day",
        text=N_("How many cigarettes a day do you smoke?"),
        kind="number",
        units=(("a day", "cigarettes_per_day"),),
        applies=lambda raw: _points(raw) and raw.get("tobacco_use") == "current",
    ),
    Question(
        key="secondhand_smoke",
        text=N_("Do others smoke near you for an hour a week or more?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="high_bp",
        text=N_("Did a doctor ever find high blood pressure?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="parent_mi",
        text=N_("Did your mother or father have a heart attack?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="waist_cm",
        text=N_("Waist, measured at the navel"),
        kind="number",
        units=(("cm", "waist_cm"),),
        applies=_points,
    ),
    Question(
        key="hip_cm",
        text=N_("Hips, measured at the widest place"),
        kind="number",
        units=(("cm", "hip_cm"),),
        applies=_known("waist_cm"),
    ),
    Question(
        key="stress",
        text=N_("Have you been under stress several times or all of the past year?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="depression",
        text=N_("Were you sad or low for two weeks or more in the past year?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="salty_food_daily",
        text=N_("Do you eat salty food every day?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="fried_food_often",
        text=N_("Do you eat deep-fried or fast food three times a week or more?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="fruit_daily",
        text=N_("Do you eat fruit every day?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="vegetables_daily",
        text=N_("Do you eat vegetables every day?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="meat_twice_daily",
        text=N_("Do you eat meat twice a day or more?"),
        kind="yes-no",
        applies=_points,
    ),
    Question(
        key="sedentary",
        text=N_("Do you mostly sit, without exercise in your free time?"),
        kind="yes-no",
        applies=_points,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """The answers so far and the questions asked, oldest first; never changed, see `reply`."""

    raw: Raw = field(default_factory=dict)
    asked: tuple[str, ...] = ()

    def question(self) -> Question | None:
        """Return what to ask next; None when all was asked or an emergency ends the test."""
        if set(self.raw.get("symptoms", ())) & {symptom.value for symptom in EMERGENCY}:
            return None
        return next((q for q in QUESTIONS if q.key not in self.asked and q.applies(self.raw)), None)

    def reply(self, text: str) -> Interview:
        """Return the interview after a reply to the next question; an empty one skips it.

        Raises
        ------
        ReplyError
            When the reply does not answer the question.
        """
        question = self.question()
        if question is None:
            raise ValueError("the interview is over")
        answers = read_reply(question, text)
        return Interview(raw={**self.raw, **answers}, asked=(*self.asked, question.key))

    def back(self) -> Interview:
        """Return the interview before the last reply."""
        if not self.asked:
            return self
        last = next(q for q in QUESTIONS if q.key == self.asked[-1])
        forgotten = {last.key, *(key for _unit, key in last.units)}
        raw = {key: value for key, value in self.raw.items() if key not in forgotten}
        return Interview(raw=raw, asked=self.asked[:-1])


def read_reply(question: Question, text: str) -> dict[str, Any]:
    """Return the answer a reply holds, under its JSON key; nothing for a skipped question."""
    word = text.strip().translate(_APOSTROPHES).lower()
    if not word:
        if question.required:
            raise ReplyError(_("This question needs an answer."))
        return {}
    if question.kind == "number":
        return _read_number(question, word)
    if question.kind == "yes-no":
        return {question.key: _read_yes_no(word)}
    chosen = [_read_option(question, part) for part in word.replace(";", ",").split(",") if part]
    if question.kind == "choices":
        return {question.key: [value for value in chosen if value != "none"]}
    if len(chosen) != 1:
        raise ReplyError(_("Choose one number."))
    return {question.key: chosen[0]}


def unit_names(question: Question) -> str:
    """Return the units a number may be given in, the usual one first."""
    return ", ".join(unit_text(unit) for unit, _key in question.units)


def _bare(unit: str) -> str:
    """Return a unit without what people leave out or write differently."""
    return re.sub(r"[\s.]", "", unit.lower()).replace("²", "2")


def _read_number(question: Question, word: str) -> dict[str, Any]:
    """Read a number with the unit that was typed, or the first one."""
    found = _NUMBER_AND_UNIT.fullmatch(word)
    if found is None:
        raise ReplyError(_("Type a number."))
    spelled = {_bare(name): key for unit, key in question.units for name in (unit, unit_text(unit))}
    typed = _bare(found[2])
    key = spelled.get(typed) if typed else question.units[0][1]
    if key is None:
        raise ReplyError(_("Unknown unit; possible: {units}.", units=unit_names(question)))
    try:
        value = parse_number(found[1])
    except AmbiguousNumberError:
        raise ReplyError(_("Is the comma a decimal sign? Type a point instead.")) from None
    except ValueError:
        raise ReplyError(_("Type a number.")) from None
    answers = read_answers({key: value})
    if answers.implausible:
        name = answers.implausible[0].name.replace("_", "-")
        raise ReplyError(reason_text(f"implausible-{name}", answers))
    return {key: value}


def _read_yes_no(word: str) -> bool:
    """Read yes or no in the chosen language, by its beginning, or in English in full."""
    yes, no = (_(text).translate(_APOSTROPHES).lower() for text in (YES, NO))
    matches = [value for text, value in ((yes, True), (no, False)) if text.startswith(word)]
    if len(matches) == 1:
        return matches[0]
    if word in {YES, NO}:
        return word == YES
    raise ReplyError(_("Type {yes} or {no}.", yes=_(YES), no=_(NO)))


def _read_option(question: Question, word: str) -> str:
    """Read the number or the code of an option."""
    values = [value for value, _text in question.options]
    word = word.strip()
    if word.isdecimal() and 1 <= int(word) <= len(values):
        return values[int(word) - 1]
    if word in values:
        return word
    raise ReplyError(_("Type a number from {low} to {high}.", low=1, high=len(values)))
