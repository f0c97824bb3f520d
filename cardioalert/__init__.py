"""Read an ECG from a photo of the paper or a hospital file, and say what it shows.

The flow, one line a stage::

    photo = cardioalert.read_photo("ecg.jpg")          # a picture file -> pixels
    digitized = cardioalert.digitize(photo)            # pixels -> page -> grid -> leads -> record
    record = digitized.record                          # ECGRecord: mV, hertz, lead names
    record = cardioalert.read_record("ecg.dcm")        # ... or straight from a hospital file
    analysis = cardioalert.analyze(record)             # record -> measurements -> findings
    analysis = cardioalert.analyze("ecg.jpg")          # ... or everything at once
    analysis.to_dict()                                 # the JSON document `cardioalert.analysis/1`
    cardioalert.write_record(record, "ecg.csv")        # or .hea .dcm .edf .json .xml

Every expected failure is a `cardioalert.errors.CardioAlertError` with a stable `code` and a hint.
Importing this package costs next to nothing: each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cardioalert import errors
    from cardioalert.digitize.reading import read_photo
    from cardioalert.domain.clinical import Analysis
    from cardioalert.domain.imaging import Digitized
    from cardioalert.domain.patient import Patient, Sex
    from cardioalert.domain.record import ECGRecord
    from cardioalert.formats.registry import read_record, write_record
    from cardioalert.pipeline import analyze, digitize

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "Digitized",
    "ECGRecord",
    "Patient",
    "Sex",
    "__version__",
    "analyze",
    "digitize",
    "errors",
    "read_photo",
    "read_record",
    "write_record",
]

_MODULES = ("digitize", "errors")  # digitize: a package that can be called, see there
_HOMES = {
    "Analysis": "cardioalert.domain.clinical",
    "Digitized": "cardioalert.domain.imaging",
    "ECGRecord": "cardioalert.domain.record",
    "Patient": "cardioalert.domain.patient",
    "Sex": "cardioalert.domain.patient",
    "analyze": "cardioalert.pipeline",
    "read_photo": "cardioalert.digitize.reading",
    "read_record": "cardioalert.formats.registry",
    "write_record": "cardioalert.formats.registry",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name in _MODULES:
        value: Any = import_module(f"cardioalert.{name}")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'cardioalert' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names for people and completion."""
    return sorted({*globals(), *__all__})
