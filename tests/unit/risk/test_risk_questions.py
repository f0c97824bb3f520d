"""The interview: order, back, units, replies that do not answer."""

import pytest

from cardioalert.i18n import set_language
from cardioalert.risk import assess, read_answers
from cardioalert.risk.questions import QUESTIONS, Interview, ReplyError

SHORT = {
    "symptoms": "1",
    "known_cvd": "no",
    "age": "55",
    "sex": "1",
    "tobacco_use": "2",
    "sbp": "145",
    "dbp": "90",
    "height_cm": "175",
    "weight_kg": "82",
}


def interview(replies, until=""):
    state = Interview()
    while (question := state.question()) is not None and question.key != until:
        state = state.reply(replies.get(question.key, ""))
    return state


def question(key):
    return next(q for q in QUESTIONS if q.key == key)


def test_a_whole_interview_gives_the_guide_s_result():
    raw = interview(SHORT).raw
    assert assess(read_answers(raw)).to_dict()["percent"] == 23


def test_symptoms_are_asked_first_and_an_emergency_ends_the_test():
    assert Interview().question().key == "symptoms"
    state = Interview().reply("3, 6")
    assert state.question() is None
    assert assess(read_answers(state.raw)).not_applicable[0] == "symptoms"


def test_without_blood_pressure_the_points_questions_follow():
    asked = interview(SHORT | {"sbp": ""}).asked
    assert "parent_mi" in asked
    assert "dbp" not in asked
    assert "hdl_mmol" not in asked
    assert "parent_mi" not in interview(SHORT).asked


@pytest.mark.parametrize(
    ("sex", "age", "asked"), [("2", "30", True), ("1", "30", False), ("2", "60", False)]
)
def test_pregnancy_is_asked_when_it_can_be(sex, age, asked):
    assert ("pregnant" in interview(SHORT | {"sex": sex, "age": age}).asked) is asked


def test_bmi_is_asked_only_without_height_and_weight():
    assert "bmi" not in interview(SHORT).asked
    state = interview(SHORT | {"height_cm": "", "bmi": "26.8"})
    assert "weight_kg" not in state.asked
    assert state.raw["bmi"] == 26.8


def test_back_forgets_one_answer_in_any_unit():
    state = interview(SHORT | {"sbp": "19.3 kPa"}, until="dbp")
    assert state.raw["sbp_kpa"] == 19.3
    state = state.back()
    assert state.question().key == "sbp"
    assert "sbp_kpa" not in state.raw
    assert Interview().back() == Interview()


def test_a_changed_answer_changes_what_is_asked():
    state = interview(SHORT | {"sex": "2", "age": "30"}, until="pregnant")
    state = state.back().reply("1")
    assert state.question().key == "tobacco_use"


@pytest.mark.parametrize(
    ("key", "text", "answers"),
    [
        ("sbp", "145", {"sbp": 145.0}),
        ("sbp", "145 mmHg", {"sbp": 145.0}),
        ("sbp", "19,3 kPa", {"sbp_kpa": 19.3}),
        ("total_cholesterol_mmol", "213 mg/dL", {"total_cholesterol_mg_dl": 213.0}),
        ("hba1c_mmol_mol", "6.5 %", {"hba1c_percent": 6.5}),
        ("height_cm", "1.75m", {"height_m": 1.75}),
        ("known_cvd", "y", {"known_cvd": True}),
        ("known_cvd", "NO", {"known_cvd": False}),
        ("sex", "female", {"sex": "female"}),
        ("symptoms", "1", {"symptoms": []}),
        ("symptoms", "2,4", {"symptoms": ["chest-pain", "syncope"]}),
        ("dbp", "", {}),
    ],
)
def test_replies(key, text, answers):
    from cardioalert.risk.questions import read_reply  # noqa: PLC0415

    assert read_reply(question(key), text) == answers


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("age", "", "needs an answer"),
        ("age", "old", "Type a number"),
        ("age", "1,250", "comma"),
        ("sbp", "14.5", "Not plausible"),
        ("sbp", "145 psi", "mmHg, kPa"),
        ("known_cvd", "perhaps", "yes"),
        ("sex", "7", "1 to 3"),
        ("sex", "1,2", "one number"),
    ],
)
def test_replies_that_do_not_answer(key, text, message):
    from cardioalert.risk.questions import read_reply  # noqa: PLC0415

    with pytest.raises(ReplyError, match=message):
        read_reply(question(key), text)


@pytest.mark.parametrize(("language", "word"), [("uz", "yo'q"), ("ru", "нет"), ("uz", "yes")])
def test_yes_and_no_in_other_languages_never_mean_the_opposite(language, word):
    from cardioalert.risk.questions import read_reply  # noqa: PLC0415

    set_language(language)
    try:
        found = read_reply(question("known_cvd"), word)
    except ReplyError:
        return  # no catalog is compiled here: the word is not known, which is not wrong
    finally:
        set_language("en")
    assert found == {"known_cvd": word == "yes"}
