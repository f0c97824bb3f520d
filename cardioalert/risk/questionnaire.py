"""The answers of the risk test: read, converted to the library's units and checked.

Numbers and yes/no answers are rows of `tables/inputs.csv`; other units are rows of
`tables/units.csv`. A value no adult can have is not corrected: it is kept in `implausible`, and the
test refuses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cardioalert.domain.patient import Sex, Symptom
from cardioalert.errors import InvalidAnswerError
from cardioalert.i18n import translate as _
from cardioalert.risk.numbers import parse_number
from cardioalert.tables import read_csv

_PACKAGE: Final = "cardioalert.risk"
_BMI_TOLERANCE: Final = 0.5  # kg/m2 between a given BMI and the one of height and weight
_RATIO_TOLERANCE: Final = 0.02  # between a given waist-hip ratio and the one of the two girths

SEX_CODES: Final[Mapping[str, Sex | None]] = {
    "male": Sex.MALE,
    "m": Sex.MALE,
    "female": Sex.FEMALE,
    "f": Sex.FEMALE,
    "other": None,
    "unknown": None,
}
SYMPTOM_CODES: Final[Mapping[str, Symptom]] = {
    **{symptom.value: symptom for symptom in Symptom},
    "dyspnoea": Symptom.BREATHLESSNESS,
    "dyspnea": Symptom.BREATHLESSNESS,
    "shortness-of-breath": Symptom.BREATHLESSNESS,
    "fainting": Symptom.SYNCOPE,
    "focal-weakness": Symptom.WEAKNESS,
}
EMERGENCY: Final = frozenset(
    {Symptom.CHEST_PAIN, Symptom.BREATHLESSNESS, Symptom.SYNCOPE, Symptom.WEAKNESS}
)
"""Symptoms that come before every score."""

TOBACCO_CODES: Final[Mapping[str, tuple[bool, bool]]] = {
    "never": (False, False),
    "current": (True, False),
    "former": (False, True),
}
"""(smoker, former smoker) by tobacco use."""

_YES_NO: Final[Mapping[str, float]] = {
    "yes": 1.0,
    "true": 1.0,
    "1": 1.0,
    "no": 0.0,
    "false": 0.0,
    "0": 0.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One number or yes/no answer; the range is what a living adult can have."""

    name: str
    kind: str
    unit: str
    low: float
    high: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Another key for an input: value of `name` = factor * given value + offset."""

    key: str
    name: str
    unit: str
    factor: float
    offset: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Implausible:
    """A number no adult has, in the library's unit."""

    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one person answered, in the library's units.

    Attributes
    ----------
    values : mapping from input name to number
        Only what was answered; yes is 1.0 and no 0.0. Units are those of `INPUTS`.
    sex : Sex, optional
        None when not answered, or when the answer is one no score covers (`sex_code`).
    sex_code : str
        As in FHIR: `male`, `female`, `other`, `unknown`, or empty.
    symptoms : tuple of Symptom
    score : str
        The score asked for, or `auto`.
    implausible : tuple of Implausible
    contradictions : tuple of str
        Codes of answers that exclude each other.
    unknown : tuple of str
        Keys that mean nothing to the risk test.
    patient : str
        FHIR reference of the person, such as `Patient/p1`; empty when not given.
    id : str
        The caller's own name for this set of answers; echoed.
    """

    values: Mapping[str, float]
    sex: Sex | None = None
    sex_code: str = ""
    symptoms: tuple[Symptom, ...] = ()
    score: str = "auto"
    implausible: tuple[Implausible, ...] = ()
    contradictions: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    patient: str = ""
    id: str = ""


@cache
def inputs() -> Mapping[str, Input]:
    """Return the inputs by name."""
    rows = read_csv(_PACKAGE, "inputs.csv")
    return {
        row["name"]: Input(**{**row, "low": float(row["low"]), "high": float(row["high"])})  # type: ignore[arg-type]
        for row in rows
    }


@cache
def units() -> Mapping[str, Unit]:
    """Return the other keys and units by key."""
    rows = read_csv(_PACKAGE, "units.csv")
    return {
        row["key"]: Unit(**{**row, "factor": float(row["factor"]), "offset": float(row["offset"])})  # type: ignore[arg-type]
        for row in rows
    }


def read_answers(raw: Mapping[str, Any]) -> Answers:
    """Read answers as they come in JSON; null means not answered.

    Raises
    ------
    InvalidAnswerError
        When a value is of the wrong kind, such as text for a number. A person with an emergency
        symptom is never turned away with it: the answers then hold the symptoms alone.
    """
    symptoms = _read_symptoms(raw.get("symptoms"))
    try:
        return _read_all(raw, symptoms)
    except InvalidAnswerError:
        if EMERGENCY.intersection(symptoms):
            return Answers(values={}, symptoms=symptoms)
        raise


def _read_all(raw: Mapping[str, Any], symptoms: tuple[Symptom, ...]) -> Answers:
    """Read every answer but the symptoms."""
    values: dict[str, float] = {}
    contradictions: list[str] = []
    unknown: list[str] = []
    for key, value in raw.items():
        if value is None or value == "" or key in _WORDS:
            continue
        found = _read_value(key, value)
        if found is None:
            unknown.append(key)
        elif values.setdefault(found[0], found[1]) != found[1]:
            contradictions.append(found[0])
    _read_tobacco(raw.get("tobacco_use"), values)
    sex_code, sex = _read_sex(raw.get("sex"))
    implausible = [i for i in _implausible(values) if i.name not in contradictions]
    for wrong in implausible:
        del values[wrong.name]
    contradictions += _derive(values)
    return Answers(
        values=values,
        sex=sex,
        sex_code=sex_code,
        symptoms=symptoms,
        score=str(raw.get("score") or "auto"),
        implausible=tuple(implausible),
        contradictions=tuple(dict.fromkeys(contradictions)),
        unknown=tuple(unknown),
        patient=str(raw.get("patient") or ""),
        id=str(raw.get("id") if raw.get("id") is not None else ""),
    )


_WORDS: Final = frozenset({"sex", "symptoms", "score", "patient", "id", "tobacco_use"})


def _read_value(key: str, value: Any) -> tuple[str, float] | None:
    """Return name and value in the library's unit, or None for a key nobody knows."""
    known = inputs().get(key)
    if known is not None:
        if known.kind == "yes-no":
            return key, _read_yes_no(key, value)
        return key, _read_number(key, value)
    unit = units().get(key)
    if unit is None:
        return None
    return unit.name, unit.factor * _read_number(key, value) + unit.offset


