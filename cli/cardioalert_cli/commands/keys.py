"""`cardioalert keys`: the encryption keys of this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.desk import open_desk

if TYPE_CHECKING:
    from cardioalert.settings import Settings

HELP = _("Make, check and change the encryption keys.")
EXAMPLES = ("cardioalert keys init", "cardioalert keys status", "cardioalert keys rotate")
SUBCOMMANDS = {
    "init": _("Make a key file, readable by you only."),
    "status": _("Tell how many values each key guards."),
    "rotate": _("Change a key and wrap everything anew, while the program is in use."),
}


def init(
    as_json: JsonOption = False, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """Make a key file."""
    from cardioalert.security import keys  # noqa: PLC0415 - `--help` must stay fast

    path = _settings().keys
    keys.create(path)
    output.note(_("Keep a copy in a safe place: without this file nothing can be read again."))
    output.done(str(path), as_json=as_json, name="keys-init", output=str(path))


def status(
    as_json: JsonOption = False, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """Tell how many values each key guards."""
    from cardioalert.care.privacy import key_status  # noqa: PLC0415

    desk = open_desk()
    counts, current = key_status(desk), desk.vault.ring.encryption.current
    if as_json:
        output.print_json({"schema": "cardioalert.keys/1", "current": current, "guards": counts})
        return
    for name, count in counts.items():
        mark = " *" if name == current else ""
        output.write(f"{name}{mark}  {count}")


def rotate(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help=_("encryption or audit."))
    ] = "encryption",
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Change a key."""
    from cardioalert.care.privacy import rewrap_all  # noqa: PLC0415
    from cardioalert.security import keys  # noqa: PLC0415

    keys.rotate(_settings().keys, subject)
    count = rewrap_all(open_desk()) if subject == "encryption" else 0
    text = _("The key was changed; {n} values were wrapped anew.", n=count)
    output.done(text, as_json=as_json, name="keys-rotate", subject=subject, wrapped=count)
    output.note(_("Restart the server and the workers, so that they read the new key file."))


def _settings() -> Settings:
    """Read the settings; their library is loaded only now."""
    from cardioalert.settings import Settings  # noqa: PLC0415 - `--help` is fast

    return Settings()
