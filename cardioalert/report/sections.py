"""The parts of the terminal answer that hold lists: measurements, ST, findings, not assessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cardioalert.domain.clinical import (
    Finding,
    Interpretation,
    LeadMeasurements,
    Measured,
    Measurements,
    Status,
)
from cardioalert.domain.measures import MEASURES, Measure
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import Lead
from cardioalert.i18n import translate as _
from cardioalert.report import text
from cardioalert.report.limits import Limits, limits_for, side_of
from cardioalert.report.look import SIDE_STYLE, URGENCY_STYLE, Look, rows, section


def measurements(
    measured: Measurements, patient: Patient, look: Look, *, explain: bool
) -> RenderableType:
    """Return the measurements beside their limits, and the ST levels."""
    limits = limits_for(patient)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=look.label_width, style="dim")
    table.add_column(width=10, justify="right")
    table.add_column(width=4)
    if not look.narrow:
        table.add_column(width=11, justify="right", style="dim")
    table.add_column(overflow="fold")
    for name, measure in MEASURES.items():
        table.add_row(*_measurement_row(measured.values[name], measure, limits.get(name), look))
    parts: list[RenderableType] = [table]
    if st := _st_levels(measured.leads, look):
        parts.append(st)
    if explain:
        parts.append(_origins(measured, look))
    return section(_("Measurements"), *parts)


def _measurement_row(
    value: Measured, measure: Measure, limits: Limits | None, look: Look
) -> list[Text]:
    """Return label, value, unit, limits and verdict of one measurement."""
    shown_limits = Text(text.limits_text(limits, dash=look.sign("–", "-"), at_most=look.sign("≤", "<=")))
    if value.value is None:
        missing = Text(look.sign("–", "-"), style="dim")
        reason = Text(_("not measurable: {reason}").format(reason=text.reason_text(value.reason)))
        reason.stylize("dim")
        cells = [Text(_(measure.label)), missing, Text(), shown_limits, reason]
    else:
        number = Text(text.value_text(value, measure, plus_minus=look.sign("±", "+-")))
        unit = Text(text.unit_text(measure.export_unit, degree=look.sign("°", "deg")), style="dim")
        verdict = _verdict(value, measure, limits, look)
        cells = [Text(_(measure.label)), number, unit, shown_limits, verdict]
    return [cell for number_of, cell in enumerate(cells) if not (look.narrow and number_of == 3)]


def _verdict(value: Measured, measure: Measure, limits: Limits | None, look: Look) -> Text:
    """Return on which side of its limits a value lies, and how sure that is."""
    verdict = Text()
    side = side_of(value, measure, limits)
    if side is not None:
        sign = {
            "within": look.sign("✓", "ok"),
            "below": look.sign("▼", "v"),
            "above": look.sign("▲", "^"),
        }[side]
        verdict.append(f"{sign} ", style=SIDE_STYLE[side])
        verdict.append(text.side_word(side), style="" if side == "within" else "bold")
    if value.status is Status.BORDERLINE:
        verdict.append("  " if verdict else "")
        verdict.append(
            _("less certain: {reason}").format(reason=text.reason_text(value.reason)), style="dim"
        )
    return verdict


def _st_levels(leads: Mapping[Lead, LeadMeasurements], look: Look) -> RenderableType | None:
    """Return the ST level at the J point in every lead that has one."""
    levels = [
        (lead, measured.st_j) for lead, measured in leads.items() if measured.st_j is not None
    ]
    if not levels:
        return None
    a_row = 3 if look.narrow else 6
    table = Table.grid(padding=(0, 1))
    table.add_column(width=look.label_width, style="dim")
    for _column in range(a_row):
        table.add_column(width=10 if not look.narrow else 8)
    for first in range(0, len(levels), a_row):
        label = Text(_("ST at J, mV")) if first == 0 else Text()
        cells = [
            Text.assemble((f"{lead:<4}", "dim"), f"{level:+.2f}")
            for lead, level in levels[first : first + a_row]
        ]
        table.add_row(label, *cells)
    return Group(Text(), table)


def _origins(measured: Measurements, look: Look) -> RenderableType:
    """Return where each value comes from: its leads and beats, and the leads that were not used."""
    table = rows(look)
    for name, measure in MEASURES.items():
        value = measured.values[name]
        if value.value is None or not (value.leads or value.beats):
            continue
        parts = []
        if value.leads:
            parts.append(_("leads {leads}").format(leads=", ".join(value.leads)))
        if value.beats:
            parts.append(_("{count} beats").format(count=value.beats))
        table.add_row(Text(_(measure.label)), Text("; ".join(parts)))
    for lead, reason in measured.unusable.items():
        table.add_row(
            Text(lead), Text(_("not used: {reason}").format(reason=text.reason_text(reason)))
        )
    title = Text(_("Where the values come from"), style="bold")
    return Group(Text(), title, table) if table.row_count else Text()


def findings(
    found: Iterable[Finding], look: Look, *, explain: bool
) -> RenderableType:
    """Return each finding with what speaks for and against it."""
    shown = [finding for finding in found if finding.status != "not-assessable"]
    if not shown:
        nothing = Text(_("No rule that could be judged has fired."), style="")
        return section(_("Findings"), nothing)
    parts: list[RenderableType] = []
    for number, finding in enumerate(shown):
        if number:
            parts.append(Text())
        parts.append(_finding(finding, look, explain=explain))
    return section(_("Findings"), *parts)


def _finding(finding: Finding, look: Look, *, explain: bool) -> RenderableType:
    """Return one finding."""
    color = URGENCY_STYLE[finding.urgency][1]
    title = Text(look.sign("● ", "* "), style=color)
    title.append(finding.title, style="bold default")
    title.append("  " + text.finding_status_word(finding.status), style="default")
    if finding.probability is not None:
        title.append("  " + _("network {share:.0%}").format(share=finding.probability), style="dim")
    table = Table.grid(padding=(0, 1))
    table.add_column(width=look.label_width, style="dim")
    table.add_column(overflow="fold")
    for number, evidence in enumerate(finding.evidence):
        table.add_row("  " + _("for") if number == 0 else "", Text(evidence.text))
    for number, against in enumerate(finding.against):
        table.add_row("  " + _("against") if number == 0 else "", Text(against))
    if explain:
        table.add_row("  " + _("decided by"), Text(", ".join(finding.decided_by), style="dim"))
    return Group(title, table)


def not_assessed(result: Interpretation, look: Look) -> RenderableType:
    """Return what could not be judged, one line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for missing in result.not_assessed:
        by_reason.setdefault(text.reason_text(missing.reason), []).append(
            text.plain_code(missing.code)
        )
    if not by_reason:
        return Text()
    table = rows(look)
    for reason, codes in by_reason.items():
        table.add_row(Text(reason), Text(", ".join(dict.fromkeys(codes))))
    title = _("Not assessed ({count})").format(count=len(result.not_assessed))
    return section(title, table)
