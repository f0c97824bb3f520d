"""What the worker does with one queued file: the same call as `cardioalert analyze`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from cardioalert.care.records import Answer

if TYPE_CHECKING:
    from cardioalert.store.people_tables import Patient


def analyze(data: bytes, patient: Patient) -> Answer:
    """Analyze the bytes of a file; the overlay is a JPEG of the photo with what was read back."""
    from PIL import Image  # noqa: PLC0415 - heavy

    from cardioalert.domain import patient as people  # noqa: PLC0415
    from cardioalert.pipeline import analyze as analyze_file  # noqa: PLC0415
    from cardioalert.report.overlay import draw_overlay  # noqa: PLC0415

    sex = people.Sex(patient.sex) if patient.sex else None
    analysis = analyze_file(data, patient=people.Patient(sex=sex))
    overlay = None
    if analysis.digitized is not None:
        out = io.BytesIO()
        Image.fromarray(draw_overlay(analysis.digitized)).save(out, format="JPEG", quality=80)
        overlay = out.getvalue()
    return Answer(analysis.to_dict(), overlay)
