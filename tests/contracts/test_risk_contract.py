"""`cardioalert quiz`: its JSON, its lines, its exit codes."""

import io
import json
import sys

import pytest
from cardioalert_cli import app, quiz_dialogue

KEYS = {
    "schema",
    "score",
    "version",
    "region",
    "percent",
    "percent_exact",
    "category",
    "inputs_used",
    "not_applicable",
    "advice",
    "what_if",
}
PERSON = {"age": 55, "sex": "male", "smoker": True, "sbp": 145, "bmi": 26.8}


@pytest.fixture(autouse=True)
def _state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if "quiz" not in app.COMMANDS:
        monkeypatch.setattr(app, "COMMANDS", (*app.COMMANDS, "quiz"))


@pytest.fixture
def quiz(capsys, monkeypatch):
    def run(*words, stdin=""):
        stream = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", stream)
        code = app.main(["quiz", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_example_of_the_contract(quiz):
    code, out, _err = quiz("--answers", "-", "--json", stdin=json.dumps(PERSON))
    document = json.loads(out)
    assert code == 0
    assert set(document) >= KEYS
    assert document["schema"] == "cardioalert.risk/1"
    expected = {
        "score": "who2019-nonlab",
        "region": "central-asia",
        "percent": 23,
        "percent_exact": 17.19,
        "category": "high",
        "not_applicable": [],
    }
    assert {key: document[key] for key in expected} == expected


def test_a_file_and_a_score_by_name(quiz, tmp_path):
    path = tmp_path / "person.json"
    path.write_text(json.dumps(PERSON | {"diabetes": False, "on_bp_treatment": False}))
    code, out, _err = quiz("--answers", str(path), "--score", "framingham2008-bmi", "--json")
    assert (code, json.loads(out)["score"]) == (0, "framingham2008-bmi")


@pytest.mark.parametrize("form", ["list", "lines", "one line"])
def test_several_people_give_one_line_each(quiz, tmp_path, form):
    people = [PERSON | {"id": str(n), "age": 50 + n} for n in range(1 if form == "one line" else 5)]
    path = tmp_path / ("people.json" if form == "list" else "people.jsonl")
    lines = "\n".join(json.dumps(person) for person in people)
    path.write_text(json.dumps(people) if form == "list" else lines)
    code, out, _err = quiz("--answers", str(path))
    assert code == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == [p["id"] for p in people]


def test_a_bad_line_is_an_error_in_its_place(quiz):
    lines = [json.dumps(PERSON), "{", json.dumps(PERSON | {"age": "x"}), json.dumps(PERSON)]
    code, out, _err = quiz("--answers", "-", stdin="\n".join(lines))
    documents = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert [document.get("percent") for document in documents] == [23, None, None, 23]
    assert [d["error"]["code"] for d in documents[1:3]] == ["invalid-answer", "invalid-answer"]


def test_people_whom_no_score_fits_do_not_fail_a_list(quiz):
    code, out, _err = quiz("--answers", "-", stdin=json.dumps([PERSON | {"age": 20}]))
    assert (code, json.loads(out)["not_applicable"]) == (0, ["age-outside-range"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"known_cvd": True}, "known-cvd"),
        ({"pregnant": True, "sex": "female"}, "pregnancy"),
        ({"age": 20}, "age-outside-range"),
        ({"sbp": 14.5}, "implausible-sbp"),
        ({"symptoms": ["chest-pain"]}, "symptoms"),
    ],
)
def test_not_applicable_leaves_with_4_and_says_why(quiz, change, reason):
    code, out, _err = quiz("--answers", "-", "--json", stdin=json.dumps(PERSON | change))
    document = json.loads(out)
    assert code == 4
    assert document["not_applicable"] == [reason]
    assert document["error"]["code"] == "not-applicable"
    assert set(document) >= KEYS
    assert document["percent"] is None


