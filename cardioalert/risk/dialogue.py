"""The risk test asked over a network: the replies so far in, the next question out.

The client keeps the replies and sends all of them each time, so that nothing of anybody is held
between two questions, and going back means sending one reply less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cardioalert.i18n import translate as _
from cardioalert.i18n import unit_text
from cardioalert.risk.questions import QUESTIONS, Interview, Question, ReplyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What somebody typed or chose; an empty text skips the question."""

    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where an interview stands.

    Attributes
    ----------
    interview : Interview
    kept : int
        How many replies were used. The rest answered questions that are not asked any more, or
        cannot be understood: `error` says why.
    """

    interview: Interview
    kept: int
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the next question for clients; null when the test is over."""
        question = self.interview.question()
        raw, asked = self.interview.raw, self.interview.asked
        left = 0
        if question is not None:
            left = sum(q.key not in asked and q.applies(raw) for q in QUESTIONS)
        return {
            "question": None if question is None else question_to_dict(question),
            "answers": dict(raw),
            "kept": self.kept,
            "left": left,
            "error": self.error,
        }


def replay(replies: Sequence[Reply]) -> Progress:
    """Ask again what was asked, and take the replies."""
    interview = Interview()
    for number, reply in enumerate(replies):
        question = interview.question()
        if question is None or question.key != reply.key:
            return Progress(interview=interview, kept=number)
        try:
            interview = interview.reply(reply.text)
        except ReplyError as error:
            return Progress(interview=interview, kept=number, error=str(error))
    return Progress(interview=interview, kept=len(replies))


def question_to_dict(question: Question) -> dict[str, Any]:
    """Return a question with its texts in the chosen language."""
    return {
        "key": question.key,
        "text": _(question.text),
        "kind": question.kind,
        "required": question.required,
        "units": [{"unit": unit, "text": unit_text(unit)} for unit, _key in question.units],
        "options": [{"value": value, "text": _(text)} for value, text in question.options],
    }
