"""What a clinician reads first: measurements beside their limits, ST, findings, what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cardioalert.domain.clinical import Measured, Status, Urgency
from cardioalert.domain.imaging import Grade
from cardioalert.domain.measures import MEASURES, Measure
from cardioalert.domain.record import STANDARD_LEADS
from cardioalert.i18n import ngettext, number, percent
from cardioalert.i18n import translate as _
from cardioalert.report import text
from cardioalert.report.content import FindingPart, Mark, MissingPart, Row, Table
from cardioalert.report.document import Digitization, Document, Found, Value
from cardioalert.report.limits import limits_for, side_of
from cardioalert.report.plain import distinct, plain_text

DASH: Final = "–"


def measured_of(value: Value, measure: Measure) -> Measured:
    """Return a value of the document as the library knows it, in the library's unit."""
    spread = None if value.uncertainty is None else value.uncertainty / measure.factor
    return Measured(
        value=None if value.value is None else value.value / measure.factor,
        unit=measure.unit,
        uncertainty=spread,
        status=Status.NOT_MEASURABLE if value.value is None else _status(value),
        reason=value.reason or ("not-measurable" if value.value is None else ""),
    )


def _status(value: Value) -> Status:
    """Return the status of a value that is there."""
    return Status.BORDERLINE if value.status == "borderline" else Status.MEASURED


def measured_values(document: Document) -> dict[str, Measured]:
    """Return every measurement of the document by name; those it lacks are not measurable."""
    absent = Value(value=None, status="not-measurable", reason="not-measurable")
    return {
        name: measured_of(document.measurements.get(measure.export_name, absent), measure)
        for name, measure in MEASURES.items()
    }


def measurements_table(document: Document) -> Table:
    """Return every measurement with its uncertainty, its limits and where it comes from."""
    limits = limits_for(document.patient.patient())
    rows, marks = [], []
    for name, measured in measured_values(document).items():
        measure = MEASURES[name]
        side = side_of(measured, measure, limits.get(name))
        words = [text.side_word(side)] if side is not None else []
        if measured.status is Status.BORDERLINE:
            words.append(_("less certain"))
        if measured.value is None:
            words = [_("not measurable")]
        value = document.measurements.get(measure.export_name)
        rows.append(
            (
                _(measure.label),
                text.value_text(measured, measure).replace("-", "−") or DASH,
                text.unit_text(measure.export_unit),
                text.limits_text(limits.get(name)) or DASH,
                ", ".join(words) or DASH,
                _origin(value),
            )
        )
        marks.append(_mark(side, measured))
    return Table(
        title=_("Measurements"),
        head=(
            _("Measurement"),
            _("Value ± SD"),
            _("Unit"),
            _("Normal limits"),
            _("Verdict"),
            _("Measured in"),
        ),
        rows=tuple(rows),
        marks=tuple(marks),
        note=_limits_note(document),
    )


def _mark(side: str | None, measured: Measured) -> Mark:
    """Return what is remarkable about a measurement."""
    if side == "above":
        return "high"
    if side == "below":
        return "low"
    return "" if measured.status is Status.MEASURED else "doubt"


def _origin(value: Value | None) -> str:
    """Return the leads and beats behind a value."""
    if value is None or value.value is None:
        return DASH
    leads = _("all leads") if len(value.leads) == len(STANDARD_LEADS) else ", ".join(value.leads)
    beats = [ngettext("{count} beat", "{count} beats", value.beats)] if value.beats else []
    return "; ".join(filter(None, [leads, *beats])) or DASH


def _limits_note(document: Document) -> str:
    """Return whose limits these are."""
    person = document.patient.patient()
    if not limits_for(person):
        return _("The limits for children differ and are not known to this program.")
    if person.age is None or person.sex is None:
        whose = _("Age or sex is not known: the stricter limits for adults are shown.")
    else:
        whose = _(
            "Limits for this person: {person}.",
            person=text.patient_text(replace(person, symptoms=())),
        )
    spread = _("± is one standard deviation of the measurement.")
    return f"{whose} {spread}"


def doubts(document: Document) -> tuple[Row, ...]:
    """Return why values are missing or less certain than usual, one row for each reason."""
    rows: dict[tuple[str, str], list[str]] = {}
    for name, measured in measured_values(document).items():
        if measured.status is Status.MEASURED or not measured.reason:
            continue
        borderline = measured.status is Status.BORDERLINE
        word = _("less certain") if borderline else _("not measurable")
        rows.setdefault((word, measured.reason), []).append(_(MEASURES[name].label))
    return tuple(
        Row(label=text.sentence(word), value=f"{', '.join(labels)}: {text.reason_text(reason)}")
        for (word, reason), labels in rows.items()
    )


