"""`cardioalert hl7`: exchange HL7 v2 messages with a hospital over MLLP."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardioalert.i18n import N_
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.hospital_desk import (
    ClinicOption,
    PatientNumbersOption,
    PeersOption,
    WaitOption,
    check_clinic,
    deliver,
    open_journal,
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

if TYPE_CHECKING:
    from cardioalert.hospital.hl7v2.listener import Listener
    from cardioalert.hospital.peers import Hl7Peer

HELP = _("Exchange HL7 v2 messages with a hospital over MLLP.")
EXAMPLES = (
    "cardioalert hl7 listen --clinic demo-samarkand-1 --peers peers.toml --allow 10.0.0.0/24",
    "cardioalert hl7 send ecg.dcm --to 10.0.0.5:2575 --patient-id 40503855900021",
    "cardioalert hl7 inbox list --clinic demo-samarkand-1",
    "cardioalert hl7 outbox retry --to 10.0.0.5:2575",
)
SUBCOMMANDS = {
    "listen": N_("Take messages, keep each on disk, then answer it."),
    "send": N_("Send the result of an ECG as ORU^R01."),
    "inbox": N_("List what came and what became of it, try it again, or forget what is done."),
    "outbox": N_("List what waits or failed, try it again, or forget what is done."),
}

CaOption = Annotated[
    Path | None,
    typer.Option(
        "--tls-ca", metavar="PEM", help=_("Whose certificates are trusted."), show_default=False
    ),
]
CertOption = Annotated[
    Path | None,
    typer.Option("--tls-cert", metavar="PEM", help=_("Certificate for TLS."), show_default=False),
]
KeyOption = Annotated[
    Path | None,
    typer.Option("--tls-key", metavar="PEM", help=_("Its private key."), show_default=False),
]


class Action(StrEnum):
    """What to do with what waits."""

    LIST = "list"
    RETRY = "retry"
    PURGE = "purge"


def listen(
    *,
    host: Annotated[str, typer.Option("--host", help=_("Address to listen at."))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=_("Port; 0 takes a free one."))] = 2575,
    clinic: ClinicOption = "",
    peers: PeersOption = None,
    patient_numbers: PatientNumbersOption = "",
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="NET", help=_("Who may connect, may be repeated.")),
    ] = None,
    encoding: Annotated[
        str, typer.Option("--encoding", help=_("Charset of all messages, whatever they say."))
    ] = "",
    default_encoding: Annotated[
        str,
        typer.Option("--default-encoding", help=_("Charset of messages that name none.")),
    ] = "windows-1251",
    max_mb: Annotated[float, typer.Option("--max-mb", help=_("Largest message, MB."))] = 20.0,
    certificate: CertOption = None,
    key: KeyOption = None,
    client_authority: CaOption = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Serve until interrupted."""
    from cardioalert.hospital.hl7v2.answering import Answerer  # noqa: PLC0415 - heavy
    from cardioalert.hospital.hl7v2.listener import Endpoint, Listener  # noqa: PLC0415
    from cardioalert.hospital.hl7v2.message import Charset  # noqa: PLC0415

    check_clinic(clinic, peers)
    endpoint = Endpoint(
        host=host,
        port=port,
        allowed=tuple(allow or ()),
        max_bytes=int(max_mb * 1_000_000),
        certificate=certificate,
        key=key,
        client_authority=client_authority,
    )
    charset = Charset(override=encoding, default=default_encoding)
    office = None
    if clinic:
        office = open_office(clinic, peers, patient_numbers=patient_numbers, charset=charset)
    journal = office.journal if office else open_journal()
    listener = Listener(
        endpoint, Answerer(journal, charset), kept=office.wake if office else lambda: None
    )
    with office or nullcontext():
        asyncio.run(serve(listener))


async def serve(listener: Listener) -> None:
    """Open the port, say so, and serve."""
    await listener.start()
    output.write(
        _("Listening at {host}:{port}", host=listener.endpoint.host, port=str(listener.port))
    )
    await listener.run()


