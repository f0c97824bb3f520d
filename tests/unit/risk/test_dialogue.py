"""The risk test over a network: the same questions as at the terminal, nothing kept in between."""

from __future__ import annotations

import pytest

from cardioalert.i18n import use_language
from cardioalert.risk.dialogue import Reply, replay
from cardioalert.risk.questions import Interview

ANSWERS = {
    "symptoms": "none", "known_cvd": "no", "age": "57", "sex": "male", "tobacco_use": "current",
    "sbp": "20 kPa",
}  # fmt: skip


def replies(**changed):
    return [Reply(key=key, text=text) for key, text in {**ANSWERS, **changed}.items()]


def test_it_asks_what_the_interview_asks():
    interview, told = Interview(), []
    while (question := interview.question()) is not None:
        shown = replay(told).to_dict()["question"]
        assert (shown["key"], shown["kind"]) == (question.key, question.kind)
        text = ANSWERS.get(question.key, "")
        told.append(Reply(key=question.key, text=text))
        interview = interview.reply(text)
    last = replay(told).to_dict()
    assert (last["question"], last["left"], last["kept"]) == (None, 0, len(told))
    assert last["answers"] == dict(interview.raw)
    assert last["answers"]["sbp_kpa"] == 20


def test_an_emergency_ends_it_at_once():
    found = replay(replies(symptoms="chest-pain")).to_dict()
    assert found["question"] is None
    assert (found["kept"], found["answers"]) == (1, {"symptoms": ["chest-pain"]})


def test_a_reply_that_is_none_is_asked_again_with_the_reason():
    found = replay(replies(age="540")).to_dict()
    assert (found["question"]["key"], found["kept"]) == ("age", 2)
    assert "540" in found["error"]


def test_replies_to_questions_that_are_not_asked_any_more_are_left_out():
    woman = [*replies(sex="female")[:4], Reply(key="tobacco_use", text="never")]
    assert replay(woman).to_dict()["question"]["key"] == "sbp"  # at 57 pregnancy is not asked
    young = [*replies(sex="female", age="30")[:4], Reply(key="tobacco_use", text="never")]
    found = replay(young).to_dict()
    assert (found["question"]["key"], found["kept"]) == ("pregnant", 4)


@pytest.mark.parametrize(("code", "text"), [("en", "none of these"), ("ru", ""), ("uz", "")])
def test_options_are_in_the_chosen_language(code, text):
    with use_language(code):
        options = replay([]).to_dict()["question"]["options"]
    assert options[0]["value"] == "none"
    assert text in options[0]["text"]
    assert (options[0]["text"] == "none of these") is (code == "en")
