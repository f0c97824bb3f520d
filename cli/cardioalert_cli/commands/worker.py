"""`cardioalert worker`: send notifications, let go of holds, analyze queued files."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.channels import configured, make_worker
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.desk import open_desk
from cardioalert_cli.server import end_with_input

if TYPE_CHECKING:
    from cardioalert.settings import Settings

HELP = _("Send notifications, free times that were not confirmed, analyze queued files.")
EXAMPLES = ("cardioalert worker", "cardioalert worker --once --json", "cardioalert worker dead")
SUBCOMMANDS = {
    "dead": _("List notifications that could not be sent."),
    "retry": _("Try them again."),
}
TIDY: Final = 3600.0  # s between looks for what is kept longer than needed
PAUSE: Final = 2.0  # s between looks when there is nothing to do


def worker(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help=_("Do what is due, then leave."))] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Work until interrupted."""
    if context.invoked_subcommand:
        return
    from cardioalert.care import records, retention, waitlist  # noqa: PLC0415 - `--help` must stay fast
    from cardioalert.security import logs  # noqa: PLC0415
    from cardioalert_cli.analysis_job import IsolatedAnalysis  # noqa: PLC0415

    end_with_input()
    logs.configure()
    desk = open_desk()
    channels = configured(_settings())
    if not channels:
        output.note(_("No channel is set up: messages only stand in the inbox of the app."))
    clerk = make_worker(desk, channels)
    analyze = IsolatedAnalysis()
    tidied = float("-inf")
    try:
        while True:
            if time.monotonic() - tidied > TIDY:
                retention.tidy(desk)
                tidied = time.monotonic()
            done = {
                "freed": waitlist.sweep(desk),
                "sent": clerk.run_once(),
                "analyzed": int(records.run_job(desk, analyze, owner=clerk.name)),
            }
            if once and not any(done.values()):
                break
            if any(done.values()):
                if as_json:
                    output.print_json({"schema": "cardioalert.worker/1"} | done)
            elif not once:
                time.sleep(PAUSE)
    finally:
        analyze.close()


def dead(
    as_json: JsonOption = False, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """List notifications that could not be sent."""
    from cardioalert.notify.worker import dead_letters  # noqa: PLC0415

    with open_desk().store.reading() as session:
        rows = [
            {"id": d.id, "template": m.template, "attempts": d.attempts, "error": d.last_error}
            for d, m in dead_letters(session)
        ]
    if as_json:
        output.print_json({"schema": "cardioalert.dead-letters/1", "letters": rows})
        return
    for row in rows:
        output.write("  ".join(str(value) for value in row.values()))
    if not rows:
        output.write(_("Everything was sent."))


def retry(
    as_json: JsonOption = False, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """Try dead letters again."""
    from cardioalert.notify.worker import retry_dead  # noqa: PLC0415

    desk = open_desk()
    with desk.store.writing() as session:
        count = retry_dead(session, desk.now())
    text = _("{n} messages wait to be sent again.", n=count)
    output.done(text, as_json=as_json, name="worker-retry", messages=count)


def _settings() -> Settings:
    """Read the settings; their library is loaded only now."""
    from cardioalert.settings import Settings  # noqa: PLC0415 - `--help` is fast

    return Settings()
