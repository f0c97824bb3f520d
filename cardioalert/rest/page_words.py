"""Every word the page for the phone shows, in one language: the page's own and the library's."""

from __future__ import annotations

from typing import Any, Final

from cardioalert import errors
from cardioalert.care.directory import regions, services
from cardioalert.domain.clinical import Overall, Urgency
from cardioalert.domain.imaging import Grade
from cardioalert.i18n import translate as _
from cardioalert.i18n import unit_text, use_language
from cardioalert.notify.texts import templates
from cardioalert.report import text
from cardioalert.risk import texts as risk_texts
from cardioalert.risk.questionnaire import EMERGENCY
from cardioalert.risk.questions import QUESTIONS
from cardioalert.tables import read_toml

SCHEMA: Final = "cardioalert.page-words/1"
_BABEL: Final = {"uz": "uz_Latn"}
_REGION_NAMES: Final = {"en": "name_en", "ru": "name_ru", "uz": "name_uz_latn"}
_TABLES: Final = {"texts": "page_texts", "notices": "notice_texts"}


def words(language: str) -> dict[str, Any]:
    """Return the words of a language, by subject."""
    with use_language(language):
        table = read_toml("cardioalert.rest", "page_texts.toml")
        found: dict[str, Any] = {"schema": SCHEMA, "language": language}
        for name, key in _TABLES.items():
            found[name] = {code: _(line) for code, line in table[key].items()}
        found["errors"] = _hints() | {
            code: _(line) for code, line in table["error_texts"].items()
        }  # fmt: skip
        return found | _of_the_library(language) | _calendar(language)


def _of_the_library(language: str) -> dict[str, Any]:
    """Return the words that reports, tests and messages use as well: they must not differ."""
    return {
        "urgency": {
            level.label: {"word": text.urgency_word(level), "meaning": text.urgency_meaning(level)}
            for level in Urgency
        },
        "overall": {overall.value: text.overall_text(overall) for overall in Overall},
        "status": {
            "present": text.finding_status_word("present"),
            "possible": text.finding_status_word("possible"),
            "not-assessable": text.finding_status_word("not-assessable"),
        },
        "grade": {grade.value: text.grade_word(grade) for grade in Grade},
        "scores": {code: _(title) for code, title in risk_texts.SCORES.items()},
        "categories": {code: _(title) for code, title in risk_texts.CATEGORIES.items()},
        "symptoms": _symptoms(),
        "services": {code: _(row["title"]) for code, row in services().items()},
        "regions": {
            row["iso3166_2"]: row[_REGION_NAMES[language]] for row in regions().values()
        },
        "units": {unit: unit_text(unit) for unit in ("/min", "ms")},
        "messages": {
            code: {"title": _(row.title), "text": _(row.text)} for code, row in templates().items()
        },
    }  # fmt: skip


def _symptoms() -> list[dict[str, Any]]:
    """Return what is asked with an ECG, in the words of the risk test; emergencies first."""
    asked = next(question for question in QUESTIONS if question.key == "symptoms")
    rows = [
        {"value": value, "text": _(words_), "emergency": value in EMERGENCY}
        for value, words_ in asked.options
        if value != "none"
    ]
    return sorted(rows, key=lambda row: not row["emergency"])


def _hints() -> dict[str, str]:
    """Return what helps against each error, by its code."""
    found, classes = {}, [errors.CardioAlertError]
    while classes:
        kind = classes.pop()
        classes.extend(kind.__subclasses__())
        if kind.__module__ == errors.__name__ and kind.hint:
            found[kind.code] = _(kind.hint)
    return found


def _calendar(language: str) -> dict[str, Any]:
    """Return the names of months and days: not every browser knows Uzbek."""
    from babel import Locale  # noqa: PLC0415 - `cardioalert --help` must stay fast

    locale = Locale.parse(_BABEL.get(language, language))
    months, days = locale.months["format"]["wide"], locale.days["format"]["abbreviated"]
    return {
        "months": [months[number] for number in range(1, 13)],
        "weekdays": [days[number] for number in range(7)],  # Monday first
    }
