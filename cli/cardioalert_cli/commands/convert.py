"""`cardioalert convert`: change the format of a record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.pictures import check_writable

if TYPE_CHECKING:
    from cardioalert.domain.record import ECGRecord

HELP = _("Write a record or picture in another format.")
EXAMPLES = (
    "cardioalert convert ecg.hea ecg.csv",
    "cardioalert convert ecg.dcm ecg.hea",
    "cardioalert convert photo.jpg ecg.dcm",
)


def convert(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN", help=_("A record or picture; - reads standard input."), show_default=False
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help=_("Its ending chooses the format: .csv .hea .dcm .edf .json .xml"),
            show_default=False,
        ),
    ],
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Convert one file."""
    from cardioalert.formats.registry import writable_format, write_record  # noqa: PLC0415 - heavy

    check_writable(target)
    writable_format(target)
    record = read_any(source)
    write_record(record, target)
    output.done("", as_json=as_json, name="convert", output=str(target), leads=list(record.leads))


def read_any(source: str) -> ECGRecord:
    """Read a record, from a picture too."""
    from cardioalert import pipeline  # noqa: PLC0415 - heavy
    from cardioalert.files import load  # noqa: PLC0415 - heavy
    from cardioalert.formats.registry import is_picture, read_record  # noqa: PLC0415 - heavy

    content = load(source)
    with output.progress(_("Reading {name}", name=content.name)):
        if is_picture(content):
            return pipeline.digitize(content).record
        return read_record(content)
