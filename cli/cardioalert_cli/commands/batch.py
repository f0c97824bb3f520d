"""`cardioalert batch`: score a whole archive, in one run or in many."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.problems import ExitCode, UsageProblemError

if TYPE_CHECKING:
    from cardioalert.archive.inventory import Share
    from cardioalert.archive.runner import Plan, Progress
    from cardioalert.archive.summary import Summary

HELP = _("Score a whole archive of ECGs; run it again and it goes on where it stopped.")
EXAMPLES = (
    "cardioalert batch /archive --out scores --dry-run",
    "cardioalert batch /archive 2019.zip --out scores",
    "cardioalert batch list.txt --out scores --format csv,parquet --workers 8",
    "cardioalert batch /archive --out scores --cluster tcp://10.0.0.5:8786",
    "cardioalert batch --out scores --retry",
)


def batch(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            help=_("Files, folders, patterns, ZIP and tar files, text lists, s3:// addresses."),
            show_default=False,
        ),
    ] = None,
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help=_("Folder of the results."))
    ],
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help=_("Processes; one for each core unless told.")),
    ] = None,
    cluster: Annotated[
        str, typer.Option("--cluster", metavar="ADDRESS", help=_("A Dask scheduler."))
    ] = "",
    formats: Annotated[
        str, typer.Option("--format", help=_("What to write: csv, jsonl, parquet, fhir."))
    ] = "csv,jsonl",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Only say what there is and how long it takes."))
    ] = False,
    share: Annotated[
        str | None,
        typer.Option("--share", metavar="I/N", help=_("Take only part I of N of the sources.")),
    ] = None,
    merge: Annotated[
        bool,
        typer.Option("--merge", help=_("Join the results of runs; name their folders.")),
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=0, help=_("Stop after so many ECGs."))
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help=_("Try again what failed."))] = False,
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=1, help=_("Seconds that one ECG may take."))
    ] = 60.0,
    memory_limit: Annotated[
        int, typer.Option("--memory-limit", min=500, help=_("MB that one ECG may take."))
    ] = 900,
    pseudonymize: Annotated[
        Path | None,
        typer.Option(
            "--pseudonymize",
            metavar="KEYFILE",
            help=_("Replace file names by pseudonyms; the key is made when there is none."),
        ),
    ] = None,
    stated: Annotated[
        Path | None,
        typer.Option(
            "--stated",
            metavar="TABLE",
            help=_("A CSV table with columns path and statements, to compare our findings with."),
        ),
    ] = None,
    database: Annotated[
        str,
        typer.Option("--database", metavar="URL", help=_("Keep the manifest in PostgreSQL.")),
    ] = "",
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Score an archive."""
    from cardioalert.archive.pseudonyms import read_key  # noqa: PLC0415
    from cardioalert.archive.runner import Plan, default_workers, merge_runs  # noqa: PLC0415
    from cardioalert.isolation import Limits  # noqa: PLC0415 - heavy

    if not sources and not (database or (out / "manifest.sqlite").exists()):
        raise UsageProblemError(
            _("there is nothing to go on with in {folder}", folder=out),
            hint=_("Name the files, folders or archives to score."),
        )
    plan = Plan(
        out=out,
        sources=tuple(sources or ()),
        workers=workers or default_workers(),
        cluster=cluster,
        database=database,
        share=share_of(share),
        limit=limit,
        retry=retry,
        formats=table_formats(formats),
        pseudonym_key=None if pseudonymize is None else read_key(pseudonymize),
        stated=stated,
        limits=Limits(seconds=time_limit, megabytes=memory_limit),
    )
    if dry_run:
        show_inventory(plan, as_json=as_json)
        return
    if merge:
        show_summary(merge_runs([Path(part) for part in plan.sources], plan), out, as_json=as_json)
        return
    if code := score(plan, as_json=as_json):
        raise typer.Exit(code)


