"""`cardioalert digitize`: turn a picture of an ECG into a record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import (
    DebugOption,
    Gain,
    GainOption,
    JsonOption,
    LanguageOption,
    LayoutOption,
    OverlayOption,
    Speed,
    SpeedOption,
    number_of,
)
from cardioalert_cli.pictures import check_writable, overlay_path, write_overlay
from cardioalert_cli.problems import UsageProblemError

if TYPE_CHECKING:
    from cardioalert.domain.imaging import Digitized

HELP = _("Turn a picture of an ECG into a record.")
EXAMPLES = (
    "cardioalert digitize photo.jpg -o ecg.csv",
    "cardioalert digitize photo.jpg -o ecg.hea --overlay seen.png",
    "cardioalert digitize scan.pdf -o ecg.csv --layout 6x2 --speed 50 --json",
)
SAMPLING_RATE = 500.0  # Hz


def digitize(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help=_("A picture or PDF; - reads standard input."), show_default=False
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            help=_("The record; its ending chooses the format: .csv .hea .dcm .edf .json .xml"),
        ),
    ] = None,
    as_json: JsonOption = False,
    overlay: OverlayOption = None,
    layout: LayoutOption = "auto",
    speed: SpeedOption = Speed.AUTO,
    gain: GainOption = Gain.AUTO,
    rate: Annotated[
        float, typer.Option("--rate", metavar="HZ", help=_("Sampling rate of the record, Hz."))
    ] = SAMPLING_RATE,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Digitize one picture."""
    check_targets(out, overlay, as_json=as_json)
    digitized = read_picture(source, layout=layout, speed=speed, gain=gain, rate=rate)
    if out is not None:
        write_result(digitized, out)
    if overlay is not None:
        write_overlay(digitized, overlay_path(overlay, source))
    if as_json:
        from cardioalert.domain.contract import digitized_to_dict  # noqa: PLC0415 - heavy

        output.print_json(digitized_to_dict(digitized))
    else:
        print_summary(digitized)


def check_targets(out: Path | None, overlay: Path | None, *, as_json: bool) -> None:
    """Refuse what cannot be written, before the picture is read for nothing."""
    if out is None and overlay is None and not as_json:
        raise UsageProblemError(
            _("no file to write the record to was named"),
            hint=_("Add -o ecg.csv, or --json to see what was read."),
        )
    check_writable(overlay)
    check_writable(out)
    if out is not None:
        from cardioalert.formats.registry import writable_format  # noqa: PLC0415 - heavy

        writable_format(out)


def read_picture(
    source: str,
    *,
    layout: str = "auto",
    speed: Speed = Speed.AUTO,
    gain: Gain = Gain.AUTO,
    rate: float = SAMPLING_RATE,
) -> Digitized:
    """Digitize a picture, saying so when it takes long."""
    from cardioalert import pipeline  # noqa: PLC0415 - heavy

    with output.progress(_("Reading {name}", name=Path(source).name)):
        return pipeline.digitize(
            source,
            layout=layout,
            speed=number_of(speed),
            gain=number_of(gain),
            sampling_rate=rate,
        )


def write_result(digitized: Digitized, path: Path) -> None:
    """Write the record."""
    from cardioalert.formats.registry import write_record  # noqa: PLC0415 - heavy

    write_record(digitized.record, path)


def print_summary(digitized: Digitized) -> None:
    """Print what was read, for people."""
    from cardioalert.report.terminal import digitized_answer  # noqa: PLC0415 - heavy

    output.show(digitized_answer(digitized, look=output.look_of_terminal()))
