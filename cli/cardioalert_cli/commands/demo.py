"""`cardioalert demo`: analyze the photo that comes with the program."""

from __future__ import annotations

from contextlib import ExitStack
from importlib import resources
from pathlib import Path

import typer

from cardioalert.errors import FileMissingError
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.analyze import Wishes, analyze_one
from cardioalert_cli.commands.options import (
    DebugOption,
    JsonOption,
    LanguageOption,
    OverlayOption,
)
from cardioalert_cli.pictures import check_writable

HELP = _("Analyze the example photo that comes with CardioAlert.")
EXAMPLES = ("cardioalert demo", "cardioalert demo --overlay seen.png")
PHOTO = "ecg_photo.jpg"


def demo(
    as_json: JsonOption = False,
    overlay: OverlayOption = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Analyze the example photo."""
    check_writable(overlay)
    wishes = Wishes(patient=None, as_json=as_json, explain=False, overlay=overlay, fail_on=None)
    with ExitStack() as stack:
        code = analyze_one(str(example_photo(stack)), wishes, debug=debug)
    if code:
        raise typer.Exit(code)
    if not as_json:
        output.note(_("Now your own: {command}", command="cardioalert analyze photo.jpg"))


def example_photo(stack: ExitStack) -> Path:
    """Return the example photo: of the installed package, else of the checkout."""
    packaged = resources.files("cardioalert").joinpath("data", PHOTO)
    if packaged.is_file():
        return stack.enter_context(resources.as_file(packaged))
    in_checkout = Path(__file__).parents[3] / "examples" / PHOTO
    if not in_checkout.is_file():
        raise FileMissingError(
            _("the example photo is missing from this installation"),
            hint=_("Install the package again: pip install --force-reinstall cardioalert"),
        )
    return in_checkout
