"""`cardioalert book`: free times, bookings, tickets, and the waiting list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.clinics import read_day
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.desk import open_desk
from cardioalert_cli.language import current_language
from cardioalert_cli.problems import CannotWriteError, UsageProblemError

if TYPE_CHECKING:
    from cardioalert.care.booking import Ticket
    from cardioalert.care.desk import Actor, Desk

HELP = _("Book a visit: free times, make, move, cancel, ticket.")
EXAMPLES = (
    "cardioalert book slots demo-tashkent-1 --date 2026-12-01",
    "cardioalert book make demo-tashkent-1 2026-12-01T09:00 --patient p17",
    "cardioalert book show 7K3M-Q9TX-2",
    "cardioalert book move 7K3M-Q9TX-2 2026-12-02T10:00",
    "cardioalert book ticket 7K3M-Q9TX-2 -o visit.ics",
)
SUBCOMMANDS = {
    "slots": _("List the times of a clinic."),
    "make": _("Book a time."),
    "hold": _("Keep a time for ten minutes."),
    "confirm": _("Confirm a time that is held or waits for the clinic."),
    "list_": _("List bookings."),
    "show": _("Show one booking."),
    "move": _("Move a visit to another time."),
    "cancel": _("Give a visit up."),
    "walk_in": _("Seat somebody who stands at the desk."),
    "arrive": _("Note that the patient is there."),
    "complete": _("Note that the visit took place."),
    "no_show": _("Note that nobody came."),
    "wait": _("Join the waiting list of a day."),
    "ticket": _("Write the ticket: a calendar file or a QR picture."),
}
DAYS_SHOWN = 7

ClinicArgument = Annotated[str, typer.Argument(metavar="CLINIC", help=_("A clinic's ID."))]
SlotArgument = Annotated[
    str, typer.Argument(metavar="SLOT", help=_("A slot's ID, or a local time: 2026-12-01T09:00."))
]
CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help=_("The code of the ticket."))]
PatientOption = Annotated[
    str,
    typer.Option(
        "--patient", metavar="ID", help=_("A pseudonym of your own; never a name or a number.")
    ),
]
ServiceOption = Annotated[
    str, typer.Option("--service", help=_("ecg, holter, echo or cardiologist."))
]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", help=_("Idempotency key: the same request twice books once.")),
]


def slots(
    *,
    clinic: ClinicArgument,
    day: Annotated[
        str, typer.Option("--date", metavar="DAY", help=_("YYYY-MM-DD; else the coming week."))
    ] = "",
    service: ServiceOption = "ecg",
    every: Annotated[bool, typer.Option("--all", help=_("Full times as well."))] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """List the times of a clinic."""
    from cardioalert.care import clinics  # noqa: PLC0415 - `--help` is fast
    from cardioalert.care import slots as times  # noqa: PLC0415
    from cardioalert.care.directory import read_service  # noqa: PLC0415
    from cardioalert.care.times import local  # noqa: PLC0415

    desk = open_desk()
    first = read_day(day) if day else local(desk.now()).date()
    last = first if day else first + timedelta(days=DAYS_SHOWN - 1)
    with desk.store.reading() as session:
        place = clinics.get(session, clinic, now=desk.now()).clinic
        found = times.slots_of(
            session, place, service=read_service(service), first=first, last=last, now=desk.now()
        )
    shown = [slot for slot in found if slot.free or every]
    if as_json:
        head = {"schema": "cardioalert.slots/1", "clinic": clinic, "demo": place.demo}
        output.print_json(head | {"slots": [slot.to_dict() for slot in shown]})
        return
    if place.demo:
        output.write(_("DEMO: this clinic does not exist."))
    for slot in shown:
        row = slot.to_dict()
        output.write(
            f"{row['local_start'].replace('T', ' ')}  {slot.free}/{slot.capacity}  {slot.id}"
        )
    remark = clinics.holiday_note(last)
    if remark:
        output.note(remark)
    if not shown:
        output.write(_("No free time. Emergency: 103."))


def make(
    *,
    clinic: ClinicArgument,
    slot: SlotArgument,
    patient: PatientOption,
    service: ServiceOption = "ecg",
    key: KeyOption = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Book a time."""
    _take("make", clinic, slot, patient, service=service, key=key, as_json=as_json)


