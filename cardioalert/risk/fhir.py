"""The national CVD form and the risk as FHIR R5, written and read.

The answers travel as a QuestionnaireResponse of the Ministry of Health's
CVDRiskScreeningQuestionnaire with the number the form itself computes (`national_form.py`); our own
chart and equation travel beside it as a plain RiskAssessment whose basis is that response.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from cardioalert.errors import InvalidAnswerError
from cardioalert.i18n import translate as _
from cardioalert.risk import texts
from cardioalert.risk.national_form import form, form_bmi, form_score
from cardioalert.risk.numbers import round_half_up
from cardioalert.risk.questionnaire import Answers
from cardioalert.risk.result import Estimate, RiskResult
from cardioalert.risk.select import refusals

REQUIRED: Final = (
    "age",
    "sex",
    "weight",
    "height",
    "systolic-bp",
    "diastolic-bp",
    "tobacco-use",
)
"""Questions of the form that must be answered for it to be complete."""

_DECIMALS: Final = {
    "weight": "weight_kg",
    "height": "height_cm",
    "bmi": "bmi",
    "systolic-bp": "sbp",
    "diastolic-bp": "dbp",
}
_OUTCOME: Final = {
    "coding": [
        {
            "system": "http://snomed.info/sct",
            "code": "49601007",
            "display": "Disorder of cardiovascular system",
        }
    ]
}
_LANGUAGES: Final = ("ru", "en")  # translations beside the Uzbek base text


def screening_bundle(result: RiskResult, *, authored: datetime) -> dict[str, Any]:
    """Return a transaction Bundle: the response and, where a score applies, the risk.

    Parameters
    ----------
    result : RiskResult
    authored : datetime with time zone
        When the questions were answered.
    """
    if authored.tzinfo is None:
        raise ValueError("authored needs a time zone")
    response = questionnaire_response(result.answers, authored=authored)
    entries = [_entry(response)]
    if result.estimate is not None and not result.estimate.score.points:
        basis = entries[0]["fullUrl"]
        entries.append(_entry(risk_assessment(result, authored=authored, basis=basis)))
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _entry(resource: dict[str, Any]) -> dict[str, Any]:
    """Wrap a resource to be created; its address follows from its content."""
    name = json.dumps(resource, sort_keys=True, ensure_ascii=False)
    return {
        "fullUrl": f"urn:uuid:{uuid5(NAMESPACE_URL, name)}",
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"]},
    }


def questionnaire_response(answers: Answers, *, authored: datetime) -> dict[str, Any]:
    """Return the answers as the form asks for them.

    A question that was not answered is left out, and the response is then `in-progress`. The
    form's own result is left out where no risk score applies (known disease, pregnancy, ...).
    """
    names = form()
    items = _answered(answers)
    done = {item["linkId"] for item in items}.issuperset(REQUIRED)
    score = form_score(answers.sex, answers.values)
    if score.percent is not None and score.category is not None and not refusals(answers):
        items.append(
            {
                "linkId": "cvd-risk-result",
                "item": [
                    _item("cvd-risk-score", {"valueInteger": score.percent}),
                    _item("cvd-risk-category", {"valueCoding": _category(score.category)}),
                ],
            }
        )
    response: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "meta": {"profile": [names["response_profile"]]},
        "language": "uz",
        "questionnaire": names["questionnaire"],
        "status": "completed" if done else "in-progress",
    }
    if answers.patient:
        response["subject"] = {"reference": answers.patient}
    return response | {"authored": authored.isoformat(timespec="seconds"), "item": items}


def _answered(answers: Answers) -> list[dict[str, Any]]:
    """Return the answered questions in the order of the form."""
    x, names = answers.values, form()
    found: dict[str, dict[str, Any]] = {}
    if "age" in x:
        found["age"] = {"valueInteger": int(x["age"])}
    if answers.sex_code:
        found["sex"] = {
            "valueCoding": {
                "system": names["sex_system"],
                "code": answers.sex_code,
                "display": answers.sex_code.capitalize(),
            }
        }
    for link, name in _DECIMALS.items():
        if name in x:
            found[link] = {"valueDecimal": round_half_up(x[name], 2)}
    if "bmi" in found:  # the form shows one decimal, of height and weight when it has them
        found["bmi"] = {"valueDecimal": round_half_up(form_bmi(x), 1)}
    if "smoker" in x:
        found["tobacco-use"] = {"valueCoding": _tobacco(x)}
    return [_item(link, value) for link, value in found.items()]


def _item(link: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return one answered question."""
    return {"linkId": link, "answer": [value]}


def _tobacco(x: Mapping[str, float]) -> dict[str, str]:
    """Return the form's answer; who does not smoke and was not asked about the past "does not use".

    The form has one option for it, which the guide codes as never used.
    """
    use = "current" if x["smoker"] else "former" if x.get("former_smoker") else "never"
    row = form()["tobacco"][use]
    return {
        "system": form()["tobacco_system"],
        "code": row["codes"][0],
        "display": row["display"],
    }


