"""`cardioalert db`: keep the database up to date, backed up and whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.desk import open_store
from cardioalert_cli.problems import ExitCode, UsageProblemError

HELP = _("Keep the database: upgrade, backup, restore, check.")
EXAMPLES = (
    "cardioalert db upgrade",
    "cardioalert db backup care-2026-12-01.db",
    "cardioalert db restore care-2026-12-01.db --yes",
    "CARDIOALERT_DATABASE_URL=postgresql://care@localhost/care cardioalert db check",
)
SUBCOMMANDS = {
    "upgrade": _("Bring the tables to this version."),
    "backup": _("Write a copy while the database is in use."),
    "restore": _("Replace everything by a backup."),
    "check": _("Look whether the database is whole."),
}


def upgrade(
    as_json: JsonOption = False, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """Bring the tables to this version."""
    from cardioalert.store import upkeep  # noqa: PLC0415 - `--help` must stay fast

    changed = upkeep.upgrade(open_store())
    text = _("The tables were brought up to date.") if changed else _("Nothing to do.")
    output.done(text, as_json=as_json, name="db-upgrade", changed=bool(changed))


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("Where the copy goes."))],
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Write a copy."""
    from cardioalert.store import upkeep  # noqa: PLC0415

    upkeep.backup(open_store(), file)
    output.note(_("Keep the key file in another place: without it the copy cannot be read."))
    output.done(str(file), as_json=as_json, name="db-backup", output=str(file))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("A backup."))],
    yes: Annotated[bool, typer.Option("--yes", help=_("Really replace everything."))] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Replace everything by a backup."""
    from cardioalert.store import upkeep  # noqa: PLC0415

    if not yes:
        raise UsageProblemError(
            _("this replaces everything in the database"), hint=_("Add --yes when you are sure.")
        )
    store = open_store()
    upkeep.restore(store, file)
    upkeep.upgrade(store)
    output.done(_("Restored."), as_json=as_json, name="db-restore", input=str(file))


def check(
    as_json: JsonOption = False, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """Look whether the database is whole; leave with 3 when it is not."""
    from cardioalert.store import upkeep  # noqa: PLC0415

    found = upkeep.check(open_store())
    if as_json:
        output.print_json({"schema": "cardioalert.db-check/1"} | found)
    else:
        for table, count in found["rows"].items():
            output.write(f"{table:24} {count}")
        output.write("\n".join(found["problems"]) or _("The database is whole."))
    if found["problems"]:
        raise typer.Exit(ExitCode.INPUT)