def hold(
    *,
    clinic: ClinicArgument,
    slot: SlotArgument,
    patient: PatientOption,
    service: ServiceOption = "ecg",
    key: KeyOption = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Keep a time for ten minutes."""
    _take("hold", clinic, slot, patient, service=service, key=key, as_json=as_json)


def walk_in(
    *,
    clinic: ClinicArgument,
    slot: SlotArgument,
    patient: PatientOption,
    service: ServiceOption = "ecg",
    key: KeyOption = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Seat somebody who stands at the desk."""
    _take("walk_in", clinic, slot, patient, service=service, key=key, as_json=as_json)


def _take(
    how: str, clinic: str, slot: str, patient: str, *, service: str, key: str | None, as_json: bool
) -> None:
    """Take a seat in one of the ways of `care.booking`."""
    from cardioalert.care import booking  # noqa: PLC0415

    desk = open_desk()
    request = booking.Request(
        slot_id=slot_id(desk, clinic, slot, service),
        patient_id=patient,
        idempotency_key=key,
        origin="cli",
        register_patient=True,
    )
    take = {"make": booking.make, "hold": booking.hold, "walk_in": booking.walk_in}[how]
    print_ticket(take(desk, _operator(), request), as_json=as_json)


def slot_id(desk: Desk, clinic: str, text: str, service: str) -> str:
    """Return a slot's ID: as it stands, or of the room of a clinic at a local time."""
    from cardioalert.care.slots import SLOT_ID, slot_at  # noqa: PLC0415
    from cardioalert.errors import NotFoundError  # noqa: PLC0415

    match = SLOT_ID.fullmatch(text)
    with desk.store.reading() as session:
        if match is None:
            return slot_at(session, clinic, text, service=service, now=desk.now())
        from cardioalert.care.slots import clinic_of  # noqa: PLC0415

        if clinic_of(session, match["resource"]) != clinic:
            raise NotFoundError(
                _("the slot {text} is not one of {clinic}", text=text, clinic=clinic)
            )
    return text


def confirm(
    code: CodeArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Confirm a held or pending visit."""
    from cardioalert.care import booking  # noqa: PLC0415

    _change(booking.confirm, code, as_json=as_json)


def arrive(
    code: CodeArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Note that the patient is there."""
    from cardioalert.care import booking  # noqa: PLC0415

    _change(booking.arrive, code, as_json=as_json)


def complete(
    code: CodeArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Note that the visit took place."""
    from cardioalert.care import booking  # noqa: PLC0415

    _change(booking.complete, code, as_json=as_json)


def no_show(
    code: CodeArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Note that nobody came."""
    from cardioalert.care import booking  # noqa: PLC0415

    _change(booking.no_show, code, as_json=as_json)


def cancel(
    *,
    code: CodeArgument,
    by_clinic: Annotated[
        bool, typer.Option("--by-clinic", help=_("Also after the patients' cut-off."))
    ] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Give a visit up."""
    from cardioalert.care import booking  # noqa: PLC0415

    ticket = booking.cancel(open_desk(), _operator(), code, by_clinic=by_clinic)
    print_ticket(ticket, as_json=as_json)


def move(
    *,
    code: CodeArgument,
    slot: SlotArgument,
    by_clinic: Annotated[
        bool, typer.Option("--by-clinic", help=_("Also after the patients' cut-off."))
    ] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Move a visit to another time."""
    from cardioalert.care import booking  # noqa: PLC0415
    from cardioalert.care.slots import SLOT_ID  # noqa: PLC0415

    desk = open_desk()
    if not SLOT_ID.fullmatch(slot):
        with desk.store.reading() as session:
            now = booking.show(session, code)
        slot = slot_id(desk, now.clinic.id, slot, now.booking.service)
    ticket = booking.move(desk, _operator(), code, slot, by_clinic=by_clinic)
    print_ticket(ticket, as_json=as_json)


def _change(change: Callable[[Desk, Actor, str], Ticket], code: str, *, as_json: bool) -> None:
    """Change one booking and print it."""
    print_ticket(change(open_desk(), _operator(), code), as_json=as_json)


def list_(
    *,
    patient: Annotated[str, typer.Option("--patient", metavar="ID", help=_("Of a patient."))] = "",
    clinic: Annotated[str, typer.Option("--clinic", metavar="ID", help=_("Of a clinic."))] = "",
    after: Annotated[
        str, typer.Option("--after", metavar="CODE", help=_("Go on after this one."))
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help=_("At most."))] = 50,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """List bookings, the latest visit first."""
    from cardioalert.care import booking  # noqa: PLC0415

    desk = open_desk()
    with desk.store.reading() as session:
        found = booking.list_bookings(
            session, patient_id=patient, clinic_id=clinic, after=after, limit=limit
        )
    if as_json:
        rows = [ticket.to_dict(current_language()) for ticket in found]
        output.print_json({"schema": "cardioalert.bookings/1", "bookings": rows})
        return
    output.write_list((one_line(ticket) for ticket in found), none=_("No bookings."))


def show(
    code: CodeArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Show one booking."""
    from cardioalert.care import booking  # noqa: PLC0415

    with open_desk().store.reading() as session:
        print_ticket(booking.show(session, code), as_json=as_json)


def wait(
    *,
    clinic: ClinicArgument,
    day: Annotated[str, typer.Argument(metavar="DAY", help=_("YYYY-MM-DD."))],
    patient: PatientOption,
    service: ServiceOption = "ecg",
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Join the waiting list of a day."""
    from cardioalert.care import waitlist  # noqa: PLC0415

    entry = waitlist.join(
        open_desk(), _operator(), clinic_id=clinic, service=service, day=read_day(day),
        patient_id=patient,
    )  # fmt: skip
    if as_json:
        output.print_json(
            {"schema": "cardioalert.waitlist/1", "id": entry.id, "status": entry.status}
        )
    else:
        output.write(_("On the waiting list of {day}.").format(day=day))


def ticket(
    code: CodeArgument,
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help=_("FILE.ics or FILE.png."))
    ],
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Write the ticket."""
    from cardioalert.care import booking, tickets  # noqa: PLC0415

    with open_desk().store.reading() as session:
        found = booking.show(session, code)
    kind = out.suffix.lower()
    if kind not in (".ics", ".png"):
        raise UsageProblemError(
            _("{name} has an unknown ending").format(name=out.name), hint=_("Use .ics or .png.")
        )
    if kind == ".ics":
        data = tickets.ics(found.visit(), alarm_text=_("Your visit is soon."))
    else:
        data = tickets.qr_png(found.booking.code)
    try:
        out.write_bytes(data)
    except OSError as error:
        raise CannotWriteError(_("{out}: {strerror}", out=out, strerror=error.strerror)) from None
    if not as_json:
        output.note(str(out))
    output.done("", as_json=as_json, name="ticket", output=str(out), code=found.booking.code)


def print_ticket(ticket: Ticket, *, as_json: bool) -> None:
    """Print one booking."""
    document = ticket.to_dict(current_language())
    if as_json:
        output.print_json({"schema": "cardioalert.booking/1"} | document)
        return
    clinic = document["clinic"]
    lines = [one_line(ticket), clinic["notice"], clinic["address"], document["preparation"]]
    if document["held_until"]:
        command = f"cardioalert book confirm {ticket.booking.code}"
        lines.append(_("Held for ten minutes. Confirm: {command}").format(command=command))
    for line in filter(None, lines):
        output.write(line)


def one_line(ticket: Ticket) -> str:
    """Return a booking in one line."""
    row = ticket.to_dict(current_language())
    when = row["local_start"].replace("T", " ")
    return f"{row['code']}  {row['status']}  {when}  {row['service']}  {row['clinic']['name']}"


def _operator() -> Actor:
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    return OPERATOR
