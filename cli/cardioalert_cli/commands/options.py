"""Options that several commands share.

Imported after the language was chosen: the help texts are translated when this module loads.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cardioalert.i18n import translate as _


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
