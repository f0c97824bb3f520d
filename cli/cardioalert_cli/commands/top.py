"""What may stand before a command: `cardioalert --version`."""

from __future__ import annotations

from typing import Annotated

import typer

from cardioalert import __version__
from cardioalert.i18n import translate as _
from cardioalert_cli.commands.options import DebugOption, LanguageOption


def top(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help=_("Print the version and leave."),
            callback=lambda asked: print_version() if asked else None,
            is_eager=True,
        ),
    ] = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Take the options of the program itself."""


def print_version() -> None:
    """Print the version and leave."""
    typer.echo(f"cardioalert {__version__}")
    raise typer.Exit
