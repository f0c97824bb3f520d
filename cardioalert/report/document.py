"""The analysis document as the report reads it: checked once, here.

A report is always made from the document `cardioalert.analysis/1`, also when the analysis was made
a moment ago, so that a report from a stored file and one from a photo cannot differ. The file may
come from anywhere: what does not fit is refused, and no text in it is trusted to be harmless.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cardioalert.domain.contract import ANALYSIS_SCHEMA
from cardioalert.domain.patient import Patient, Sex, Symptom
from cardioalert.domain.record import Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError, NotApplicableError
from cardioalert.i18n import translate as _

MOST_SAMPLES: Final = 2_000_000  # of one lead in a document
Level = Literal["red", "orange", "yellow", "green", "grey"]
Number = float | None


class _Part(BaseModel):
    """Any part of the document: unknown keys are left alone, numbers are finite."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Source(_Part):
    """Where the ECG came from."""

    path: str = ""
    sha256: str = ""
    kind: str = ""
    width_px: int = 0
    height_px: int = 0


class Notice(_Part):
    """A warning."""

    code: str
    message: str


class PrintedLead(_Part):
    """When a lead was printed, and how well it was read."""

    start_s: float
    end_s: float
    quality: Number = None
    named_by: str = ""


class Quality(_Part):
    """The verdict on a page."""

    grade: Literal["good", "fair", "poor"]
    reasons: tuple[Notice, ...] = ()


class Digitization(_Part):
    """How a page was read."""

    layout: str
    paper_speed_mm_s: float
    gain_mm_mv: float
    pixels_per_mm: Number = None
    leads: dict[str, PrintedLead] = {}
    quality: Quality
    warnings: tuple[Notice, ...] = ()


class Record(_Part):
    """The record that was measured."""

    sampling_rate_hz: float
    duration_s: float
    leads: tuple[Lead, ...]
    recorded_at: datetime | None = None


class Person(_Part):
    """What was known of the person."""

    age: Number = None
    sex: Sex | None = None
    symptoms: tuple[Symptom, ...] = ()

    def patient(self) -> Patient:
        """Return the person as the limits want it."""
        return Patient(age=self.age, sex=self.sex, symptoms=self.symptoms)


class Value(_Part):
    """One measurement."""

    value: Number
    uncertainty: Number = None
    status: Literal["measured", "borderline", "not-measurable"]
    reason: str | None = None
    leads: tuple[str, ...] = ()
    beats: int = 0


class EvidenceLine(_Part):
    """One reason for a finding."""

    text: str
    measure: str = ""
    leads: tuple[str, ...] = ()


class Found(_Part):
    """One finding."""

    code: str
    title: str
    status: Literal["present", "possible", "not-assessable"]
    urgency: Level = "grey"
    probability: Number = None
    decided_by: tuple[str, ...] = ()
    evidence: tuple[EvidenceLine, ...] = ()
    against: tuple[str, ...] = ()


class Sentence(_Part):
    """One piece of advice."""

    code: str
    text: str


class Missing(_Part):
    """What could not be judged."""

    code: str
    reason: str


class Model(_Part):
    """A network that came with the program."""

    name: str
    sha256: str


class Software(_Part):
    """The program that made the document."""

    version: str = ""
    models: tuple[Model, ...] = ()


class StLevel(_Part):
    """ST in one lead, mV."""

    j: Number = None
    j60: Number = None


class Curves(_Part):
    """Curves of the leads in whole microvolts."""

    sampling_rate_hz: float = Field(gt=0)
    leads: dict[Lead, tuple[int | None, ...]]

    def millivolts(self, lead: Lead) -> NDArray[np.float64]:
        """Return one lead in mV, NaN where nothing was read."""
        return np.array(
            [np.nan if value is None else value / 1000.0 for value in self.leads[lead]], dtype=float
        )


class Beat(Curves):
    """The median beat; times in seconds from its first sample, None where a wave is absent."""

    r_peak_s: float
    p_on_s: Number = None
    p_off_s: Number = None
    qrs_on_s: Number = None
    qrs_off_s: Number = None
    t_on_s: Number = None
    t_off_s: Number = None


class Explanation(_Part):
    """What `--explain` adds."""

    signal: Curves | None = None
    median_beat: Beat | None = None
    leads: dict[Lead, dict[str, Number]] = {}
    unusable: dict[Lead, str] = {}
    importance: dict[str, dict[Lead, float]] = {}


class Document(_Part):
    """The document `cardioalert.analysis/1`."""

    language: Literal["en", "ru", "uz", "en-XA"] | None = None  # the last is for tests
    input: Source
    digitization: Digitization | None = None
    record: Record
    patient: Person = Person()
    measurements: dict[str, Value]
    st_mv: dict[Lead, StLevel] = {}
    statements: dict[str, float] = {}
    findings: tuple[Found, ...]
    overall: Literal["normal", "borderline", "abnormal", "not-interpretable"]
    urgency: Level
    advice: tuple[Sentence, ...]
    not_assessed: tuple[Missing, ...]
    disclaimer: str
    software: Software = Software()
    explanation: Explanation | None = None


def is_analysis(data: bytes) -> bool:
    """Tell whether bytes look like an analysis document, or its refusal, and not like an ECG."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    named = ANALYSIS_SCHEMA.rsplit("/", 1)[0].encode() in start
    return start.startswith(b"{") and (named or start.startswith(b'{"error"'))


def parse_document(data: bytes) -> Document:
    """Return a stored analysis.

    Raises
    ------
    CorruptFileError
        It is no JSON, or a part of it does not fit.
    NotApplicableError
        The file says why an ECG could not be analyzed, or it holds several analyses.
    """
    lines = data.decode("utf-8-sig", errors="replace").strip().splitlines()
    try:
        content: Any = json.loads("\n".join(lines))
    except ValueError as error:
        if len(lines) > 1 and all(line.startswith("{") for line in lines if line):
            raise NotApplicableError(
                _("the file holds {count} analyses", count=len(lines)),
                hint=_("A report is made of one: put one line into a file of its own."),
            ) from None
        raise CorruptFileError(_("the analysis is not JSON: {why}", why=error)) from None
    return read_document(content)


def read_document(content: Any) -> Document:
    """Return an analysis document, checked; raises as `parse_document` does."""
    if isinstance(content, dict) and "error" in content:
        raise NotApplicableError(
            _("the file says why an ECG could not be analyzed; there is nothing to report"),
            hint=_("Mend what it names and analyze the ECG again."),
        )
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != ANALYSIS_SCHEMA:
        raise CorruptFileError(
            _("schema {found} is not {wanted}", found=repr(schema), wanted=ANALYSIS_SCHEMA)
        )
    try:
        document = Document.model_validate(content)
        document.patient.patient()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise CorruptFileError(
            _("{place} of the analysis does not fit: {why}", place=place, why=first["msg"])
        ) from None
    except InvalidRecordError as error:
        raise CorruptFileError(error.message) from None
    return document
