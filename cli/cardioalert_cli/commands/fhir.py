"""`cardioalert fhir`: check FHIR documents, and read what hospitals send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardioalert.errors import CorruptFileError, FileMissingError
from cardioalert.i18n import N_
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.hospital_options import FhirVersion, ProfileOption
from cardioalert_cli.problems import ExitCode

if TYPE_CHECKING:
    from cardioalert.hospital.fhir.importing import Imported
    from cardioalert.hospital.fhir.rules import Version

HELP = _("Check FHIR documents, and read what hospitals send.")
EXAMPLES = (
    "cardioalert fhir validate bundle.json",
    "cardioalert fhir validate resource.json --version r5 --json",
    "cardioalert fhir import bundle.json",
)
SUBCOMMANDS = {
    "validate": N_("Tell what is wrong with a resource or bundle."),
    "import_": N_("List the people, orders, visits, places and ECGs of a bundle."),
}

FilesArgument = Annotated[
    list[Path], typer.Argument(metavar="JSON", help=_("FHIR JSON files."), show_default=False)
]


def validate(
    files: FilesArgument,
    *,
    version: Annotated[
        FhirVersion | None,
        typer.Option("--version", help=_("r4 or r5; otherwise it is guessed."), show_default=False),
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Check each file; exit with 3 when one is wrong."""
    from cardioalert.hospital.fhir.validate import guess_version  # noqa: PLC0415 - heavy
    from cardioalert.hospital.fhir.validate import validate as check  # noqa: PLC0415

    wrong = False
    for path in files:
        resource = read_json(path)
        chosen: Version = guess_version(resource)
        if version is not None:
            chosen = "r5" if version is FhirVersion.R5 else "r4b"
        if profile is not None:
            chosen = "r5"
        issues = check(resource, version=chosen, national=profile is not None)
        wrong |= bool(issues)
        if as_json:
            rows = [{"where": i.where, "rule": i.rule, "message": i.message} for i in issues]
            output.print_json({"path": str(path), "version": chosen, "issues": rows})
            continue
        if not issues:
            output.write(_("{path}: valid FHIR {version}", path=path, version=chosen))
        for issue in issues:
            output.write(f"{path}: {issue.where}: [{issue.rule}] {issue.message}")
    if wrong:
        raise typer.Exit(ExitCode.INPUT)


def import_(
    files: FilesArgument,
    *,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Read each file and list what it holds."""
    from cardioalert.hospital.fhir.importing import import_resources  # noqa: PLC0415 - heavy

    for path in files:
        found = import_resources(read_json(path))
        if as_json:
            output.print_json(document_of(found))
            continue
        for kind, count in counts_of(found).items():
            output.write(f"{kind}: {count}")


def counts_of(found: Imported) -> dict[str, int]:
    """Count what was understood."""
    return {
        "people": len(found.people),
        "orders": len(found.orders),
        "visits": len(found.visits),
        "places": len(found.places),
        "documents": len(found.documents),
        "waves": len(found.waves),
        "ignored": len(found.ignored),
    }


def document_of(found: Imported) -> dict[str, Any]:
    """Return what was understood, for programs."""
    return {
        "people": [
            {
                "reference": url,
                "identifier": one.identifier,
                "system": one.system,
                "name": one.full_name,
            }
            for url, one in found.people.items()
        ],
        "orders": [
            {"number": one.number, "status": one.status, "code": one.code, "patient": one.patient}
            for one in found.orders
        ],
        "visits": [
            {
                "number": one.number,
                "status": one.status,
                "start": one.start.isoformat() if one.start else None,
                "end": one.end.isoformat() if one.end else None,
                "patient": one.patient,
            }
            for one in found.visits
        ],
        "places": [{"name": one.name, "kind": one.kind} for one in found.places],
        "documents": [
            {"title": one.title, "media_type": one.media_type, "bytes": len(one.data)}
            for one in found.documents
        ],
        "waves": len(found.waves),
        "ignored": found.ignored,
    }


def read_json(path: Path) -> Any:
    """Read one document."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise FileMissingError(_("there is no file {path}", path=path)) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CorruptFileError(_("{path} is no JSON: {error}", path=path, error=error)) from error