def share_of(text: str | None) -> Share | None:
    """Return the part of the sources that `--share` names."""
    from cardioalert.archive.inventory import Share  # noqa: PLC0415 - heavy

    if text is None:
        return None
    number, _slash, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise UsageProblemError(
            _("--share {text} names no part", text=text),
            hint=_("Write 2/4 for the second of four parts."),
        )
    return Share(int(number), int(of))


def table_formats(names: str) -> tuple[Any, ...]:
    """Return the formats that `--format` names."""
    from cardioalert.archive.results import TableFormat  # noqa: PLC0415 - heavy

    try:
        return tuple(TableFormat(name.strip().lower()) for name in names.split(","))
    except ValueError:
        raise UsageProblemError(
            _("--format {names} names a table that is not known", names=names),
            hint=_("Use one or more of: {known}", known=", ".join(TableFormat)),
        ) from None


def score(plan: Plan, *, as_json: bool) -> ExitCode:
    """Run, with bars for people, and say what came of it."""
    from cardioalert.archive.runner import run_archive  # noqa: PLC0415 - heavy

    with progress_bars() as (looking, scoring):
        summary = run_archive(plan, looking=looking, scoring=scoring)
    show_summary(summary, plan.out, as_json=as_json)
    return ExitCode.INPUT if summary.refused else ExitCode.DONE


def show_summary(summary: Summary, out: Path, *, as_json: bool) -> None:
    """Say what came of a run."""
    if as_json:
        output.print_json(summary.to_dict())
    else:
        output.write("\n".join(lines_of(summary, out)))


def lines_of(summary: Summary, out: Path) -> Iterator[str]:
    """Say in a few lines what came of a run."""
    yield _(
        "{scored} ECGs scored, {copies} copies, {refused} files in quarantine",
        scored=summary.scored,
        copies=summary.copies,
        refused=summary.refused,
    )
    for level in ("red", "orange", "yellow", "green", "grey"):
        if level in summary.by_urgency:
            yield f"  {level:<7} {summary.by_urgency[level]:>8}"
    for code, count in summary.refusals.items():
        yield f"  {code:<16} {count:>8}"
    yield _("Tables and overview: {folder}", folder=out)


def show_inventory(plan: Plan, *, as_json: bool) -> None:
    """Say what there is and how long it will take."""
    from cardioalert.archive.runner import make_inventory  # noqa: PLC0415 - heavy

    with progress_bars() as (looking, _scoring):
        inventory = make_inventory(plan, looking=looking)
    if as_json:
        output.print_json(inventory.to_dict())
        return
    output.write(f"{'kind':<10} {'files':>10} {'MB':>10} {'distinct':>10} {'to score':>10}")
    for row in inventory.kinds:
        output.write(
            f"{row.kind:<10} {row.files:>10} {row.megabytes:>10.1f} {row.distinct:>10} "
            f"{row.to_score:>10}"
        )
    for code, count in inventory.refusals.items():
        output.write(f"{code:<16} {count:>4} " + _("cannot be read"))
    output.write(
        _(
            "About {minutes:.0f} minutes with {workers} workers.",
            minutes=inventory.seconds / 60,
            workers=plan.workers,
        )
    )


@contextmanager
def progress_bars() -> Iterator[tuple[Progress, Progress]]:
    """Show on stderr, to people, how far the inventory and the scoring are."""
    if not output.wants_color(sys.stderr):
        yield (lambda *_: None), (lambda *_: None)
        return
    from rich.progress import (  # noqa: PLC0415 - `--help` must stay fast
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=output.make_console(sys.stderr),
    ) as bars:
        looked = bars.add_task(_("Looking"), total=None)
        scored = bars.add_task(_("Scoring"), total=None, visible=False)

        def looking(done: int, _read: int) -> None:
            bars.update(looked, completed=done)

        def scoring(done: int, total: int) -> None:
            bars.update(scored, completed=done, total=total, visible=True)

        yield looking, scoring
