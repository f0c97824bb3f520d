"""`cardioalert export-fhir`: write an analysis as a FHIR bundle, and send it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardioalert.errors import CardioAlertError, NotAllowedError, PeerError, PeerRefusedError
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.hospital_desk import WaitOption, open_journal
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
    wait: WaitOption = 30.0,
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
    from cardioalert.hospital.fhir import export  # noqa: PLC0415 - heavy

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
        locations = deliver_bundle(bundle, send, credentials, wait=wait)
        show_locations(locations, as_json=as_json)
    elif target is None:
        output.print_json(bundle)


def deliver_bundle(
    bundle: dict[str, Any], url: str, credentials: Credentials | None, *, wait: float
) -> list[str]:
    """Queue a bundle, and send it; what the server does not take now stays in the outbox."""
    import time  # noqa: PLC0415
    from uuid import uuid4  # noqa: PLC0415

    from cardioalert.hospital.deliveries import deliver  # noqa: PLC0415 - heavy
    from cardioalert.hospital.peers import FhirPeer  # noqa: PLC0415

    journal, control_id = open_journal(), str(uuid4())
    peer = FhirPeer(url=url, credentials=credentials)
    journal.enqueue(peer.name, control_id, json.dumps(bundle).encode())
    locations: list[str] = []
    refusals: list[CardioAlertError] = []

    def post(body: bytes) -> None:
        try:
            locations[:] = peer.send(body)
        except (NotAllowedError, PeerRefusedError) as error:
            refusals.append(error)
            raise

    deliver(journal, peer.name, post, until=time.monotonic() + wait)
    (mine,) = [one for one in journal.outbox(destination=url) if one.control_id == control_id]
    if mine.state == "dead" and refusals:
        raise refusals[-1]
    if mine.state != "sent":
        raise PeerError(
            _("{url} has not taken the bundle: {why}", url=url, why=mine.note or mine.state),
            hint=_("It waits in the outbox: cardioalert hl7 outbox retry --peers peers.toml"),
        )
    return locations


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
