"""What changed since a previous ECG, beyond what two measurements of the same heart differ by."""

from __future__ import annotations

import math
from typing import Final

from cardioalert.domain.clinical import Measured
from cardioalert.domain.measures import MEASURES, Measure
from cardioalert.domain.record import STANDARD_LEADS
from cardioalert.i18n import datetime_text, number
from cardioalert.i18n import translate as _
from cardioalert.report import text
from cardioalert.report.clinician import DASH, measured_values
from cardioalert.report.content import Comparison, Mark, Row, Table
from cardioalert.report.document import Document

SURE: Final = 1.96  # standard deviations of the difference
ST_CHANGE: Final = 0.1  # mV; the smallest change of ST that is named
HALF_TURN: Final = 180.0


def compare(now: Document, before: Document) -> Comparison:
    """Return the comparison of an analysis with a previous one."""
    return Comparison(
        rows=_about(before),
        values=_values(now, before),
        findings=_findings(now, before),
        notes=_notes(now, before),
    )


def _about(before: Document) -> tuple[Row, ...]:
    """Return what the previous ECG was."""
    rows = [Row(label=_("Previous ECG"), value=text.source_name(before.input.path))]
    if before.record.recorded_at is not None:
        when = datetime_text(before.record.recorded_at, "short")
        rows.append(Row(label=_("Recorded"), value=when))
    if person := text.patient_text(before.patient.patient()):
        rows.append(Row(label=_("Person"), value=person))
    if before.input.sha256:
        rows.append(Row(label="SHA-256", value=before.input.sha256))
    return tuple(rows)


def _values(now: Document, before: Document) -> Table:
    """Return the measurements side by side."""
    earlier, later = measured_values(before), measured_values(now)
    rows: list[tuple[str, ...]] = []
    marks: list[Mark] = []
    for name, measure in MEASURES.items():
        old, new = earlier[name], later[name]
        change, word, mark = _change(old, new, measure)
        rows.append(
            (
                f"{_(measure.label)}, {text.unit_text(measure.export_unit)}",
                text.value_text(old, measure) or DASH,
                text.value_text(new, measure) or DASH,
                change,
                word,
            )
        )
        marks.append(mark)
    for row in _st_rows(now, before):
        rows.append(row)
        marks.append("changed")
    return Table(
        title=_("Measurements compared"),
        head=(_("Measurement"), _("Before"), _("Now"), _("Change"), _("Beyond the error")),
        rows=tuple(rows),
        marks=tuple(marks),
        note=_(
            "“Yes” means that the change is larger than 1.96 standard deviations of both "
            "measurements together; ST is listed where it changed by {limit} mV or more.",
            limit=ST_CHANGE,
        ),
    )


def _change(old: Measured, new: Measured, measure: Measure) -> tuple[str, str, Mark]:
    """Return the difference, whether it is more than error, and how to mark the row."""
    if old.value is None or new.value is None:
        return DASH, DASH, ""
    difference = (new.value - old.value) * measure.factor
    if measure.unit == "deg":  # the short way round
        difference = (difference + HALF_TURN) % (2 * HALF_TURN) - HALF_TURN
    told = number(difference, measure.decimals, signed=True).replace("-", "−")
    if old.uncertainty is None or new.uncertainty is None:
        return told, _("not known"), ""
    spread = math.hypot(old.uncertainty, new.uncertainty) * measure.factor
    beyond = abs(difference) > SURE * spread
    return told, _("yes") if beyond else _("no"), "changed" if beyond else ""


def _st_rows(now: Document, before: Document) -> list[tuple[str, ...]]:
    """Return the leads whose ST level changed."""
    rows = []
    for lead in STANDARD_LEADS:
        old, new = before.st_mv.get(lead), now.st_mv.get(lead)
        if old is None or new is None or old.j is None or new.j is None:
            continue
        change = new.j - old.j
        if abs(change) >= ST_CHANGE:
            levels = (
                number(value, 2, signed=True).replace("-", "−") for value in (old.j, new.j, change)
            )
            rows.append((_("ST at J in {lead}, mV", lead=lead), *levels, _("see note")))
    return rows


def _findings(now: Document, before: Document) -> Table | None:
    """Return each finding of either analysis, and how it stands now."""
    old = {found.code: found for found in before.findings if found.status != "not-assessable"}
    new = {found.code: found for found in now.findings if found.status != "not-assessable"}
    rows: list[tuple[str, ...]] = []
    marks: list[Mark] = []
    for code in dict.fromkeys((*new, *old)):
        was, is_now = old.get(code), new.get(code)
        title = (is_now or was or new[code]).title
        then = DASH if was is None else text.finding_status_word(was.status)
        today = DASH if is_now is None else text.finding_status_word(is_now.status)
        if was is None:
            word = _("new")
        elif is_now is None:
            word = _("not seen now")
        else:
            word = _("as before") if was.status == is_now.status else _("changed")
        rows.append((title, then, today, word))
        marks.append("" if was and is_now and was.status == is_now.status else "changed")
    if not rows:
        return None
    return Table(
        title=_("Findings compared"),
        head=(_("Finding"), _("Before"), _("Now"), _("Change")),
        rows=tuple(rows),
        marks=tuple(marks),
        numeric=False,
        note=_("“Not seen now” does not mean that it is gone: it may not have been assessable."),
    )


def _notes(now: Document, before: Document) -> tuple[str, ...]:
    """Return what a reader must know before comparing."""
    notes = []
    if now.input.sha256 and now.input.sha256 == before.input.sha256:
        notes.append(_("Both analyses are of the same file."))
    if now.patient.sex and before.patient.sex and now.patient.sex != before.patient.sex:
        notes.append(_("Sex differs between the two: check that both are of the same person."))
    old, new = before.record.recorded_at, now.record.recorded_at
    if old is not None and new is not None and old.replace(tzinfo=None) > new.replace(tzinfo=None):
        notes.append(_("The “previous” ECG was recorded later than this one."))
    if now.software.version != before.software.version:
        notes.append(
            _(
                "The previous analysis was made by version {version}.",
                version=before.software.version or "?",
            )
        )
    return tuple(notes)
