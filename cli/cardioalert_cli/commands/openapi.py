"""`cardioalert openapi`: the description of the REST interface, for generators of clients."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cardioalert.errors import MissingLibraryError
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, LanguageOption

HELP = _("Print the description of the REST interface (OpenAPI).")
EXAMPLES = (
    "cardioalert openapi > openapi.json",
    "cardioalert openapi --version 3.0 > openapi-3.0.json",
)


class Version(StrEnum):
    """Versions of OpenAPI."""

    NEW = "3.1"
    OLD = "3.0"


def openapi(
    version: Annotated[
        Version, typer.Option("--version", help=_("Version of OpenAPI; many generators read 3.0."))
    ] = Version.NEW,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Print the document; no database and no keys are needed."""
    try:
        from cardioalert.rest import app  # noqa: PLC0415 - an extra, and heavy
    except ImportError as error:
        raise MissingLibraryError(
            _("the library {name} is not installed", name=error.name),
            hint="pip install 'cardioalert[server]'",
        ) from None
    output.print_json(app.openapi("3.0" if version is Version.OLD else "3.1"))
