"""`cardioalert doctor`: check that the installation is whole."""

from __future__ import annotations

import platform
import re
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata, resources
from pathlib import Path

import typer

from cardioalert import __version__
from cardioalert.errors import CardioAlertError, FileMissingError, InputError
from cardioalert.i18n import LANGUAGES, N_, ngettext
from cardioalert.i18n import translate as _
from cardioalert.i18n.catalogs import catalog
from cardioalert_cli import output
from cardioalert_cli.commands.demo import example_photo
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.problems import ExitCode

HELP = _("Check that the installation is whole.")
EXAMPLES = ("cardioalert doctor", "cardioalert doctor --json")
PORTS = ((N_("port HL7 v2"), 2575), (N_("port DICOM"), 11112), (N_("port HTTP"), 8000))
"""Where the servers listen unless told otherwise."""
LEAST_TEXT = "Heart rate"
"""A text that every language has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    good: bool
    detail: str


def doctor(
    as_json: JsonOption = False, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """Check everything, print a table, and leave with 3 when something is broken."""
    checks = list(all_checks())
    if as_json:
        output.print_json(
            {
                "schema": "cardioalert.doctor/1",
                "checks": [
                    {"name": check.name, "good": check.good, "detail": check.detail}
                    for check in checks
                ],
            }
        )
    else:
        print_table(checks)
    if not all(check.good for check in checks):
        raise typer.Exit(ExitCode.INPUT)


def all_checks() -> Iterator[Check]:
    """Look at everything an analysis needs."""
    yield Check(name="python", good=True, detail=f"{platform.python_version()}, {sys.executable}")
    yield Check(name="cardioalert", good=True, detail=__version__)
    for name in libraries():
        yield check_library(name)
    yield from check_networks()
    yield attempt(N_("example photo"), find_example)
    yield attempt(N_("temporary files"), write_temporary_file)
    yield attempt(N_("fonts"), find_fonts)
    yield from check_languages()
    yield attempt(N_("database"), look_at_database)
    for name, port in PORTS:
        yield Check(name=name, good=True, detail=describe_port(port))
    yield Check(name=N_("terminal"), good=True, detail=describe_terminal())


def libraries() -> tuple[str, ...]:
    """Return the distributions an analysis needs, as the installed package lists them."""
    needed = metadata.requires("cardioalert") or ()
    return tuple(re.split(r"[^\w.-]", each)[0] for each in needed if "extra ==" not in each)


def check_library(name: str) -> Check:
    """Look whether a distribution is installed."""
    try:
        return Check(name=name, good=True, detail=metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name=name, good=False, detail=_("not installed"))


def check_networks() -> Iterator[Check]:
    """Compare the weights of every network with the SHA-256 on its card."""
    from cardioalert_models import zoo  # noqa: PLC0415 - heavy

    try:
        cards = zoo.cards()
    except ValueError as error:
        yield Check(name=_("networks"), good=False, detail=str(error))
        return
    if not cards:
        yield Check(name=_("networks"), good=False, detail=_("not installed"))
    for card in cards:
        check = attempt(_("network {name}", name=card.name), partial(zoo.check, card))
        detail = f"{check.detail}, sha256 {card.sha256}" if check.good else check.detail
        yield replace(check, detail=detail)


def attempt(name: str, look: Callable[[], str]) -> Check:
    """Look at one thing; an error is the answer, too."""
    try:
        return Check(name=name, good=True, detail=look())
    except (CardioAlertError, OSError, ValueError) as error:
        return Check(name=name, good=False, detail=str(error))


def find_example() -> str:
    """Return where the photo of `cardioalert demo` is."""
    with ExitStack() as stack:
        photo = example_photo(stack)
        return f"{photo.name}, {photo.stat().st_size / 1e6:.1f} MB"


def write_temporary_file() -> str:
    """Return the folder of temporary files, after a file was written there."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"ECG")
        return str(Path(file.name).parent)


def find_fonts() -> str:
    """Return the fonts of reports, after those with Cyrillic and oʻ were opened."""
    from PIL import ImageFont  # noqa: PLC0415 - heavy

    folder = resources.files("cardioalert.report").joinpath("fonts")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".ttf"))
    for name in names:
        with resources.as_file(folder.joinpath(name)) as path:
            ImageFont.truetype(str(path), 12)
    if not names:
        raise FileMissingError(_("not installed"))
    return ", ".join(names)


def check_languages() -> Iterator[Check]:
    """Look whether the texts of every language are there."""
    for code in LANGUAGES:
        if code != "en":
            known = catalog(code).gettext(LEAST_TEXT) != LEAST_TEXT
            detail = code if known else _("not installed")
            yield Check(name=_("language {code}", code=code), good=known, detail=detail)


def look_at_database() -> str:
    """Return how the database is; one that was never set up is no fault."""
    from cardioalert.settings import settings  # noqa: PLC0415 - `--help` must stay fast

    place = settings().database
    if place.startswith("sqlite:///") and not Path(place.removeprefix("sqlite:///")).is_file():
        return _(
            "not set up; clinics and bookings need: {command}", command="cardioalert db upgrade"
        )
    from cardioalert.store import upkeep  # noqa: PLC0415 - heavy
    from cardioalert_cli.desk import open_store  # noqa: PLC0415 - heavy

    found = upkeep.check(open_store())
    if found["problems"]:
        raise InputError("; ".join(found["problems"]))
    return ngettext("{count} row", "{count} rows", sum(found["rows"].values()))


def describe_port(port: int) -> str:
    """Return whether a server could listen at a port of this machine."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return _("{port} is taken: {why}", port=port, why=error.strerror)
    return _("{port} is free", port=port)


def describe_terminal() -> str:
    """Return what the answer will look like."""
    look = output.look_of_terminal()
    color = _("colour") if output.wants_color(sys.stdout) else _("no colour")
    letters = "Unicode" if look.unicode else "ASCII"
    return f"{look.width} x {letters}, {color}"


def print_table(checks: list[Check]) -> None:
    """Print the checks for people."""
    from rich.table import Table  # noqa: PLC0415 - `--help` must stay fast
    from rich.text import Text  # noqa: PLC0415 - `--help` must stay fast

    look = output.look_of_terminal()
    table = Table.grid(padding=(0, 2))
    for check in checks:
        word = (look.sign("✓", "ok"), "green") if check.good else (_("broken"), "bold red")
        table.add_row(Text(" ") + Text(*word), Text(_(check.name)), Text(check.detail, style="dim"))
    output.show(table)