@pytest.mark.parametrize(
    ("words", "stdin", "code", "error"),
    [
        (("--answers", "missing.json"), "", 3, "file-not-found"),
        (("--answers", "-"), "", 3, "empty-file"),
        (("--answers", "-"), "not json", 3, "invalid-answer"),
        (("--answers", "-"), "[" * 100_000, 3, "invalid-answer"),
        (("--answers", "-"), '{"age": "old"}', 3, "invalid-answer"),
        (("--answers", "-"), '{"age": 55, "score": "qrisk"}', 3, "invalid-answer"),
        (("--answers", "-", "--score", "qrisk"), "{}", 2, "usage"),
        (("--resume",), "", 2, "usage"),
        ((), "1\n", 2, "usage"),
    ],
)
def test_errors(quiz, words, stdin, code, error):
    found, out, _err = quiz(*words, "--json", stdin=stdin)
    assert (found, json.loads(out)["error"]["code"]) == (code, error)


def test_text_for_people(quiz):
    code, out, err = quiz("--answers", "-", stdin=json.dumps(PERSON))
    assert (code, err) == (0, "")
    for words in ("23 %", "high risk", "17.2 %", "Stop smoking", "103", "not a diagnosis"):
        assert words in out


def test_symptoms_show_103(quiz):
    code, out, _err = quiz("--answers", "-", stdin=json.dumps({"symptoms": ["syncope"]}))
    assert code == 4
    assert "Call 103 now" in out


def test_fhir(quiz):
    code, out, _err = quiz("--answers", "-", "--fhir", stdin=json.dumps(PERSON))
    bundle = json.loads(out)
    assert code == 0
    assert [e["resource"]["resourceType"] for e in bundle["entry"]] == [
        "QuestionnaireResponse",
        "RiskAssessment",
    ]
    code, again, _err = quiz("--answers", "-", "--json", stdin=out)
    assert json.loads(again)["percent"] == 23


REPLIES = ["1", "no", "55", "male", "2", "145", "90", "no", "175", "82", "no", ""]


def test_interactive_prompts_go_to_stderr_and_the_result_to_stdout(quiz):
    code, out, err = quiz("--json", stdin="\n".join(REPLIES) + "\n")
    assert (code, json.loads(out)["percent"]) == (0, 23)
    assert "How old are you?" in err
    assert not quiz_dialogue.state_file().exists()


def test_back_key(quiz):
    replies = [*REPLIES[:3], "b", "60", *REPLIES[3:]]
    _code, out, _err = quiz("--json", stdin="\n".join(replies) + "\n")
    assert json.loads(out)["inputs_used"]["age"] == 60


def test_stop_and_resume(quiz):
    code, out, err = quiz("--json", stdin="\n".join([*REPLIES[:6], "q"]) + "\n")
    assert (code, out) == (130, "")
    assert "--resume" in err
    state = quiz_dialogue.state_file()
    assert state.stat().st_mode & 0o077 == 0
    code, out, _err = quiz("--json", "--resume", stdin="\n".join(REPLIES[6:]) + "\n")
    assert (code, json.loads(out)["percent"]) == (0, 23)
    assert not state.exists()


def test_ctrl_c_leaves_with_130_and_keeps_the_answers(quiz, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(quiz_dialogue, "_ask", interrupt)
    code, _out, _err = quiz()
    assert code == 130
    assert quiz_dialogue.state_file().exists()


@pytest.mark.parametrize("language", ["en", "ru", "uz"])
def test_json_numbers_and_codes_are_the_same_in_all_languages(quiz, language):
    _code, out, _err = quiz(
        "--answers", "-", "--json", "--lang", language, stdin=json.dumps(PERSON)
    )
    document = json.loads(out)
    assert (document["percent"], document["category"]) == (23, "high")
    assert document["what_if"][0]["code"] == "quit-smoking"


def test_ten_thousand_answers_give_a_line_each(quiz, tmp_path):
    people = "\n".join(
        json.dumps(PERSON | {"age": 40 + n % 35, "sbp": 100 + n % 90}) for n in range(10_000)
    )
    path = tmp_path / "people.jsonl"
    path.write_text(people)
    code, out, _err = quiz("--answers", str(path))
    assert (code, len(out.splitlines())) == (0, 10_000)
