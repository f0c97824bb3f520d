"""The words of a report that are the same in the terminal, in HTML and in PDF."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import PurePath
from typing import Final

from cardioalert import i18n
from cardioalert.domain.clinical import FindingStatus, Measured, Overall, Status, Urgency
from cardioalert.domain.imaging import Digitized, Grade, NamedBy
from cardioalert.domain.measures import Measure
from cardioalert.domain.patient import Patient, Sex, Symptom
from cardioalert.domain.record import ECGRecord
from cardioalert.files import STANDARD_INPUT
from cardioalert.formats.registry import FORMATS
from cardioalert.i18n import ngettext, number, pgettext
from cardioalert.i18n import translate as _
from cardioalert.interpret import merge
from cardioalert.interpret.criteria import criteria
from cardioalert.report.limits import Limits, Side
from cardioalert.tables import read_toml

_NEGATIVE: Final = re.compile(r"(?<![\w-])-(?=\d)")


def urgency_word(urgency: Urgency) -> str:
    """Return the level as a word, so that it never depends on colour alone."""
    return {
        Urgency.RED: _("RED"),
        Urgency.ORANGE: _("ORANGE"),
        Urgency.YELLOW: _("YELLOW"),
        Urgency.GREEN: _("GREEN"),
        Urgency.GREY: _("GREY"),
    }[urgency]


def urgency_meaning(urgency: Urgency) -> str:
    """Return what a level asks for, in a few words."""
    return {
        Urgency.RED: _("Act now"),
        Urgency.ORANGE: _("See a doctor today"),
        Urgency.YELLOW: _("Make an appointment"),
        Urgency.GREEN: _("No acute change found by this program"),
        Urgency.GREY: _("This ECG could not be judged"),
    }[urgency]


def overall_text(overall: Overall) -> str:
    """Return the one-line result."""
    return {
        Overall.NORMAL: _("ECG within normal limits"),
        Overall.BORDERLINE: _("Borderline ECG"),
        Overall.ABNORMAL: _("Abnormal ECG"),
        Overall.NOT_INTERPRETABLE: _("ECG not interpretable"),
    }[overall]


def grade_word(grade: Grade) -> str:
    """Return how far a digitized page can be trusted."""
    return {Grade.GOOD: _("good"), Grade.FAIR: _("fair"), Grade.POOR: _("poor")}[grade]


def finding_status_word(status: FindingStatus) -> str:
    """Return how sure a finding is."""
    words: dict[FindingStatus, str] = {
        "present": _("present"),
        "possible": _("possible"),
        "not-assessable": _("not assessable"),
    }
    return words[status]


def symptom_word(symptom: Symptom) -> str:
    """Return a symptom as people say it."""
    return {
        Symptom.CHEST_PAIN: _("chest pain"),
        Symptom.BREATHLESSNESS: _("breathlessness"),
        Symptom.SYNCOPE: _("fainting"),
        Symptom.WEAKNESS: _("sudden weakness of face, arm or speech"),
        Symptom.PALPITATIONS: _("palpitations"),
    }[symptom]


def patient_text(patient: Patient) -> str:
    """Return what is known about the person; empty when nothing is."""
    sexes = {Sex.MALE: pgettext("person", "male"), Sex.FEMALE: pgettext("person", "female")}
    parts = []
    if patient.age is not None:
        parts.append(age_text(patient.age))
    if patient.sex is not None:
        parts.append(sexes[patient.sex])
    parts.extend(symptom_word(symptom) for symptom in patient.symptoms)
    return ", ".join(parts)


def age_text(years: float) -> str:
    """Return an age; that of children in fractions of a year, where it is known so well."""
    if years != round(years):
        return _("{years} years", years=number(years, 1))
    return ngettext("{count} year", "{count} years", round(years))


def count_of_leads(count: int) -> str:
    """Return how many leads there are."""
    return ngettext("{count} lead", "{count} leads", count)


def source_name(path: str) -> str:
    """Return a short name of where an ECG came from."""
    if path == STANDARD_INPUT:
        return _("standard input")
    return PurePath(path).name or _("ECG")


def format_name(kind: str) -> str:
    """Return the name of a digital format."""
    return {form.kind: form.name for form in FORMATS}.get(kind, kind)


def kind_text(kind: str) -> str:
    """Return what a digital record is, such as `WFDB record`."""
    if kind in ("", "array"):
        return _("digital record")
    return _("{kind} record", kind=format_name(kind))


def record_text(record: ECGRecord) -> str:
    """Return what a digital record holds."""
    return ", ".join(
        (
            kind_text(record.source.kind),
            count_of_leads(len(record.leads)),
            with_unit(record.duration, "s", 1),
            with_unit(record.sampling_rate, "Hz"),
        )
    )


def photo_text(digitized: Digitized) -> str:
    """Return what a picture holds."""
    source, record = digitized.record.source, digitized.record
    leads = len({trace.lead for trace in digitized.traces})
    return ", ".join(
        (
            _("picture of {width} x {height} px", width=source.width_px, height=source.height_px),
            layout_text(digitized.layout),
            count_of_leads(leads),
            with_unit(record.duration, "s", 1),
        )
    )


def scale_text(digitized: Digitized) -> str:
    """Return the scale of a print and the detail of its picture."""
    grid = digitized.grid
    detail = sum(grid.photo_pixels_per_mm) / 2
    return ", ".join(
        (
            with_unit(grid.paper_speed, "mm/s"),
            with_unit(grid.gain, "mm/mV"),
            with_unit(detail, "px/mm", 1),
        )
    )


def value_text(measured: Measured, measure: Measure, *, plus_minus: str = "±") -> str:
    """Return a value with its uncertainty, in the unit people read; empty when not measurable."""
    if measured.status is Status.NOT_MEASURABLE or measured.value is None:
        return ""
    text = number(measured.value * measure.factor, measure.decimals)
    if measured.uncertainty is not None:
        spread = round(measured.uncertainty * measure.factor, measure.decimals)
        text += f" {plus_minus} {number(spread, measure.decimals)}" if spread else ""
    return text


def layout_text(layout: str) -> str:
    """Return the arrangement of a page: `6x1-limb` holds the limb leads only."""
    grid, _hyphen, part = layout.partition("-")
    if part == "limb":
        return _("layout {layout}, limb leads only", layout=grid)
    if part == "chest":
        return _("layout {layout}, chest leads only", layout=grid)
    return _("layout {layout}", layout=layout)


def reason_text(code: str) -> str:
    """Return why something could not be measured or judged, for people."""
    return merge.reason_text(code)


def rule_title(code: str) -> str:
    """Return what a rule looks for; empty for codes that are no rule, such as `network`."""
    titles = {criterion.id: criterion.title for criterion in criteria()}
    return _(titles.get(code, ""))


def missing_by_reason(
    missing: Iterable[tuple[str, str]], found: Iterable[str]
) -> dict[str, list[str]]:
    """Group what could not be judged by its reason.

    One row of a criterion may be unknown while another has found what it looks for: that is not
    missing.

    Parameters
    ----------
    missing : iterable of (code of a rule, reason)
    found : titles of the findings
    """
    titles = set(found)
    groups: dict[str, list[str]] = {}
    for code, reason in missing:
        title = rule_title(code)
        if not title or title not in titles:
            groups.setdefault(reason, []).append(title)
    return groups


@cache
def rules_never_judged() -> frozenset[str]:
    """Return the ids of the criteria that this version cannot judge in any ECG."""
    rows = read_toml("cardioalert.interpret", "not_computed.toml")["criterion"]
    return frozenset(row["id"] for row in rows)


def limits_text(limits: Limits | None, *, dash: str = "–") -> str:
    """Return limits as people write them; empty where there are none."""
    if limits is None:
        return ""
    if limits.low < 0:
        low = number(limits.low)
        return _(
            "{low} to {high}",
            low=low if dash == "-" else low.replace("-", "−"),
            high=number(limits.high),
        )
    return f"{number(limits.low)}{dash}{number(limits.high)}"


def with_minus_signs(sentence: str, minus: str = "−") -> str:
    """Return a sentence whose negative numbers have a minus sign instead of a hyphen."""
    return _NEGATIVE.sub(minus, sentence)


def side_word(side: Side) -> str:
    """Return on which side of its limits a value lies."""
    words: dict[Side, str] = {"within": _("normal"), "below": _("low"), "above": _("high")}
    return words[side]


def with_unit(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a value with its unit as people write both."""
    return f"{number(value, decimals)} {i18n.unit_text(unit)}"


def unit_text(unit: str, *, degree: str = "°") -> str:
    """Return a unit as people write it."""
    return degree if unit == "deg" else i18n.unit_text(unit)


def named_by_word(named_by: NamedBy) -> str:
    """Return what decided the name of a lead."""
    words: dict[NamedBy, str] = {
        "label": _("its label"),
        "layout": _("its place"),
        "morphology": _("its shape"),
    }
    return words[named_by]


def sentence(message: str) -> str:
    """Return a message with a capital first letter."""
    named = message.startswith(("aV", "mV"))  # a lead and a unit keep their small letter
    return message if named else message[:1].upper() + message[1:]
