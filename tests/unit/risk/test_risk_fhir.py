"""The national form as FHIR R5: shape, codes, reading back, and validity by fhir.resources."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from cardioalert.errors import InvalidAnswerError
from cardioalert.risk import assess, fhir, read_answers
from cardioalert.risk.national_form import form

TIME = datetime(2026, 7, 1, 14, 30, tzinfo=timezone(timedelta(hours=5)))
PERSON = {
    "age": 55,
    "sex": "male",
    "weight_kg": 82,
    "height_cm": 175,
    "sbp": 145,
    "dbp": 90,
    "tobacco_use": "current",
}
TYPES = {
    "age": "valueInteger",
    "sex": "valueCoding",
    "weight": "valueDecimal",
    "height": "valueDecimal",
    "bmi": "valueDecimal",
    "systolic-bp": "valueDecimal",
    "diastolic-bp": "valueDecimal",
    "tobacco-use": "valueCoding",
}
"""Type of each question, in the order of the form (guide, section 5)."""

EXAMPLE = json.loads(
    '{"resourceType":"QuestionnaireResponse","meta":{"profile":["https://dhp.uz/fhir/core/'
    'StructureDefinition/uz-core-questionnaire-response"]},"language":"uz","questionnaire":'
    '"https://dhp.uz/fhir/integrations/Questionnaire/CVDRiskScreeningQuestionnaire","status":'
    '"completed","subject":{"reference":"Patient/p1"},"authored":"2026-07-01T14:30:00+05:00",'
    '"item":[{"linkId":"age","answer":[{"valueInteger":55}]},{"linkId":"sex","answer":[{'
    '"valueCoding":{"system":"http://hl7.org/fhir/administrative-gender","code":"male","display":'
    '"Male"}}]},{"linkId":"weight","answer":[{"valueDecimal":82.0}]},{"linkId":"height","answer":['
    '{"valueDecimal":175.0}]},{"linkId":"bmi","answer":[{"valueDecimal":26.8}]},{"linkId":'
    '"systolic-bp","answer":[{"valueDecimal":145.0}]},{"linkId":"diastolic-bp","answer":[{'
    '"valueDecimal":90.0}]},{"linkId":"tobacco-use","answer":[{"valueCoding":{"system":'
    '"http://snomed.info/sct","code":"110483000","display":"Tobacco user"}}]},{"linkId":'
    '"cvd-risk-result","item":[{"linkId":"cvd-risk-score","answer":[{"valueInteger":23}]},{'
    '"linkId":"cvd-risk-category","answer":[{"valueCoding":{"system":"https://terminology.dhp.uz/'
    'fhir/integrations/CodeSystem/cvd-risk-category-cs","code":"high","display":'
    '"Yuqori xavf (20% - <30%)"}}]}]}]}'
)
"""The example of the guide, section 7."""


def bundle(**changes):
    return fhir.screening_bundle(assess(read_answers(PERSON | changes)), authored=TIME)


def resources(**changes):
    return [entry["resource"] for entry in bundle(**changes)["entry"]]


def items(response):
    return {item["linkId"]: item for item in response["item"]}


def without_translations(value):
    if isinstance(value, dict):
        return {k: without_translations(v) for k, v in value.items() if k != "_display"}
    return [without_translations(v) for v in value] if isinstance(value, list) else value


def test_the_example_of_the_guide_comes_out_word_for_word():
    response, _risk = resources(patient="Patient/p1")
    assert without_translations(response) == EXAMPLE


def test_the_example_of_the_guide_reads_back():
    answers = read_answers(fhir.read_response(EXAMPLE))
    result = assess(answers).to_dict()
    assert (result["percent"], result["category"]) == (23, "high")
    assert answers.patient == "Patient/p1"


def test_questions_have_the_type_and_order_of_the_form():
    response, _risk = resources()
    found = [
        (item["linkId"], next(iter(item["answer"][0])))
        for item in response["item"]
        if "answer" in item
    ]
    assert found == list(TYPES.items())
    assert set(fhir.REQUIRED) <= set(TYPES)


@pytest.mark.parametrize(
    ("name", "link"),
    [("dbp", "diastolic-bp"), ("weight_kg", "weight"), ("tobacco_use", "tobacco-use")],
)
def test_an_open_question_is_left_out_and_the_form_is_not_complete(name, link):
    response = resources(**{name: None})[0]
    assert response["status"] == "in-progress"
    assert link not in items(response)


def test_nothing_is_empty():
    text = json.dumps(bundle(dbp=None, weight_kg=None))
    assert '""' not in text
    assert "null" not in text


@pytest.mark.parametrize(
    ("use", "code", "display"),
    [
        ("never", "702979003", "Never used tobacco"),
        ("current", "110483000", "Tobacco user"),
        ("former", "702975009", "Ex-tobacco user"),
    ],
)
def test_tobacco_codes(use, code, display):
    coding = items(resources(tobacco_use=use)[0])["tobacco-use"]["answer"][0]["valueCoding"]
    assert coding == {"system": "http://snomed.info/sct", "code": code, "display": display}


@pytest.mark.parametrize("address", form()["questionnaires_accepted"])
@pytest.mark.parametrize(
    ("codes", "use"),
    [
        (("702979003", "scrn-0073-00001", "not-use"), "never"),
        (("110483000", "scrn-0073-00002", "use"), "current"),
        (("702975009", "scrn-0073-00003", "quit"), "former"),
    ],
)
def test_all_generations_of_the_guide_read_the_same(address, codes, use):
    for code in codes:
        response = resources()[0] | {"questionnaire": f"{address}|0.1.0"}
        items(response)["tobacco-use"]["answer"][0]["valueCoding"]["code"] = code
        assert fhir.read_response(response)["tobacco_use"] == use


def test_a_bundle_reads_like_the_response_in_it():
    assert fhir.read_response(bundle()) == fhir.read_response(resources()[0])


@pytest.mark.parametrize(
    "wrong",
    [
        {"resourceType": "QuestionnaireResponse", "questionnaire": "https://example.org/other"},
        {"resourceType": "Patient"},
        {"resourceType": "Bundle", "entry": [1]},
        EXAMPLE | {"item": [{"linkId": "age", "answer": ["55"]}]},
        EXAMPLE
        | {"item": [{"linkId": "tobacco-use", "answer": [{"valueCoding": {"code": "pipe"}}]}]},
    ],
)
def test_other_resources_are_refused(wrong):
    with pytest.raises(InvalidAnswerError):
        fhir.read_response(wrong)


def test_the_response_holds_the_form_s_number_and_the_risk_holds_ours():
    response, risk = resources(weight_kg=98)  # BMI 32: the form says 26, the chart 28
    group = items(response)["cvd-risk-result"]["item"]
    assert group[0]["answer"][0]["valueInteger"] == 26
    chart, equation = risk["prediction"]
    assert (chart["probabilityDecimal"], chart["rationale"]) == (28.0, "printed chart")
    assert equation["rationale"] == "equation"
    assert any("26 %" in note["text"] for note in risk["note"])


@pytest.mark.parametrize("change", [{"sex": "other"}, {"age": 39}, {"age": 75}])
def test_no_score_where_the_form_gives_none(change):
    found = resources(**change)
    assert "cvd-risk-result" not in items(found[0])
    assert [resource["resourceType"] for resource in found] == ["QuestionnaireResponse"]


@pytest.mark.parametrize("change", [{"known_cvd": True}, {"symptoms": ["syncope"]}])
def test_no_number_travels_where_no_score_applies(change):
    found = resources(**change)
    assert len(found) == 1
    assert "cvd-risk-result" not in items(found[0])


def test_the_risk_is_based_on_the_response_and_names_the_unknown_person():
    entries = bundle()["entry"]
    risk = entries[1]["resource"]
    assert risk["basis"] == [{"reference": entries[0]["fullUrl"]}]
    assert risk["subject"]["extension"][0]["valueCode"] == "unknown"
    known = resources(patient="Patient/p1")[1]
    assert known["subject"] == {"reference": "Patient/p1"}


def test_the_same_answers_make_the_same_bundle():
    assert bundle() == bundle()


def test_other_scores_make_a_risk_too():
    risk = resources(total_cholesterol_mmol=5.5, hdl_mmol=1.3, diabetes=False)[1]
    assert risk["method"]["text"].startswith("SCORE2")
    assert len(risk["prediction"]) == 1
    assert "mitigation" not in risk


def test_points_are_no_probability():
    assert len(resources(sbp=None, dbp=None)) == 1


def test_a_time_without_zone_is_a_mistake():
    with pytest.raises(ValueError, match="zone"):
        fhir.screening_bundle(assess(read_answers(PERSON)), authored=datetime(2026, 7, 1))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"patient": "Patient/p1"},
        {"age": 39},
        {"sex": "other"},
        {"dbp": None, "weight_kg": None, "height_cm": None, "bmi": 27},
        {"total_cholesterol_mmol": 5.5, "hdl_mmol": 1.3, "diabetes": False},
        {"sbp": None, "dbp": None},
        {"tobacco_use": "former"},
        {"weight_kg": 98},
    ],
)
def test_everything_validates_as_r5(change):
    validator = pytest.importorskip("fhir.resources")
    made = json.loads(json.dumps(bundle(**change)))
    for resource in (made, *(entry["resource"] for entry in made["entry"])):
        model = validator.get_fhir_model_class(resource["resourceType"])
        model.model_validate(resource)
        for prediction in resource.get("prediction", ()):
            assert 0 <= prediction["probabilityDecimal"] <= 100  # ras-2