def _read_number(key: str, value: Any) -> float:
    """Return a finite number, from JSON or from text."""
    try:
        if isinstance(value, str):
            return parse_number(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value)
            if math.isfinite(number):
                return number
    except (ValueError, OverflowError) as error:
        raise InvalidAnswerError(_("{key}: {error}", key=key, error=error)) from error
    raise InvalidAnswerError(
        _("{key} is {value!r}, but a number was expected", key=key, value=value)
    )


def _read_yes_no(key: str, value: Any) -> float:
    """Return 1.0 or 0.0."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float) and value in (0, 1):
        return float(value)
    if isinstance(value, list):  # a list of diseases: any is a yes
        return float(bool(value))
    found = _YES_NO.get(str(value).strip().lower())
    if found is None:
        raise InvalidAnswerError(
            _("{key} is {value!r}, but true or false was expected", key=key, value=value)
        )
    return found


def _read_sex(value: Any) -> tuple[str, Sex | None]:
    """Return the FHIR code and the sex the scores know."""
    if value is None or value == "":
        return "", None
    code = str(value).strip().lower()
    if code not in SEX_CODES:
        raise InvalidAnswerError(
            _("sex is {value!r}, but one of male, female, other was expected", value=value)
        )
    sex = SEX_CODES[code]
    return (code if sex is None else sex.value), sex


def _read_symptoms(value: Any) -> tuple[Symptom, ...]:
    """Return the symptoms, without repetition; `none` means none."""
    if value is None:
        return ()
    words: Iterable[Any] = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        raise InvalidAnswerError(_("symptoms is {value!r}, but a list was expected", value=value))
    found: dict[Symptom, None] = {}
    for word in words:
        code = str(word).strip().lower().replace("_", "-").replace(" ", "-")
        if code in {"", "none"}:
            continue
        if code not in SYMPTOM_CODES:
            raise InvalidAnswerError(
                _(
                    "symptom {word!r} is none of {names}",
                    word=word,
                    names=", ".join(symptom.value for symptom in Symptom),
                )
            )
        found[SYMPTOM_CODES[code]] = None
    return tuple(found)


def _read_tobacco(value: Any, values: dict[str, float]) -> None:
    """Turn tobacco use into the two yes/no answers it holds."""
    if value is None or value == "":
        return
    if not isinstance(value, str) or value not in TOBACCO_CODES:
        raise InvalidAnswerError(
            _(
                "tobacco_use is {value!r}, but one of {names} was expected",
                value=value,
                names=", ".join(TOBACCO_CODES),
            )
        )
    smoker, former = TOBACCO_CODES[value]
    values.setdefault("smoker", float(smoker))
    values.setdefault("former_smoker", float(former))


def _implausible(values: Mapping[str, float]) -> list[Implausible]:
    """Return the numbers outside the range of a living adult."""
    known = inputs()
    return [
        Implausible(name=name, value=value)
        for name, value in values.items()
        if not known[name].low <= value <= known[name].high
    ]


def _derive(values: dict[str, float]) -> list[str]:
    """Add what follows from the answers; return the names of answers that exclude each other."""
    wrong = []
    if "height_cm" in values and "weight_kg" in values:
        bmi = body_mass_index(height_cm=values["height_cm"], weight_kg=values["weight_kg"])
        if abs(values.setdefault("bmi", bmi) - bmi) > _BMI_TOLERANCE:
            wrong.append("bmi")
    if "waist_cm" in values and "hip_cm" in values:
        ratio = values["waist_cm"] / values["hip_cm"]
        if abs(values.setdefault("waist_hip_ratio", ratio) - ratio) > _RATIO_TOLERANCE:
            wrong.append("waist_hip_ratio")
    if "cigarettes_per_day" in values:
        smokes = float(values["cigarettes_per_day"] > 0)
        if values.setdefault("smoker", smokes) < smokes:
            wrong.append("smoker")
    if values.get("smoker") == 1.0 and values.get("former_smoker") == 1.0:
        wrong.append("former_smoker")
    pairs = (
        ("dbp", "sbp"),
        ("hdl_mmol", "total_cholesterol_mmol"),
    )
    wrong += [low for low, high in pairs if low in values and values[low] >= values.get(high, 1e9)]
    if "age_at_diabetes_diagnosis" in values and values.setdefault("diabetes", 1.0) == 0.0:
        wrong.append("diabetes")
    if values.get("age_at_diabetes_diagnosis", 0.0) > values.get("age", 1e9):
        wrong.append("age_at_diabetes_diagnosis")
    return wrong


def body_mass_index(*, height_cm: float, weight_kg: float) -> float:
    """Return weight over height squared, kg/m2, unrounded.

    Examples
    --------
    >>> round(body_mass_index(height_cm=175.0, weight_kg=82.0), 1)
    26.8
    """
    return weight_kg / (height_cm / 100.0) ** 2
