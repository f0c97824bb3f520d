"""`cardioalert dicom`: exchange ECGs, reports and worklists with carts and archives."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardioalert.errors import CardioAlertError, CorruptFileError
from cardioalert.i18n import N_
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.hospital_desk import (
    ClinicOption,
    PatientNumbersOption,
    PeersOption,
    check_clinic,
    open_office,
)
from cardioalert_cli.hospital_options import (
    BirthDateOption,
    FacilityOption,
    FamilyOption,
    GivenOption,
    OrderOption,
    PatientIdOption,
    PatronymicOption,
    PdfOption,
    SexOption,
    SystemOption,
    ZoneOption,
    make_person,
    make_result,
)
from cardioalert_cli.pictures import check_writable
from cardioalert_cli.problems import UsageProblemError

if TYPE_CHECKING:
    from cardioalert.hospital.dicom.network import Server
    from cardioalert.hospital.dicom.worklist import Scheduled

HELP = _("Exchange ECGs, reports and worklists with carts and archives.")
EXAMPLES = (
    "cardioalert dicom listen --clinic demo-samarkand-1 --peers peers.toml --allow CART1",
    "cardioalert dicom listen --folder received --worklist today.json",
    "cardioalert dicom make ecg.scp -o ecg.dcm --family Karimova",
    "cardioalert dicom send ecg.dcm --to ORTHANC@10.0.0.7:4242",
    "cardioalert dicom worklist --from RIS@10.0.0.7:11112 --day 20261127",
)
SUBCOMMANDS = {
    "listen": N_("Take objects from carts, analyze them, and answer worklist queries."),
    "make": N_("Make a DICOM ECG with its measurements, or a DICOM report of a PDF."),
    "send": N_("Send DICOM files to an archive, by C-STORE or to a URL."),
    "worklist": N_("Ask for the worklist."),
    "echo": N_("Ask whether a peer is there."),
}

TitleOption = Annotated[str, typer.Option("--title", metavar="AE", help=_("Our AE title."))]


def listen(
    *,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help=_("Where objects are kept."))
    ] = Path("received"),
    host: Annotated[str, typer.Option("--host", help=_("Address to listen at."))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=_("Port; 0 takes a free one."))] = 11112,
    title: TitleOption = "CARDIOALERT",
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="AE", help=_("Who may call, may be repeated.")),
    ] = None,
    worklist: Annotated[
        Path | None,
        typer.Option("--worklist", metavar="JSON", help=_("The bookings, read at each query.")),
    ] = None,
    clinic: ClinicOption = "",
    peers: PeersOption = None,
    patient_numbers: PatientNumbersOption = "",
    certificate: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="PEM", help=_("Certificate for TLS."))
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="PEM", help=_("Its private key."))
    ] = None,
    client_authority: Annotated[
        Path | None,
        typer.Option("--tls-ca", metavar="PEM", help=_("Whose certificates are trusted.")),
    ] = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Serve until interrupted.

    With a clinic, its bookings are the worklist and ECGs go their way; without one, objects are
    kept in a folder and the analysis of each is printed as one JSON object a line.
    """
    from cardioalert.hospital.dicom.folder import Folder  # noqa: PLC0415 - heavy
    from cardioalert.hospital.dicom.network import Server  # noqa: PLC0415
    from cardioalert.hospital.hl7v2.listener import Endpoint  # noqa: PLC0415

    check_clinic(clinic, peers)
    if clinic and worklist:
        raise UsageProblemError(
            _("--clinic and --worklist exclude each other"),
            hint=_("The bookings of the clinic are its worklist."),
        )
    tls = Endpoint(certificate=certificate, key=key, client_authority=client_authority).tls()
    settings: dict[str, Any] = {
        "host": host, "port": port, "title": title, "allowed": allow or (), "tls": tls,
    }  # fmt: skip
    if clinic:
        office = open_office(clinic, peers, patient_numbers=patient_numbers)
        with office, Server(
            office.keep_dicom,
            scheduled=office.reception.scheduled,
            arrived=office.wake,
            **settings,
        ) as server:  # fmt: skip
            wait_at(server)
        return
    folder.mkdir(parents=True, exist_ok=True)
    bookings = partial(read_worklist, worklist) if worklist else list
    with Folder(folder, print_analysis) as kept, Server(
        kept.keep, scheduled=bookings, **settings
    ) as server:  # fmt: skip
        wait_at(server)


def wait_at(server: Server) -> None:
    """Say where the server listens, and wait until interrupted."""
    host = server.host
    output.note(_("Listening at {host}:{port}", host=host, port=str(server.port)))
    threading.Event().wait()


