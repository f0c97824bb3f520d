"""The pictures of a report with what must be said about each: scale, filter, what is not shown."""

from __future__ import annotations

from typing import Final

import numpy as np

from cardioalert.domain.measures import MEASURES
from cardioalert.domain.record import ECGRecord
from cardioalert.i18n import translate as _
from cardioalert.report import clinician, text
from cardioalert.report.beat_figure import draw_all_leads, draw_calipers
from cardioalert.report.content import Picture
from cardioalert.report.document import Beat, Curves, Document
from cardioalert.report.ecg_figure import draw_ecg
from cardioalert.report.photo_figure import DrawnPhoto

CALIPERS: Final = {"P": "p_duration", "PR": "pr", "QRS": "qrs", "QT": "qt"}


def ecg(document: Document) -> Picture | None:
    """Return the redrawn leads; None when the document does not hold them."""
    curves = document.explanation.signal if document.explanation else None
    if curves is None or not curves.leads:
        return None
    drawn = draw_ecg(_record(curves))
    leads = ", ".join(drawn.leads)
    scale = _("Paper speed 25 mm/s, gain 10 mm/mV; the pulse is 1 mV for 0.2 s.")
    filters = _("No filter was added; the recorder may have filtered.")
    notes = [scale, filters, _("Print at 100 %: a large square is 5 mm.")]
    if document.record.duration_s > drawn.seconds + 1.0:
        notes.append(
            _(
                "The first {shown:.0f} of {whole:.0f} s are shown.",
                shown=drawn.seconds,
                whole=document.record.duration_s,
            )
        )
    if drawn.cut:
        notes.append(
            _("Taller than the paper, cut at its edge: {leads}.", leads=", ".join(drawn.cut))
        )
    if drawn.shifted:
        notes.append(_("Base line moved to zero: {leads}.", leads=", ".join(drawn.shifted)))
    return Picture(
        title=_("The ECG, redrawn to scale"),
        svg=drawn.svg,
        alt=_("Curves of the leads {leads} on millimetre paper, 25 mm/s, 10 mm/mV", leads=leads),
        note=" ".join(notes),
        landscape=True,
    )


def _record(curves: Curves) -> ECGRecord:
    """Return the curves of a document as a record."""
    longest = max(len(values) for values in curves.leads.values())
    signal = np.full((len(curves.leads), max(longest, 1)), np.nan)
    for row, lead in zip(signal, curves.leads, strict=True):
        row[: len(curves.leads[lead])] = curves.millivolts(lead)
    return ECGRecord(
        signal=signal.astype(np.float32),
        sampling_rate=curves.sampling_rate_hz,
        leads=tuple(curves.leads),
    )


def photo(drawn: DrawnPhoto | None) -> Picture | None:
    """Return the photo with its traces."""
    if drawn is None:
        return None
    return Picture(
        title=_("What was read, drawn over the photo"),
        svg=drawn.svg,
        alt=_("The photo of the ECG with the curves that were read drawn over it"),
        note=_(
            "Each line must lie on its ink, under the right name. Where it does not, do not trust "
            "the values."
        ),
        landscape=drawn.landscape,
    )


def beats(document: Document) -> tuple[Picture, ...]:
    """Return the median beat: large with calipers, and in every lead."""
    beat = document.explanation.median_beat if document.explanation else None
    if beat is None:
        return ()
    large = draw_calipers(beat, _caliper_values(document))
    if large is None:
        return ()
    return (
        Picture(
            title=_("Median beat in {lead} with calipers", lead=large.lead),
            svg=large.svg,
            alt=_calipers_alt(document, large.lead),
            note=_(
                "100 mm/s, {gain:g} mm/mV. Pale: all other leads. The bounds are the earliest "
                "beginning and the latest end over all leads.",
                gain=large.gain,
            ),
        ),
        Picture(
            title=_("Median beat of every lead"),
            svg=draw_all_leads(beat),
            alt=_("The median beat of every lead on millimetre paper, P, QRS and T marked"),
            note=_marks_note(beat),
        ),
    )


def _caliper_values(document: Document) -> dict[str, str]:
    """Return the value that stands beside each caliper."""
    values = clinician.measured_values(document)
    told = {
        name: text.value_text(values[measure], MEASURES[measure])
        for name, measure in CALIPERS.items()
    }
    return {name: f"{value} {text.unit_text('ms')}" for name, value in told.items() if value}


def _calipers_alt(document: Document, lead: str) -> str:
    """Return what the calipers show."""
    values = ", ".join(f"{name} {value}" for name, value in _caliper_values(document).items())
    told = _("The median beat of lead {lead} on millimetre paper", lead=lead)
    return f"{told}: {values}" if values else told


def _marks_note(beat: Beat) -> str:
    """Return the scale and which waves are absent."""
    scale = _("25 mm/s, 10 mm/mV. Blue: P, red: QRS, green: T.")
    absent = [
        name
        for name, at in (("P", beat.p_on_s), ("QRS", beat.qrs_on_s), ("T", beat.t_on_s))
        if at is None
    ]
    told = _("Not found: {waves}.", waves=", ".join(absent)) if absent else ""
    return f"{scale} {told}".strip()
