"""The parts of the terminal answer that hold lists: measurements, ST, findings, not assessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

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
from cardioalert.i18n import ngettext, number, percent
from cardioalert.i18n import translate as _
from cardioalert.report import text
from cardioalert.report.limits import Limits, Side, limits_for, side_of
from cardioalert.report.look import SIDE_STYLE, URGENCY_STYLE, Look, listed, rows, section

TITLES_SHOWN: Final = 4  # of the criteria behind one reason, unless an explanation is wanted


def measurements(
    measured: Measurements, patient: Patient, look: Look, *, explain: bool
) -> RenderableType:
    """Return the measurements beside their limits, the ST levels, and what has no value and why."""
    limits = limits_for(patient)
    table = Table.grid(padding=(0, 1))
    table.add_column(min_width=look.label_width, style="dim")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    if not look.narrow:
        table.add_column(min_width=10, justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    for name, measure in MEASURES.items():
        value = measured.values[name]
        if value.value is not None:
            table.add_row(*_measurement_row(value, measure, limits.get(name), look))
    parts: list[RenderableType] = [table]
    if doubts := _doubts(measured.values, look):
        parts.extend((Text(), doubts))
    if st := _st_levels(measured.leads, look):
        parts.extend((Text(), st))
    if explain:
        parts.extend((Text(), _origins(measured, look)))
    return section(_("Measurements"), *parts)


def _measurement_row(
    value: Measured, measure: Measure, limits: Limits | None, look: Look
) -> list[Text]:
    """Return label, value, unit, limits (where there is room) and verdict of one measurement."""
    side = side_of(value, measure, limits)
    bold = "" if side in (None, "within") else "bold"
    cells = [
        Text(_(measure.label)),
        Text(text.value_text(value, measure, plus_minus=look.sign("±", "+-")), style=bold),
        Text(text.unit_text(measure.export_unit, degree=look.sign("°", "deg"))),
    ]
    if not look.narrow:
        cells.append(Text(text.limits_text(limits, dash=look.sign("–", "-"))))
    return [*cells, Text("  ") + _verdict(value, side, look)]


def _verdict(value: Measured, side: Side | None, look: Look) -> Text:
    """Return on which side of its limits a value lies, and whether it is less certain."""
    verdict = Text()
    if side is not None:
        sign = {
            "within": look.sign("✓", "ok"),
            "below": look.sign("▼", "v"),
            "above": look.sign("▲", "^"),
        }[side]
        style = SIDE_STYLE[side] if side == "within" else f"bold {SIDE_STYLE[side]}"
        verdict.append(sign, style=style)
        if side != "within":
            verdict.append(f" {text.side_word(side)}", style=style)
    if value.status is Status.BORDERLINE:
        verdict.append(" " * bool(verdict) + look.sign("≈", "~"), style="dim")
    return verdict


def _doubts(values: Mapping[str, Measured], look: Look) -> RenderableType | None:
    """Return what could not be measured, or less surely than usual, one line for each reason."""
    table = rows(look)
    for status, title in (
        (Status.BORDERLINE, look.sign("≈ ", "~ ") + _("less certain")),
        (Status.NOT_MEASURABLE, _("not measurable")),
    ):
        by_reason: dict[str, list[str]] = {}
        for name, measure in MEASURES.items():
            if values[name].status is status:
                by_reason.setdefault(values[name].reason, []).append(_(measure.label))
        for position, (reason, labels) in enumerate(by_reason.items()):
            line = Text(", ".join(labels))
            if reason:
                line.append(f": {text.reason_text(reason)}")
            table.add_row(title if position == 0 else "", line)
    return table if table.row_count else None


def _st_levels(leads: Mapping[Lead, LeadMeasurements], look: Look) -> RenderableType | None:
    """Return the ST level at the J point in every lead that has one."""
    levels = [
        (lead, measured.st_j) for lead, measured in leads.items() if measured.st_j is not None
    ]
    if not levels:
        return None
    a_row = 2 if look.narrow else 6
    table = Table.grid(padding=(0, 1))
    table.add_column(width=look.label_width, style="dim")
    for _column in range(a_row):
        table.add_column(width=10)
    for first in range(0, len(levels), a_row):
        label = Text(_("ST at J, mV")) if first == 0 else Text()
        cells = [
            Text.assemble((f"{lead:<4}", "dim"), number(level, 2, signed=True))
            for lead, level in levels[first : first + a_row]
        ]
        table.add_row(label, *cells)
    return table


def _origins(measured: Measurements, look: Look) -> RenderableType:
    """Return the leads and beats behind each value, and the leads that were not used."""
    by_origin: dict[str, list[str]] = {}
    for name, measure in MEASURES.items():
        if origin := _origin(measured.values[name]):
            by_origin.setdefault(origin, []).append(_(measure.label))
    table = rows(look)
    for origin, labels in by_origin.items():
        table.add_row(Text(origin), Text(", ".join(labels)))
    for lead, reason in measured.unusable.items():
        table.add_row(Text(_("not {lead}", lead=lead)), Text(text.reason_text(reason)))
    return Group(Text(_("Where the values come from"), style="bold"), table)


def _origin(value: Measured) -> str:
    """Return the leads and beats behind a value; empty when it has none."""
    if value.value is None:
        return ""
    beats = [ngettext("{count} beat", "{count} beats", value.beats)] if value.beats else []
    return ", ".join([*value.leads, *beats])


def findings(found: Iterable[Finding], look: Look, *, explain: bool) -> RenderableType:
    """Return each finding with what speaks for and against it."""
    shown = [finding for finding in found if finding.status != "not-assessable"]
    if not shown:
        nothing = Text(_("No rule that could be judged has fired."), style="")
        return section(_("Findings"), nothing)
    parts: list[RenderableType] = []
    for position, finding in enumerate(shown):
        if position:
            parts.append(Text())
        parts.append(_finding(finding, look, explain=explain))
    return section(_("Findings"), *parts)


def _finding(finding: Finding, look: Look, *, explain: bool) -> RenderableType:
    """Return one finding."""
    color = URGENCY_STYLE[finding.urgency][1]
    title = Text.assemble((finding.title, "bold"), f"  {text.finding_status_word(finding.status)}")
    if finding.probability is not None:
        share = _("network {share}", share=percent(finding.probability))
        title.append(f"  {share}", style="dim")
    table = Table.grid(padding=(0, 1))
    table.add_column(width=look.label_width, style="dim")
    table.add_column(overflow="fold")
    minus = look.sign("−", "-")
    for position, evidence in enumerate(finding.evidence):
        line = text.with_minus_signs(evidence.text, minus)
        table.add_row("  " + _("for") if position == 0 else "", Text(line))
    for position, against in enumerate(finding.against):
        table.add_row("  " + _("against") if position == 0 else "", Text(against))
    if explain:
        table.add_row("  " + _("decided by"), Text(", ".join(finding.decided_by), style="dim"))
    return Group(listed(Text(look.sign("●", "*"), style=color), title), table)


def not_assessed(result: Interpretation, look: Look, *, explain: bool) -> RenderableType:
    """Return what could not be judged, one line for each reason.

    What this version never judges, in any ECG, is counted only, unless an explanation is wanted.
    """
    never = text.rules_never_judged()
    by_reason = text.missing_by_reason(
        (
            (missing.code, missing.reason)
            for missing in result.not_assessed
            if explain or missing.code not in never
        ),
        (found.title for found in result.findings if found.status != "not-assessable"),
    )
    sign = look.sign("·", "-")
    most = len(result.not_assessed) if explain else TITLES_SHOWN
    lines = [
        listed(sign, _reason_line(reason, titles, most=most))
        for reason, titles in by_reason.items()
    ]
    if left_out := sum(missing.code in never for missing in result.not_assessed) * (not explain):
        counted = ngettext(
            "{count} further criterion is never judged by this version; see --explain",
            "{count} further criteria are never judged by this version; see --explain",
            left_out,
        )
        lines.append(listed(sign, Text(counted)))
    return section(_("Not assessed"), *lines) if lines else Text()


def _reason_line(reason: str, titles: Iterable[str], *, most: int) -> Text:
    """Return a reason and what it kept from being judged, the first `most` of them by name."""
    line = Text(text.sentence(text.reason_text(reason)))
    named = list(dict.fromkeys(filter(None, titles)))
    if named:
        line.append(" (" + "; ".join(named[:most]), style="dim")
        if len(named) > most:
            line.append(" " + _("and {count} more", count=len(named) - most), style="dim")
        line.append(")", style="dim")
    return line
