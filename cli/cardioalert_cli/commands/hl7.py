"""`cardioalert hl7`: exchange HL7 v2 messages with a hospital over MLLP."""

from __future__ import annotations

import asyncio
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardioalert.i18n import N_
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
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
from cardioalert_cli.problems import ExitCode

if TYPE_CHECKING:
    from cardioalert.hospital.hl7v2.listener import Listener

HELP = _("Exchange HL7 v2 messages with a hospital over MLLP.")
EXAMPLES = (
    "cardioalert hl7 listen --port 2575 --allow 10.0.0.0/24",
    "cardioalert hl7 send ecg.dcm --to 10.0.0.5:2575 --patient-id 40503855900021",
    "cardioalert hl7 outbox list",
    "cardioalert hl7 outbox retry --to 10.0.0.5:2575",
)
SUBCOMMANDS = {
    "listen": N_("Take messages, keep each on disk, then answer it."),
    "send": N_("Send the result of an ECG as ORU^R01."),
    "outbox": N_("List what waits or failed, try it again, or forget what is done."),
}

JournalOption = Annotated[
    Path,
    typer.Option("--journal", metavar="FILE", help=_("Where messages are kept (SQLite).")),
]
JOURNAL = Path("hl7.sqlite")


class Action(StrEnum):
    """What to do with the outbox."""

    LIST = "list"
    RETRY = "retry"
    PURGE = "purge"


def listen(
    *,
    host: Annotated[str, typer.Option("--host", help=_("Address to listen at."))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=_("Port; 0 takes a free one."))] = 2575,
    journal: JournalOption = JOURNAL,
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
    certificate: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="PEM", help=_("Certificate for TLS."))
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="PEM", help=_("Its private key."))
    ] = None,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Serve until interrupted."""
    from cardioalert.hospital.hl7v2.answering import Answerer  # noqa: PLC0415 - heavy
    from cardioalert.hospital.hl7v2.listener import Endpoint, Listener  # noqa: PLC0415
    from cardioalert.hospital.hl7v2.message import Charset  # noqa: PLC0415
    from cardioalert.hospital.journal import open_journal  # noqa: PLC0415

    endpoint = Endpoint(
        host=host,
        port=port,
        allowed=tuple(allow or ()),
        max_bytes=int(max_mb * 1_000_000),
        certificate=certificate,
        key=key,
    )
    charset = Charset(override=encoding, default=default_encoding)
    asyncio.run(serve(Listener(endpoint, Answerer(open_journal(journal), charset))))


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
    journal: JournalOption = JOURNAL,
    receiver: Annotated[
        str, typer.Option("--receiver", help=_("Name of the receiving program (MSH-5)."))
    ] = "",
    wait: Annotated[
        float, typer.Option("--wait", metavar="S", help=_("How long to try before giving up."))
    ] = 60.0,
    tls: Annotated[bool, typer.Option("--tls", help=_("Encrypt the connection."))] = False,
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
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Analyze if need be, queue, deliver."""
    from cardioalert.hospital.hl7v2.building import Address, oru  # noqa: PLC0415 - heavy
    from cardioalert.hospital.hl7v2.message import Message  # noqa: PLC0415
    from cardioalert.hospital.hl7v2.sending import parse_destination  # noqa: PLC0415
    from cardioalert.hospital.journal import open_journal  # noqa: PLC0415

    destination = parse_destination(to, tls=tls)
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
    text = oru(result, Address(sender_facility=facility, receiver=receiver))
    control_id = Message(text).get("MSH", 10)
    open_journal(journal).enqueue(destination.name, control_id, text.encode())
    deliver(journal, to, wait=wait, tls=tls)


def outbox(
    action: Annotated[Action, typer.Argument(help=_("list, retry or purge"))] = Action.LIST,
    *,
    journal: JournalOption = JOURNAL,
    to: Annotated[
        str, typer.Option("--to", metavar="HOST:PORT", help=_("Deliver to this peer now."))
    ] = "",
    wait: Annotated[
        float, typer.Option("--wait", metavar="S", help=_("How long to try before giving up."))
    ] = 60.0,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Work on the outbox."""
    from cardioalert.hospital.journal import open_journal  # noqa: PLC0415 - heavy

    base = open_journal(journal)
    if action is Action.PURGE:
        output.write(_("{count} messages forgotten", count=base.purge()))
    elif action is Action.RETRY:
        output.write(_("{count} messages back in the queue", count=base.retry_dead()))
        if to:
            deliver(journal, to, wait=wait, tls=False)
    else:
        for row in base.outbox():
            facts = {
                "number": row.number,
                "destination": row.destination,
                "control_id": row.control_id,
                "state": row.state,
                "attempts": row.attempts,
                "note": row.note,
            }
            if as_json:
                output.print_json(facts)
            else:
                output.write("  ".join(str(value) for value in facts.values()))


def deliver(journal: Path, to: str, *, wait: float, tls: bool) -> None:
    """Deliver what waits, and leave with 6 when something still does."""
    from cardioalert.hospital.hl7v2.sending import Sender, parse_destination  # noqa: PLC0415
    from cardioalert.hospital.journal import open_journal  # noqa: PLC0415 - heavy

    destination = parse_destination(to, tls=tls)
    base = open_journal(journal)
    sent = Sender(destination, base).deliver(until=time.monotonic() + wait)
    output.write(_("{count} messages accepted by {peer}", count=sent, peer=to))
    left = [row for row in base.outbox() if row.destination == to and row.state != "sent"]
    for row in left:
        output.note(f"{row.control_id}: {row.state}: {row.note}")
    if left:
        raise typer.Exit(ExitCode.PEER)
