"""`cardioalert clinics`: find a clinic, show one, read a file of clinics."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardioalert.errors import FileMissingError, InvalidDataError
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.desk import open_desk
from cardioalert_cli.language import current_language

if TYPE_CHECKING:
    from cardioalert.care.clinics import Found, Wish

HELP = _("Find a clinic near you that is open, and its next free time.")
EXAMPLES = (
    "cardioalert clinics --near 41.31,69.28 --open-now",
    "cardioalert clinics --region UZ-SA --service ecg --json",
    "cardioalert clinics show demo-tashkent-1",
    "cardioalert clinics import clinics.csv",
)
SUBCOMMANDS = {
    "show": _("Show one clinic."),
    "import_": _("Read clinics from OSM JSON, healthsites GeoJSON, CSV or FHIR."),
    "remove_demo": _("Take the invented DEMO clinics out."),
    "exception": _("Set the hours of one day, such as a closed or short one."),
}


def clinics(
    *,
    context: typer.Context,
    near: Annotated[
        str, typer.Option("--near", metavar="LAT,LON", help=_("Your place, in degrees."))
    ] = "",
    within: Annotated[
        float | None, typer.Option("--within", metavar="KM", help=_("Not farther than this."))
    ] = None,
    region: Annotated[
        str, typer.Option("--region", metavar="CODE", help=_("A region, such as UZ-TK."))
    ] = "",
    name: Annotated[
        str, typer.Option("--name", help=_("Words of the name or address, in any spelling."))
    ] = "",
    open_now: Annotated[bool, typer.Option("--open-now", help=_("Open at this moment."))] = False,
    service: Annotated[
        str, typer.Option("--service", help=_("ecg, holter, echo or cardiologist."))
    ] = "",
    speaks: Annotated[
        str, typer.Option("--speaks", metavar="LANG", help=_("A language spoken there."))
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help=_("At most."))] = 20,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Search, the recommended clinic first."""
    if context.invoked_subcommand:
        return
    from cardioalert.care import clinics as directory  # noqa: PLC0415 - `--help` must stay fast
    from cardioalert.care.directory import read_region, read_service  # noqa: PLC0415

    wish = directory.Wish(
        near=read_point(near) if near else None,
        within_km=within,
        region=read_region(region) if region else "",
        text=name,
        open_now=open_now,
        service=read_service(service) if service else "",
        language=speaks,
        limit=limit,
    )
    desk = open_desk()
    with desk.store.reading() as session:
        found = directory.search(session, wish, now=desk.now())
    if as_json:
        output.print_json(document(found, wish))
    else:
        print_found(found)


def document(found: list[Found], wish: Wish) -> dict[str, Any]:
    """Return the answer of `--json`."""
    from cardioalert.care.clinics import EMERGENCY  # noqa: PLC0415

    return {
        "schema": "cardioalert.clinics/1",
        "emergency": EMERGENCY,
        "near": list(wish.near) if wish.near else None,
        "clinics": [one.to_dict(current_language()) for one in found],
    }


def read_point(text: str) -> tuple[float, float]:
    """Read `41.31,69.28`."""
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidDataError(
            _("{text!r} is no place", text=text), hint=_("Write latitude,longitude: 41.31,69.28")
        ) from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise InvalidDataError(_("{text!r} is not on the globe", text=text))
    return latitude, longitude


def print_found(found: list[Found]) -> None:
    """Print clinics for people."""
    from rich.console import Group  # noqa: PLC0415 - `--help` must stay fast
    from rich.text import Text  # noqa: PLC0415

    if not found:
        output.write(_("No clinic was found. Emergency: 103."))
        return
    output.show(Group(*(Text("\n".join(lines(one)) + "\n") for one in found)))
    output.write(_("Emergency: 103."))
    credit = sorted({one.clinic.licence for one in found if one.clinic.licence})
    if credit:
        output.note("; ".join(credit))