def _category(code: str) -> dict[str, Any]:
    """Return the national category with its Uzbek name and translations."""
    row = form()["category"][code]
    return {
        "system": form()["category_system"],
        "code": code,
        "display": row["uz"],
        "_display": {"extension": _translations(row)},
    }


def _translations(row: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the translations of a text that stands in Uzbek."""
    return [
        {
            "url": form()["translation"],
            "extension": [
                {"url": "lang", "valueCode": language},
                {"url": "content", "valueString": row[language]},
            ],
        }
        for language in _LANGUAGES
    ]


def risk_assessment(result: RiskResult, *, authored: datetime, basis: str) -> dict[str, Any]:
    """Return the estimate: the chart cell first where there is one, then the exact equation."""
    if result.estimate is None or result.estimate.score.points:
        raise ValueError("only a percentage makes a RiskAssessment")
    estimate, answers = result.estimate, result.answers
    absent = {"url": form()["data_absent_reason"], "valueCode": "unknown"}
    assessment: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "status": "final",
        "method": {"text": f"{texts.SCORES[estimate.score.id]} ({estimate.score.source})"},
        "subject": {"reference": answers.patient} if answers.patient else {"extension": [absent]},
        "occurrenceDateTime": authored.isoformat(timespec="seconds"),
        "basis": [{"reference": basis}],
        "prediction": _predictions(estimate, age=answers.values["age"]),
    }
    if estimate.category.scheme == "moh-uz":
        category = form()["category"][estimate.category.category]
        text = form()["recommendation"][category["recommendation"]]
        assessment["mitigation"] = text["uz"]
        assessment["_mitigation"] = {"extension": _translations(text)}
    notes = [{"text": note.text} for note in result.notes if note.code != "more-answers"]
    return assessment | ({"note": notes} if notes else {})


def _predictions(estimate: Estimate, *, age: float) -> list[dict[str, Any]]:
    """Return one prediction for the chart and one for the equation."""
    rows = [(round_half_up(estimate.exact, 2), estimate.category_exact.category, "equation")]
    if estimate.cell is not None:
        rows.insert(0, (float(estimate.cell), estimate.category.category, "printed chart"))
    when = {
        name: {"value": years, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
        for name, years in (("low", age), ("high", age + estimate.score.horizon))
    }
    national = estimate.category.scheme == "moh-uz"
    return [
        {
            "outcome": _OUTCOME,
            "probabilityDecimal": percent,
            "qualitativeRisk": {"coding": [_category(category)]}
            if national
            else {"text": texts.CATEGORIES[category]},
            "whenRange": when,
            "rationale": rationale,
        }
        for percent, category, rationale in rows
    ]


def read_response(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of a response of the form, or of a Bundle with one, for `read_answers`.

    All generations of the guide are read: both addresses of the form and three sets of codes.

    Raises
    ------
    InvalidAnswerError
        When it is a response to another form, or a code is unknown.
    """
    try:
        return _read_items(_find_response(resource))
    except (AttributeError, TypeError) as error:
        raise InvalidAnswerError(
            _("the resource does not have the shape of FHIR: {error}", error=error)
        ) from error


def _read_items(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of a response."""
    address = str(response.get("questionnaire", "")).partition("|")[0]
    if address not in form()["questionnaires_accepted"]:
        raise InvalidAnswerError(
            _("questionnaire {address!r} is not the national CVD form", address=address)
        )
    raw: dict[str, Any] = {}
    for item in response.get("item", ()):
        for answer in item.get("answer", ())[:1]:
            raw |= _read_answer(str(item.get("linkId")), answer)
    patient = response.get("subject", {}).get("reference")
    return raw | ({"patient": patient} if patient else {})


def _find_response(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the response itself."""
    if resource.get("resourceType") == "QuestionnaireResponse":
        return resource
    for entry in resource.get("entry", ()):
        inner: Mapping[str, Any] = entry.get("resource", {})
        if inner.get("resourceType") == "QuestionnaireResponse":
            return inner
    raise InvalidAnswerError(
        _("{found} holds no QuestionnaireResponse", found=resource.get("resourceType"))
    )


def _read_answer(link: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return one answer under our name; questions we do not use give nothing."""
    if link == "age":
        return {"age": answer.get("valueInteger")}
    if link in _DECIMALS:
        return {_DECIMALS[link]: answer.get("valueDecimal", answer.get("valueInteger"))}
    code = answer.get("valueCoding", {}).get("code")
    if link == "sex":
        return {"sex": code}
    if link == "tobacco-use":
        uses = [use for use, row in form()["tobacco"].items() if code in row["codes"]]
        if not uses:
            raise InvalidAnswerError(_("tobacco-use has the unknown code {code!r}", code=code))
        return {"tobacco_use": uses[0]}
    return {}
