"""`cardioalert export-fhir`: write an analysis as a FHIR bundle, and send it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.hospital_options import (
    BirthDateOption,
    FacilityOption,
    FamilyOption,
    FhirVersion,
    GivenOption,
    OrderOption,
    PatientIdOption,
    PatronymicOption,
    PdfOption,
    Profile,
    ProfileOption,
    SexOption,
    SystemOption,
    ZoneOption,
    make_person,
    make_result,
)
from cardioalert_cli.pictures import check_writable
from cardioalert_cli.problems import UsageProblemError

if TYPE_CHECKING:
    from cardioalert.hospital.fhir.client import Credentials

HELP = _("Write an analysis as a FHIR transaction bundle.")
EXAMPLES = (
    "cardioalert export-fhir ecg.dcm -o bundle.json",
    "cardioalert export-fhir analysis.json --patient-id 40503855900021 --family Karimova",
    "cardioalert export-fhir ecg.scp --profile uz-core -o bundle.json",
    "cardioalert export-fhir ecg.dcm --send https://fhir.example.org/r4",
)


def export_fhir(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help=_("A record or picture, or the JSON of an analysis."),
            show_default=False,
        ),
    ],
    *,
    target: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="JSON", help=_("Where to write it."))
    ] = None,
    version: Annotated[
        FhirVersion | None,
        typer.Option(
            "--version", help=_("r4 (4.3, as most hospitals), or r5."), show_default=False
        ),
    ] = None,
    profile: ProfileOption = None,
    send: Annotated[
        str, typer.Option("--send", metavar="URL", help=_("Send it to this FHIR server."))
    ] = "",
    token_url: Annotated[
        str,
        typer.Option("--token-url", metavar="URL", help=_("Where OAuth2 tokens are given out.")),
    ] = "",
    client_id: Annotated[
        str, typer.Option("--client-id", metavar="ID", help=_("Our name at that server."))
    ] = "",
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="PEM", help=_("The private key that proves who we are.")),
    ] = None,
    snomed: Annotated[
        bool,
        typer.Option("--snomed/--no-snomed", help=_("Whether SNOMED CT codes may be written.")),
    ] = True,
    patient_id: PatientIdOption = "",
    system: SystemOption = "",
    family: FamilyOption = "",
    given: GivenOption = "",
    patronymic: PatronymicOption = "",
    birth_date: BirthDateOption = None,
    sex: SexOption = None,
    order: OrderOption = "",
    facility: FacilityOption = "",
    pdf: PdfOption = None,
    zone: ZoneOption = "Asia/Tashkent",
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Analyze if need be, map, check, write, send."""
    from cardioalert.hospital.fhir import client, export  # noqa: PLC0415 - heavy

    check_writable(target)
    national = profile is Profile.UZ_CORE
    if national and version is FhirVersion.R4:
        raise UsageProblemError(_("the profile uz-core is FHIR R5"), hint=_("Leave out --version."))
    credentials = make_credentials(token_url, client_id, key)
    person = make_person(
        identifier=patient_id,
        system=system,
        family=family,
        given=given,
        patronymic=patronymic,
        birth_date=birth_date,
        sex=sex,
    )
    result = make_result(source, person, order=order, facility=facility, pdf=pdf, zone=zone)
    is_r5 = national or version is FhirVersion.R5
    bundle = export.bundle(
        result, version="r5" if is_r5 else "r4b", national=national, snomed=snomed
    )
    if target is not None:
        text = json.dumps(bundle, ensure_ascii=False, indent=1)
        target.write_text(text + "\n", encoding="utf-8")
    if send:
        locations = client.send(bundle, send, credentials)
        show_locations(locations, as_json=as_json)
    elif target is None:
        output.print_json(bundle)


def make_credentials(token_url: str, client_id: str, key: Path | None) -> Credentials | None:
    """Return how to sign in, None when nothing was given."""
    from cardioalert.hospital.fhir.client import Credentials  # noqa: PLC0415 - heavy

    if not (token_url or client_id or key):
        return None
    if not (token_url and client_id and key):
        raise UsageProblemError(
            _("--token-url, --client-id and --key belong together"), hint=_("Give all three.")
        )
    return Credentials(token_url=token_url, client_id=client_id, key_file=key)


def show_locations(locations: list[str], *, as_json: bool) -> None:
    """Tell what the server holds now."""
    if as_json:
        document: dict[str, Any] = {
            "sent": datetime.now().astimezone().isoformat(),
            "resources": locations,
        }
        output.print_json(document)
        return
    output.write(_("The server holds {count} resources of this result.", count=len(locations)))
