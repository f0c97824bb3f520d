"""What the worker does with one queued file: the same call as `cardioalert analyze`.

A stranger's file is read by a process that may use only so much time and memory. When it breaks
down, the job fails with a code and the worker goes on.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from cardioalert.care.records import Answer
from cardioalert.care.times import local
from cardioalert.i18n import LANGUAGES, use_language
from cardioalert.isolation import IsolatedCall, Limits
from cardioalert.store.types import now_utc

if TYPE_CHECKING:
    from cardioalert.care.patients import Person
    from cardioalert.domain.clinical import Analysis
    from cardioalert.isolation import Message

LIMITS: Final = Limits(seconds=60.0, megabytes=1500)
KNOWN: Final = ("birth_date", "sex", "language", "symptoms")
"""What a process is told of a person: no name, and nothing to find one by."""


class IsolatedAnalysis:
    """Analyze files in a limited process of their own."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._call = IsolatedCall(f"{__name__}:work", limits)

    def __call__(self, data: bytes, person: Person) -> Answer:
        """Analyze the bytes of a file.

        Raises
        ------
        CardioAlertError
            The file cannot be analyzed, or its process was stopped.
        """
        known = {name: getattr(person, name) for name in KNOWN}
        values, overlay = self._call(known, data, name="the file")
        return Answer(values["document"], overlay or None)

    def close(self) -> None:
        """End the process."""
        self._call.close()


def prepare() -> None:
    """Load what every analysis needs, before the clock of the first one runs."""
    import cv2  # noqa: PLC0415 - heavy, and only in the process that analyzes
    from cardioalert_models import zoo  # noqa: PLC0415

    import cardioalert.pipeline  # noqa: F401, PLC0415

    cv2.setNumThreads(1)
    zoo.use_threads(1)


def work(values: dict[str, Any], data: bytes) -> Message:
    """Analyze a file that came as a message: see `cardioalert.isolation`."""
    from cardioalert.care.patients import Person  # noqa: PLC0415 - the process has its own imports

    answer = analyze(data, Person(id="", created_at=now_utc(), **values))
    return {"document": answer.document}, answer.overlay or b""


def analyze(data: bytes, person: Person) -> Answer:
    """Analyze the bytes of a file; the overlay is a JPEG of the photo with what was read back.

    The document is in the patient's language. Under `languages` stands what reads differently in
    the others, because a doctor and a patient need not speak the same one.
    """
    from PIL import Image  # noqa: PLC0415 - heavy

    from cardioalert.domain.patient import Patient, Sex, Symptom  # noqa: PLC0415
    from cardioalert.pipeline import analyze as analyze_file  # noqa: PLC0415
    from cardioalert.report.make import explained_document  # noqa: PLC0415
    from cardioalert.report.overlay import draw_overlay  # noqa: PLC0415

    known = Patient(
        age=person.age(local(now_utc()).date()), sex=Sex(person.sex) if person.sex else None,
        symptoms=tuple(Symptom(code) for code in person.symptoms),
    )  # fmt: skip
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