def st_table(document: Document) -> Table | None:
    """Return the ST level of every lead, two rows, one column a lead."""
    leads = [lead for lead in STANDARD_LEADS if lead in document.st_mv]
    if not leads:
        return None
    levels = [document.st_mv[lead] for lead in leads]
    return Table(
        title=_("ST level against the QRS onset, mV"),
        head=(_("Lead"), *(lead.value for lead in leads)),
        rows=(
            (_("at J"), *(signed(level.j) for level in levels)),
            (_("60 ms later"), *(signed(level.j60) for level in levels)),
        ),
        marks=("", ""),
    )


def signed(value: float | None, digits: int = 2) -> str:
    """Return a voltage with its sign."""
    return DASH if value is None else number(value, digits, signed=True).replace("-", "−")


def finding_part(found: Found) -> FindingPart:
    """Return one finding, in terms and in plain words."""
    share = found.probability
    return FindingPart(
        code=found.code,
        title=found.title,
        status=text.finding_status_word(found.status),
        level=found.urgency,
        level_word=text.urgency_word(Urgency[found.urgency.upper()]),
        probability="" if share is None else _("network {share}", share=percent(share)),
        evidence=distinct(text.with_minus_signs(evidence.text) for evidence in found.evidence),
        against=distinct(text.with_minus_signs(reason) for reason in found.against),
        decided_by=", ".join(decider(name) for name in found.decided_by),
        plain=plain_text(found.code),
    )


def decider(name: str) -> str:
    """Return who decided: `rule:AV1` is criterion AV1."""
    kind, colon, which = name.partition(":")
    if not colon:
        return name
    if kind == "rule":
        return _("criterion {name}", name=which)
    return _("network {name}", name=which) if kind == "network" else name


def not_assessed(document: Document) -> tuple[MissingPart, ...]:
    """Return what could not be judged by reason; what this version never judges comes last."""
    never = text.rules_never_judged()
    missing = sorted(document.not_assessed, key=lambda each: each.code in never)
    by_reason = text.missing_by_reason(
        ((each.code, each.reason) for each in missing),
        (found.title for found in document.findings if found.status != "not-assessable"),
    )
    return tuple(
        MissingPart(
            reason=text.sentence(text.reason_text(reason)), titles="; ".join(distinct(titles))
        )
        for reason, titles in by_reason.items()
    )


def reading_rows(document: Document) -> tuple[Row, ...]:
    """Return what was read and how well."""
    record, page = document.record, document.digitization
    rows = []
    if page is None:
        rows.append(Row(label=_("Read"), value=_digital(document)))
    else:
        rows.append(Row(label=_("Read"), value=_picture(document, page)))
        scale = ", ".join(
            (
                text.with_unit(page.paper_speed_mm_s, "mm/s"),
                text.with_unit(page.gain_mm_mv, "mm/mV"),
            )
        )
        if page.pixels_per_mm is not None:
            scale += ", " + text.with_unit(page.pixels_per_mm, "px/mm", 1)
        rows.append(Row(label=_("Scale of the print"), value=scale))
        notices = distinct(
            text.sentence(notice.message) for notice in (*page.quality.reasons, *page.warnings)
        )
        grade = text.grade_word(Grade(page.quality.grade))
        rows.append(Row(label=_("Quality"), value=". ".join([grade, *notices])))
    missing = [lead for lead in STANDARD_LEADS if lead not in record.leads]
    if missing:
        rows.append(Row(label=_("Leads not shown"), value=", ".join(missing)))
    rows.append(Row(label=_("Filter"), value=_("none was added; the recorder may have filtered")))
    return tuple(rows)


def _picture(document: Document, page: Digitization) -> str:
    source = document.input
    return ", ".join(
        (
            _("picture of {width} x {height} px", width=source.width_px, height=source.height_px),
            text.layout_text(page.layout),
            text.count_of_leads(len(document.record.leads)),
            text.with_unit(document.record.duration_s, "s", 1),
        )
    )


def _digital(document: Document) -> str:
    record = document.record
    return ", ".join(
        (
            text.kind_text(document.input.kind),
            text.count_of_leads(len(record.leads)),
            text.with_unit(record.duration_s, "s", 1),
            text.with_unit(record.sampling_rate_hz, "Hz"),
        )
    )
