"""What the worker does with one queued file: the same call as `cardioalert analyze`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from cardioalert.care.records import Answer
from cardioalert.care.times import local
from cardioalert.i18n import LANGUAGES, use_language
from cardioalert.store.types import now_utc

if TYPE_CHECKING:
    from cardioalert.care.patients import Person
    from cardioalert.domain.clinical import Analysis


def analyze(data: bytes, person: Person) -> Answer:
    """Analyze the bytes of a file; the overlay is a JPEG of the photo with what was read back.

    The document is in the patient's language. Under `languages` stands what reads differently in
    the others, because a doctor and a patient need not speak the same one.
    """
    from PIL import Image  # noqa: PLC0415 - heavy

    from cardioalert.domain.patient import Patient, Sex  # noqa: PLC0415
    from cardioalert.pipeline import analyze as analyze_file  # noqa: PLC0415
    from cardioalert.report.make import explained_document  # noqa: PLC0415
    from cardioalert.report.overlay import draw_overlay  # noqa: PLC0415

    known = Patient(
        age=person.age(local(now_utc()).date()), sex=Sex(person.sex) if person.sex else None
    )
    with use_language(person.language):
        analysis = analyze_file(data, patient=known)
        document = explained_document(analysis)
    document["languages"] = _other_languages(analysis, document)
    overlay = None
    if analysis.digitized is not None:
        out = io.BytesIO()
        Image.fromarray(draw_overlay(analysis.digitized)).save(out, format="JPEG", quality=80)
        overlay = out.getvalue()
    return Answer(document, overlay)


def _other_languages(analysis: Analysis, document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return, for each other language, the parts of the document that read differently in it."""
    from cardioalert.pipeline import retell  # noqa: PLC0415

    others = {}
    for code in LANGUAGES:
        if code != document["language"]:
            with use_language(code):
                told = retell(analysis).to_dict() | {"language": code}
            # Beats are told in full in the document, and in short here: they hold no texts.
            others[code] = {
                name: part for name, part in told.items()
                if name != "beats" and part != document[name]
            }  # fmt: skip
    return others
