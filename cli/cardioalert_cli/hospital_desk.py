"""Open what the commands for hospitals work with: the journal, and the office of a clinic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.desk import open_desk
from cardioalert_cli.problems import ExitCode, UsageProblemError

if TYPE_CHECKING:
    from cardioalert.hospital.hl7v2.message import Charset
    from cardioalert.hospital.journal import Journal
    from cardioalert.hospital.office import Office
    from cardioalert.hospital.peers import Peer

ClinicOption = Annotated[
    str,
    typer.Option(
        "--clinic",
        metavar="ID",
        help=_("The clinic whose bookings these are; what arrives is worked on."),
    ),
]
PeersOption = Annotated[
    Path | None,
    typer.Option(
        "--peers", metavar="TOML", help=_("Where results and bookings go."), show_default=False
    ),
]
PatientNumbersOption = Annotated[
    str,
    typer.Option(
        "--patient-numbers", metavar="URI", help=_("What the hospital's patient numbers belong to.")
    ),
]
WaitOption = Annotated[
    float, typer.Option("--wait", metavar="S", help=_("How long to try before giving up."))
]


def open_journal(*, clinic: str = "") -> Journal:
    """Open the journal of the installation."""
    from cardioalert.hospital.journal import Journal  # noqa: PLC0415 - `--help` is fast

    desk = open_desk()
    return Journal(desk.store, desk.vault, clinic_id=clinic)


def open_office(
    clinic: str, peers: Path | None, *, patient_numbers: str, charset: Charset | None = None
) -> Office:
    """Open the office of a clinic, which works on what arrives."""
    from cardioalert.care import clinics  # noqa: PLC0415 - heavy
    from cardioalert.care.desk import Actor  # noqa: PLC0415
    from cardioalert.hospital.hl7v2.message import Charset  # noqa: PLC0415
    from cardioalert.hospital.journal import Journal  # noqa: PLC0415
    from cardioalert.hospital.office import Office  # noqa: PLC0415
    from cardioalert.hospital.peers import read_peers  # noqa: PLC0415
    from cardioalert.hospital.reception import Reception  # noqa: PLC0415
    from cardioalert.security import logs  # noqa: PLC0415
    from cardioalert_cli.analysis_job import analyze  # noqa: PLC0415

    known = read_peers(peers) if peers else []
    logs.configure()
    desk = open_desk()
    with desk.store.reading() as session:
        clinics.get(session, clinic, now=desk.now())
    actor = Actor(id=f"hospital-{clinic}"[:40], role="integration", clinic_id=clinic)
    reception = Reception(desk=desk, actor=actor, analyze=analyze)
    if patient_numbers:
        reception = replace(reception, patient_system=patient_numbers)
    journal = Journal(desk.store, desk.vault, clinic_id=clinic)
    return Office(reception=reception, journal=journal, peers=known, charset=charset or Charset())


def check_clinic(clinic: str, peers: Path | None) -> None:
    """Refuse peers without a clinic: nothing would ever be sent to them."""
    if peers is not None and not clinic:
        raise UsageProblemError(_("--peers needs --clinic"), hint=_("Name the clinic."))


def deliver(journal: Journal, peer: Peer, *, wait: float, as_json: bool) -> None:
    """Deliver what waits for a peer, and leave with 6 when something still does."""
    import time  # noqa: PLC0415

    sent = peer.deliver(journal, until=time.monotonic() + wait)
    text = _("{count} messages accepted by {peer}", count=sent, peer=peer.name)
    output.done(text, as_json=as_json, name="delivered", accepted=sent, peer=peer.name)
    left = [
        one for one in journal.outbox(destination=peer.name) if one.state in ("pending", "dead")
    ]
    for row in left:
        output.note(f"{row.control_id}: {row.state}: {row.note}")
    if left:
        raise typer.Exit(ExitCode.PEER)
