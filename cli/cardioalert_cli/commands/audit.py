"""`cardioalert audit`: the chain of what was done, and by whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardioalert.errors import FileMissingError, InvalidDataError
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.desk import open_desk
from cardioalert_cli.problems import CannotWriteError, ExitCode

if TYPE_CHECKING:
    from cardioalert.store.audit import Head

HELP = _("Check that nobody changed the record of who did what.")
EXAMPLES = (
    "cardioalert audit head -o /other/disk/head.json",
    "cardioalert audit verify --head /other/disk/head.json",
)
SUBCOMMANDS = {
    "verify": _("Look at every row of the chain; leave with 3 when it is broken."),
    "head": _("Write down the end of the chain, to be kept in another place."),
    "history": _("Tell who used a patient's data."),
}


def verify(
    head: Annotated[
        Path | None, typer.Option("--head", metavar="FILE", help=_("A head written earlier."))
    ] = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Look at every row."""
    from cardioalert.store import audit  # noqa: PLC0415 - `--help` must stay fast

    external = read_head(head) if head else None
    desk = open_desk()
    with desk.store.reading() as session:
        found = audit.verify(session, desk.vault.ring.audit.keys, external)
    answer = {"rows": found.rows, "broken_at": found.broken_at, "reason": found.reason}
    if as_json:
        output.print_json({"schema": "cardioalert.audit/1"} | answer)
    elif found.broken_at is None:
        output.write(_("{n} rows, the chain is whole.", n=found.rows))
        if external is None:
            output.note(_("Without --head, rows cut off at the end cannot be noticed."))
    else:
        output.write(_("Broken at row {n}: {why}", n=found.broken_at, why=found.reason))
    if found.broken_at is not None:
        raise typer.Exit(ExitCode.INPUT)


def read_head(path: Path) -> Head:
    """Read a head that was written earlier."""
    from cardioalert.store.audit import Head  # noqa: PLC0415

    if not path.is_file():
        raise FileMissingError(_("{path} is no file", path=path))
    try:
        document = json.loads(path.read_text(encoding="ascii"))
        return Head(int(document["number"]), str(document["link"]))
    except (ValueError, KeyError, TypeError):
        raise InvalidDataError(_("{path} holds no head of an audit", path=path)) from None


def head(
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help=_("Where to."))],
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Write down the end of the chain."""
    from cardioalert.store import audit  # noqa: PLC0415

    with open_desk().store.reading() as session:
        end = audit.head(session)
    try:
        out.write_text(json.dumps({"number": end.number, "link": end.link}), encoding="ascii")
    except OSError as error:
        raise CannotWriteError(_("{out}: {strerror}", out=out, strerror=error.strerror)) from None
    if not as_json:
        output.note(str(out))
    output.done("", as_json=as_json, name="audit-head", output=str(out), number=end.number)


def history(
    patient: Annotated[str, typer.Argument(metavar="ID", help=_("A patient's identifier."))],
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Tell who used a patient's data."""
    from cardioalert.care.privacy import access_history  # noqa: PLC0415

    with open_desk().store.reading() as session:
        rows = access_history(session, patient)
    if as_json:
        output.print_json({"schema": "cardioalert.access-history/1", "rows": rows})
        return
    for row in rows:
        output.write(
            "  ".join(str(row[name]) for name in ("at", "who", "role", "action", "result"))
        )
