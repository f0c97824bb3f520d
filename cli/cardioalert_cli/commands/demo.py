"""`cardioalert demo`: analyze the photo that comes with the program; or serve a whole demo."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import Annotated

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
from cardioalert_cli.problems import UsageProblemError

HELP = _("Analyze the example photo that comes with CardioAlert, or serve a demo of everything.")
EXAMPLES = (
    "cardioalert demo",
    "cardioalert demo --overlay seen.png",
    "cardioalert demo --serve --port 8000",
)
PHOTO = "ecg_photo.jpg"


def demo(
    *,
    as_json: JsonOption = False,
    overlay: OverlayOption = None,
    serve: Annotated[
        bool,
        typer.Option("--serve", help=_("Run a server with invented clinics, people and an ECG.")),
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help=_("Of --serve; 0 takes a free one."))
    ] = 8000,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            metavar="DIR",
            file_okay=False,
            help=_("Of --serve: keep the database there. By default it is thrown away."),
        ),
    ] = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Analyze the example photo, or serve."""
    if serve:
        if overlay:
            raise UsageProblemError(_("--serve and --overlay exclude each other"))
        serve_demo(port, folder, as_json=as_json)
        return
    check_writable(overlay)
    wishes = Wishes(patient=None, as_json=as_json, explain=False, overlay=overlay, fail_on=None)
    with ExitStack() as stack:
        code = analyze_one(str(example_photo(stack)), wishes, debug=debug)
    if code:
        raise typer.Exit(code)
    if not as_json:
        output.note(_("Now your own: {command}", command="cardioalert analyze photo.jpg"))


def serve_demo(port: int, folder: Path | None, *, as_json: bool) -> None:
    """Serve a demo of everything on this machine until Ctrl-C."""
    from cardioalert.security import logs  # noqa: PLC0415 - `--help` must stay fast
    from cardioalert_cli import demo_server, server  # noqa: PLC0415

    host = "127.0.0.1"
    channels = (demo_server.PrintedChannel("email"), demo_server.PrintedChannel("sms"))
    with (
        server.ends_cleanly(),
        server.door(host, port) as listening,
        demo_server.installation(folder) as desk,
    ):
        app = server.make_app(desk, channels)
        with output.progress(_("Reading the example photo")):
            logins = demo_server.make_people(desk)
        logs.configure(logging.WARNING)  # or requests would bury what is printed
        address = f"http://{host}:{listening.getsockname()[1]}/"
        demo_server.announce(address, logins, as_json=as_json)
        server.serve_until_stopped(app, listening, worker=True)


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
