"""Options that several commands share.

Imported after the language was chosen: the help texts are translated when this module loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from cardioalert.domain.patient import Patient, Sex, Symptom
from cardioalert.errors import InvalidRecordError
from cardioalert.i18n import translate as _
from cardioalert_cli.problems import UsageProblemError


class Language(StrEnum):
    """The languages texts can be in."""

    EN = "en"
    RU = "ru"
    UZ = "uz"


class Speed(StrEnum):
    """Paper speeds, mm/s."""

    AUTO = "auto"
    SLOW = "25"
    FAST = "50"


class Gain(StrEnum):
    """Gains, mm/mV."""

    AUTO = "auto"
    HALF = "5"
    STANDARD = "10"
    DOUBLE = "20"


JsonOption = Annotated[bool, typer.Option("--json", help=_("Print one JSON object per line."))]

OverlayOption = Annotated[
    Path | None,
    typer.Option(
        "--overlay",
        metavar="PNG",
        help=_("Draw the curves that were read back on the photo."),
    ),
]

LanguageOption = Annotated[
    Language | None,
    typer.Option(
        "--lang",
        help=_("Language of all texts. Otherwise CARDIOALERT_LANG, else the locale."),
        show_default=False,
    ),
]

DebugOption = Annotated[
    bool, typer.Option("--debug", help=_("Show where in the program an error happened."))
]

LayoutOption = Annotated[
    str, typer.Option("--layout", help=_("Arrangement of the leads, such as 3x4+1."))
]
SpeedOption = Annotated[Speed, typer.Option("--speed", help=_("Paper speed, mm/s."))]
GainOption = Annotated[Gain, typer.Option("--gain", help=_("Gain, mm/mV."))]

AgeOption = Annotated[
    float | None, typer.Option("--age", metavar="YEARS", help=_("Age of the person."))
]
SexOption = Annotated[Sex | None, typer.Option("--sex", help=_("Sex of the person."))]
SymptomOption = Annotated[
    list[Symptom] | None,
    typer.Option(
        "--symptom",
        metavar="CODE",
        help=_("What the person feels, may be repeated: {codes}.", codes=", ".join(Symptom)),
    ),
]

PreviousOption = Annotated[
    str | None,
    typer.Option(
        "--previous",
        metavar="INPUT",
        help=_("An earlier ECG or its analysis in JSON: the report says what changed."),
        show_default=False,
    ),
]


def make_patient(age: float | None, sex: Sex | None, symptoms: Sequence[Symptom]) -> Patient | None:
    """Return what the options say about the person; None when they say nothing."""
    if age is None and sex is None and not symptoms:
        return None
    try:
        return Patient(age=age, sex=sex, symptoms=tuple(dict.fromkeys(symptoms)))
    except InvalidRecordError as error:
        raise UsageProblemError(error.message) from error


def group_options(lang: LanguageOption = None, debug: DebugOption = False) -> None:
    """Take the options that may stand before a subcommand."""


def number_of(choice: Speed | Gain) -> float | Literal["auto"]:
    """Return what the library calls a speed or a gain."""
    return "auto" if choice.value == "auto" else float(choice.value)