def lines(one: Found) -> list[str]:
    """Return a clinic in a few lines."""
    from cardioalert.care.phones import show_phone  # noqa: PLC0415

    clinic = one.clinic
    apart = f"  {one.distance_km:.1f} km" if one.distance_km is not None else ""
    text = [f"{one.name(current_language())}  [{clinic.id}]{apart}"]
    if clinic.demo:
        text.append("  " + _("DEMO: this clinic does not exist."))
    text.append(f"  {clinic.address}")
    text.append("  " + openness_text(one))
    if one.next_slot:
        moment = one.next_slot.to_dict()["local_start"].replace("T", " ")
        text.append("  " + _("Next free time: {time}").format(time=f"{moment}  {one.next_slot.id}"))
    for phone in one.phones:
        mark = "" if phone.verified else "  " + _("(not verified)")
        number = phone.number if clinic.demo else show_phone(phone.number)
        text.append(f"  {number}{mark}")
    prices = ", ".join(f"{code} {price or '?'} UZS" for code, price in one.services.items())
    if prices:
        text.append(f"  {prices}")
    verified = clinic.verified_by or _("nobody")
    text.append(
        "  "
        + _("Source: {source}, {day}; verified by: {who}").format(
            source=clinic.source, day=clinic.as_of.isoformat(), who=verified
        )
    )
    return text


def openness_text(one: Found) -> str:
    """Say whether a clinic is open, and until when."""
    state = one.openness
    until = state.until.strftime("%d.%m. %H:%M") if state.until else ""
    if state.is_open is None:
        return _("Opening hours are not known.")
    if state.is_open:
        return _("Open until {time}.").format(time=until) if until else _("Always open.")
    closed = _("Closed until {time}.").format(time=until) if until else _("Closed.")
    return f"{one.holiday}: {closed}" if one.holiday else closed


def show(
    clinic: Annotated[str, typer.Argument(metavar="ID", help=_("A clinic, as in the list."))],
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Show one clinic."""
    from cardioalert.care import clinics as directory  # noqa: PLC0415

    desk = open_desk()
    with desk.store.reading() as session:
        found = directory.get(session, clinic, now=desk.now())
    if as_json:
        output.print_json({"schema": "cardioalert.clinic/1"} | found.to_dict(current_language()))
    else:
        print_found([found])


def import_(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("JSON, GeoJSON or CSV."))],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DAY", help=_("When the facts were right."))
    ] = "",
    verified_by: Annotated[
        str, typer.Option("--verified-by", metavar="WHO", help=_("Who has checked the facts."))
    ] = "",
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Read a file of clinics."""
    from cardioalert.care.clinic_files import read_clinics  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415
    from cardioalert.care.directory import store_clinics  # noqa: PLC0415

    if not file.is_file():
        raise FileMissingError(_("{file} is no file", file=file))
    day = read_day(as_of) if as_of else datetime.fromtimestamp(file.stat().st_mtime).date()
    drafts = read_clinics(file.read_bytes(), as_of=day, verified_by=verified_by)
    report = store_clinics(open_desk(), OPERATOR, drafts)
    if as_json:
        answer = {"added": report.added, "changed": report.changed, "notes": report.notes}
        output.print_json({"schema": "cardioalert.clinics-import/1"} | answer)
        return
    counts = _("{added} clinics added, {changed} changed.")
    output.write(counts.format(added=report.added, changed=report.changed))
    for remark in report.notes:
        output.note(remark)


def read_day(text: str) -> date:
    """Read YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidDataError(
            _("{text!r} is no day", text=text), hint=_("Write 2026-12-31.")
        ) from None


def remove_demo(
    as_json: JsonOption = False, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """Take the invented clinics out."""
    from cardioalert.care import directory  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    count = directory.remove_demo(open_desk(), OPERATOR)
    text = _("{n} DEMO clinics were taken out.", n=count)
    output.done(text, as_json=as_json, name="clinics-remove-demo", removed=count)


def exception(
    *,
    clinic: Annotated[str, typer.Argument(metavar="ID", help=_("A clinic, as in the list."))],
    day: Annotated[str, typer.Argument(metavar="DAY", help=_("YYYY-MM-DD."))],
    hours: Annotated[
        str, typer.Argument(metavar="HOURS", help=_("10:00-14:00, or closed."))
    ] = "closed",
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Set the hours of one day."""
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415
    from cardioalert.care.directory import set_exception  # noqa: PLC0415

    text = "" if hours == "closed" else hours
    set_exception(open_desk(), OPERATOR, clinic, read_day(day), text)
    facts = {"clinic": clinic, "day": day, "hours": hours}
    output.done(" ".join(facts.values()), as_json=as_json, name="clinics-exception", **facts)