def send(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help=_("A record or picture, or the JSON of an analysis."),
            show_default=False,
        ),
    ],
    *,
    to: Annotated[str, typer.Option("--to", metavar="HOST:PORT", help=_("The peer."))],
    receiver: Annotated[
        str, typer.Option("--receiver", help=_("Name of the receiving program (MSH-5)."))
    ] = "",
    wait: WaitOption = 60.0,
    tls: Annotated[bool, typer.Option("--tls", help=_("Encrypt the connection."))] = False,
    authority: CaOption = None,
    certificate: CertOption = None,
    key: KeyOption = None,
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
    """Analyze if need be, queue, deliver."""
    from cardioalert.hospital.peers import queue  # noqa: PLC0415 - heavy

    peer = make_peer(
        to, tls=tls, authority=authority, certificate=certificate, key=key,
        facility=facility, receiver=receiver,
    )  # fmt: skip
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
    journal = open_journal()
    queue(journal, peer, result)
    deliver(journal, peer, wait=wait, as_json=as_json)


def make_peer(
    to: str,
    *,
    tls: bool = False,
    authority: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    facility: str = "",
    receiver: str = "",
) -> Hl7Peer:
    """Return the receiver that the options describe."""
    from dataclasses import replace  # noqa: PLC0415

    from cardioalert.hospital.hl7v2.building import Address  # noqa: PLC0415 - heavy
    from cardioalert.hospital.hl7v2.sending import parse_destination  # noqa: PLC0415
    from cardioalert.hospital.peers import Hl7Peer  # noqa: PLC0415

    destination = replace(
        parse_destination(to, tls=tls or authority is not None),
        authority=authority, certificate=certificate, key=key,
    )  # fmt: skip
    address = Address(sender_facility=facility, receiver=receiver)
    return Hl7Peer(destination=destination, address=address)


def inbox(
    action: Annotated[Action, typer.Argument(help=_("list, retry or purge"))] = Action.LIST,
    *,
    clinic: ClinicOption = "",
    days: Annotated[
        float, typer.Option("--older-than", metavar="DAYS", help=_("What may be forgotten."))
    ] = 30.0,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Work on the inbox."""
    from cardioalert.store.types import now_utc  # noqa: PLC0415 - heavy

    journal = open_journal(clinic=clinic)
    if action is Action.PURGE:
        count = journal.forget(before=now_utc() - timedelta(days=days))
        text = _("{count} messages forgotten", count=count)
        output.done(text, as_json=as_json, name="hl7-purge", messages=count)
    elif action is Action.RETRY:
        count = journal.retry_failed()
        text = _("{count} messages back in the queue", count=count)
        output.done(text, as_json=as_json, name="hl7-retry", messages=count)
    else:
        names = ("number", "kind", "sender", "control_id", "state", "note")
        show_rows(
            [{name: getattr(row, name) for name in names} for row in journal.received()], as_json
        )


def outbox(
    action: Annotated[Action, typer.Argument(help=_("list, retry or purge"))] = Action.LIST,
    *,
    to: Annotated[
        str, typer.Option("--to", metavar="HOST:PORT", help=_("Deliver to this peer now."))
    ] = "",
    peers: PeersOption = None,
    wait: WaitOption = 60.0,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Work on the outbox, of all kinds of peers."""
    from cardioalert.hospital.journal import rows_of  # noqa: PLC0415 - heavy
    from cardioalert.hospital.peers import read_peers  # noqa: PLC0415

    journal = open_journal()
    if action is Action.PURGE:
        count = journal.purge()
        text = _("{count} messages forgotten", count=count)
        output.done(text, as_json=as_json, name="hl7-purge", messages=count)
    elif action is Action.RETRY:
        count = journal.retry_dead()
        text = _("{count} messages back in the queue", count=count)
        output.done(text, as_json=as_json, name="hl7-retry", messages=count)
        known = read_peers(peers) if peers else []
        if to:
            chosen = next((peer for peer in known if peer.name == to), None)
            known = [chosen or make_peer(to)]
        for peer in known:
            deliver(journal, peer, wait=wait, as_json=as_json)
    else:
        show_rows(rows_of([one for one in journal.outbox() if one.state != "purged"]), as_json)


def show_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Write one line for each row."""
    for row in rows:
        if as_json:
            output.print_json(row)
        else:
            output.write("  ".join(str(value) for value in row.values()))
