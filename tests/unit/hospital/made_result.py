"""A result with everything in it, made without the pipeline."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from cardioalert.domain.measures import MEASURES
from cardioalert.domain.patient import Sex
from cardioalert.hospital.result import PINFL_SYSTEM, Document, Person, Result
from tests.unit.formats.made_records import made_record

TASHKENT = timezone(timedelta(hours=5))
NODIRA = Person(
    identifier="40503855900021",
    system=PINFL_SYSTEM,
    family="Каримова",
    given="Нодира",
    patronymic="Анваровна",
    birth_date=date(1985, 3, 5),
    sex=Sex.FEMALE,
)
VALUES = {
    "heart_rate": 72.0, "rr": 833.0, "p_duration": 104.0, "pr": 162.0, "qrs": 94.0, "qt": 402.0,
    "qtc_bazett": 440.0, "qtc_fridericia": 427.0, "qtc_framingham": 428.0, "p_axis": 51.0,
    "qrs_axis": 20.0, "sv1": 0.9, "rv5": 1.4,
}  # fmt: skip


def made_analysis() -> dict[str, Any]:
    """An analysis with a value for all but the T axis."""
    return {
        "schema": "cardioalert.analysis/1",
        "input": {"path": "ecg.dcm", "sha256": "ab" * 32, "kind": "dicom"},
        "measurements": {
            measure.export_name: {
                "value": VALUES.get(name),
                "status": "measured" if name in VALUES else "not-measurable",
                "reason": None if name in VALUES else "flat T waves",
            }
            for name, measure in MEASURES.items()
        },
        "statements": {"NORM": 0.02, "AFIB": 0.97},
        "findings": [
            {"code": "atrial-fibrillation", "title": "Atrial fibrillation", "status": "present",
             "probability": 0.97},
            {"code": "lvh-voltage", "title": "High voltage", "status": "possible",
             "probability": None},
            {"code": "wellens-pattern", "title": "Wellens pattern", "status": "not-assessable",
             "probability": None},
        ],
        "overall": "abnormal",
        "urgency": "orange",
        "advice": [],
        "not_assessed": [{"code": "AV3", "reason": "x"}],
        "disclaimer": "Decision support, not a diagnosis.",
        "software": {"version": "0.1.0", "models": [{"name": "rhythm", "sha256": "cd" * 32}]},
    }  # fmt: skip


def made_result(**change: Any) -> Result:
    values: dict[str, Any] = {
        "analysis": made_analysis(),
        "person": NODIRA,
        "exported_at": datetime(2026, 11, 26, 12, 0, tzinfo=TASHKENT),
        "recorded_at": datetime(2026, 11, 26, 11, 30, tzinfo=TASHKENT),
        "record": made_record(seconds=2.0),
        "report": Document(
            data=b"%PDF-1.4\n%%EOF\n", media_type="application/pdf", title="ECG report"
        ),
        "photo": Document(data=b"\xff\xd8\xff", media_type="image/jpeg", title="photo.jpg"),
        "order": "A-17",
        "facility": "1-shahar poliklinikasi",
    }
    return Result(**values | change)