def print_analysis(path: Path) -> None:
    """Analyze an object that arrived."""
    from cardioalert import pipeline  # noqa: PLC0415 - heavy

    try:
        output.print_json(pipeline.analyze(path).to_dict())
    except CardioAlertError as error:
        facts = {"code": error.code, "message": error.message, "hint": error.hint}
        output.print_json({"error": facts, "input": {"path": str(path)}})


def read_worklist(path: Path) -> list[Scheduled]:
    """Read bookings: a JSON list of objects with number, start, patient_id, family, given ..."""
    from cardioalert.hospital.dicom.worklist import ANY_STATION, Scheduled  # noqa: PLC0415

    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return [
            Scheduled(
                number=str(row["number"]),
                start=datetime.fromisoformat(row["start"]),
                station=str(row.get("station", ANY_STATION)),
                place=str(row.get("place", "")),
                person=make_person(
                    identifier=str(row.get("patient_id", "")),
                    system="",
                    family=str(row.get("family", "")),
                    given=str(row.get("given", "")),
                    patronymic=str(row.get("patronymic", "")),
                    birth_date=(
                        datetime.fromisoformat(row["birth_date"]) if "birth_date" in row else None
                    ),
                    sex=None,
                ),
            )
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptFileError(
            _("{path} is no list of bookings: {error}", path=path, error=error)
        ) from error


def make(
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help=_("A record or picture."), show_default=False)
    ],
    *,
    target: Annotated[
        Path, typer.Option("-o", "--output", metavar="DCM", help=_("Where to write it."))
    ],
    as_report: Annotated[
        bool, typer.Option("--report", help=_("Make the report of --pdf, not the ECG."))
    ] = False,
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
    """Analyze, and write one object."""
    from cardioalert.hospital.dicom import objects  # noqa: PLC0415 - heavy

    check_writable(target)
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
    made = objects.pdf_object(result) if as_report else objects.ecg_object(result)
    target.write_bytes(objects.to_bytes(made))
    output.done("", as_json=as_json, name="dicom-make", output=str(target))


def send(
    files: Annotated[
        list[Path], typer.Argument(metavar="DCM", help=_("DICOM files."), show_default=False)
    ],
    *,
    to: Annotated[
        str,
        typer.Option("--to", metavar="AE@HOST:PORT|URL", help=_("An archive, or its DICOMweb.")),
    ],
    title: TitleOption = "CARDIOALERT",
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Send each file."""
    import pydicom  # noqa: PLC0415 - heavy
    from pydicom.errors import InvalidDicomError  # noqa: PLC0415

    from cardioalert.hospital.dicom import network, web  # noqa: PLC0415

    try:
        objects = [pydicom.dcmread(path) for path in files]
    except (OSError, InvalidDicomError) as error:
        raise CorruptFileError(_("a file is no DICOM: {error}", error=error)) from error
    if to.startswith(("http://", "https://")):
        web.Web(to).store(objects)
    else:
        network.send(network.parse_peer(to, own_title=title), objects)
    text = _("{count} objects accepted by {peer}", count=len(objects), peer=to)
    output.done(text, as_json=as_json, name="dicom-send", accepted=len(objects), peer=to)


def worklist(
    *,
    source: Annotated[str, typer.Option("--from", metavar="AE@HOST:PORT", help=_("Whom to ask."))],
    day: Annotated[
        str, typer.Option("--day", metavar="YYYYMMDD", help=_("A day, or a range of days."))
    ] = "",
    name: Annotated[str, typer.Option("--name", help=_("Name; * stands for anything."))] = "",
    title: TitleOption = "CARDIOALERT",
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Ask, and print one line an entry."""
    from cardioalert.hospital.dicom import network  # noqa: PLC0415 - heavy

    peer = network.parse_peer(source, own_title=title)
    for entry in network.ask_worklist(peer, day=day, name=name):
        step = entry.ScheduledProcedureStepSequence[0]
        facts = {
            "number": str(entry.get("AccessionNumber", "")),
            "start": " ".join(
                (
                    str(step.ScheduledProcedureStepStartDate),
                    str(step.ScheduledProcedureStepStartTime),
                )
            ),
            "patient_id": str(entry.get("PatientID", "")),
            "name": str(entry.get("PatientName", "")),
        }
        if as_json:
            output.print_json(facts)
        else:
            output.write("  ".join(facts.values()))


def echo(
    peer: Annotated[str, typer.Argument(metavar="AE@HOST:PORT", help=_("Whom to ask."))],
    *,
    title: TitleOption = "CARDIOALERT",
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Ask once."""
    from cardioalert.hospital.dicom import network  # noqa: PLC0415 - heavy

    network.echo(network.parse_peer(peer, own_title=title))
    output.done(_("{peer} answers", peer=peer), as_json=as_json, name="dicom-echo", peer=peer)
