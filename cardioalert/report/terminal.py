"""The answer in a terminal: calm, readable without colour, from 40 columns on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from cardioalert.domain.clinical import Analysis, Interpretation
from cardioalert.domain.contract import traces_of_record
from cardioalert.domain.imaging import Digitized, Notice
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import ECGRecord
from cardioalert.i18n import datetime_text, unit_text
from cardioalert.i18n import translate as _
from cardioalert.report import sections, text
from cardioalert.report.because import because
from cardioalert.report.look import (
    GRADE_STYLE,
    URGENCY_STYLE,
    WIDEST,
    Look,
    indented,
    listed,
    rows,
    section,
)
from cardioalert.report.strip import Strip, StripRow, draw_strip

LEAD_WIDTH = 4  # characters, of the lead name beside the strip


def answer(analysis: Analysis, *, look: Look, explain: bool = False) -> RenderableType:
    """Return the whole answer.

    Parameters
    ----------
    analysis : Analysis
    look : Look
    explain : bool
        Add the leads behind each value and the rules behind each finding.
    """
    result, measurements = analysis.interpretation, analysis.measurements
    return Group(
        _header(analysis.record, analysis.digitized, analysis.patient, look),
        _strip(analysis.record, measurements.beats.r_peaks, look),
        Text(),
        _urgency_box(result, analysis.patient, look),
        sections.measurements(measurements, analysis.patient, look, explain=explain),
        sections.findings(result.findings, look, explain=explain),
        sections.not_assessed(result, look, explain=explain),
        _advice(result),
        _disclaimer(result),
    )


def digitized_answer(digitized: Digitized, *, look: Look) -> RenderableType:
    """Return what was read from a picture, before anything is measured."""
    return Group(
        _header(digitized.record, digitized, Patient(), look),
        _strip(digitized.record, np.empty(0), look),
        _leads_read(digitized, look),
    )


def _header(
    record: ECGRecord, digitized: Digitized | None, patient: Patient, look: Look
) -> RenderableType:
    """Return what was read, and how well."""
    name = text.source_name(record.source.path)
    title = Text(f" {name}", style="bold", overflow="ellipsis", no_wrap=True)
    table = rows(look)
    if digitized is None:
        table.add_row(_("Read"), Text(text.record_text(record)))
    else:
        table.add_row(_("Read"), Text(text.photo_text(digitized)))
        table.add_row(_("Scale"), Text(text.scale_text(digitized)))
        table.add_row(_("Quality"), _quality(digitized, look))
    if record.recorded_at is not None:
        table.add_row(_("Recorded"), Text(datetime_text(record.recorded_at, "short")))
    if person := text.patient_text(patient):
        table.add_row(_("Person"), Text(person))
    return Group(Text(), title, indented(table))


def _quality(digitized: Digitized, look: Look) -> Text:
    """Return the grade of a page with its reasons, and the warnings."""
    quality = digitized.quality
    color = GRADE_STYLE[quality.grade]
    lines = Text.assemble(
        (look.sign("● ", ""), color), (text.grade_word(quality.grade), f"bold {color}")
    )
    for notice in _once((*quality.reasons, *digitized.warnings)):
        lines.append(f"\n{text.sentence(notice.message)}")
    return lines


def _once(notices: Iterable[Notice]) -> list[Notice]:
    """Return the notices without those that say the same again."""
    return list({notice.message: notice for notice in notices}.values())


def _strip(record: ECGRecord, r_peaks: NDArray[np.float64], look: Look) -> RenderableType:
    """Return the rhythm strip with its scale."""
    pulse_room = 5 if look.narrow else 7
    width = min(look.width, WIDEST + 20)
    characters = width - LEAD_WIDTH - pulse_room - 2
    strip = draw_strip(record, r_peaks, characters=characters, unicode=look.unicode)
    if strip is None:
        return Text()
    lines: list[RenderableType] = [Text()]
    for number, row in enumerate(strip.rows):
        lines.extend(_strip_row(row, strip.lead if number == 0 else "", pulse_room))
    lines.append(indented(_scale_line(strip, record, look), 1 + LEAD_WIDTH + pulse_room))
    return Group(*lines)


def _strip_row(row: StripRow, name: str, pulse_room: int) -> Iterable[Text]:
    """Return the lines of one row: name and pulse at the left, the R peaks below."""
    middle = len(row.curve) // 2
    for number, (pulse, curve) in enumerate(zip(row.pulse, row.curve, strict=True)):
        label = name if number == middle else ""
        line = Text(no_wrap=True, overflow="crop")
        line.append(f" {label:<{LEAD_WIDTH}}", style="bold")
        line.append(f"{pulse:<{pulse_room}}", style="dim")
        line.append(curve, style="cyan")
        yield line
    ticks = Text(" " * (1 + LEAD_WIDTH + pulse_room), no_wrap=True, overflow="crop")
    ticks.append(row.ticks, style="dim")
    yield ticks


def _scale_line(strip: Strip, record: ECGRecord, look: Look) -> Text:
    """Return the scale bar of one second and what the signs mean."""
    room = max(strip.second_characters - 2, 1)
    line_sign, left, right = (
        look.sign("─", "-"),
        look.sign("├", "|"),
        look.sign("┤", "|"),
    )
    label = f" 1 {unit_text('s')} " if room >= 7 else ""
    scale = Text(f"{left}{label:{line_sign}^{room}}{right}", style="dim")
    scale.append("  " + _("pulse 1 mV, 0.2 s"))
    if any(row.ticks.strip() for row in strip.rows):
        scale.append("  " + _("{sign} R peak, RR in ms", sign=look.sign("▴", "^")))
    if strip.seconds < record.duration - 1.0:
        scale.append(
            "  "
            + _(
                "{start:.1f} to {end:.1f} of {whole:.1f} s",
                start=strip.start,
                end=strip.start + strip.seconds,
                whole=record.duration,
            )
        )
    return scale


def _urgency_box(result: Interpretation, patient: Patient, look: Look) -> RenderableType:
    """Return the verdict: a word, a colour, what it asks for and why."""
    reason = because(result.urgency, result.findings, result.not_assessed, patient.symptoms)
    word_style, frame_style = URGENCY_STYLE[result.urgency]
    verdict = Text.assemble(
        (f" {text.urgency_word(result.urgency)} ", word_style),
        "  ",
        (text.urgency_meaning(result.urgency), "bold"),
        f"\n{text.overall_text(result.overall)}",
        f"\n{reason}" if reason else "",
    )
    frame = Panel(
        verdict,
        box=box.ROUNDED if look.unicode else box.ASCII,
        border_style=frame_style,
        padding=(0, 2),
        width=min(look.width, WIDEST) - 2,
    )
    return indented(frame)


def _leads_read(digitized: Digitized, look: Look) -> RenderableType:
    """Return when each lead was printed and how well it was read."""
    table = rows(look)
    for trace in traces_of_record(digitized):
        end = trace.start_time + digitized.grid.seconds(trace.end_x - trace.start_x)
        table.add_row(
            trace.lead.value,
            Text(
                _(
                    "{start:.2f} to {end:.2f} s, quality {quality:.0%}, named by {named_by}",
                    start=trace.start_time,
                    end=end,
                    quality=trace.quality,
                    named_by=text.named_by_word(trace.named_by),
                )
            ),
        )
    return section(_("Leads"), table)


def _advice(result: Interpretation) -> RenderableType:
    """Return what to do next, first things first."""
    if not result.advice:
        return Text()
    parts = [
        listed(f"{number}.", Text(advice.text, style="bold" if number == 1 else ""))
        for number, advice in enumerate(result.advice, start=1)
    ]
    return section(_("What to do"), *parts)


def _disclaimer(result: Interpretation) -> RenderableType:
    """Return the line that says what this is not."""
    return Group(Text(), indented(Text(result.disclaimer, style="dim italic")), Text())
