"""`cardioalert user`: patients and accounts. Personal values come by standard input only."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from cardioalert.errors import InvalidDataError
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.commands.options import DebugOption, JsonOption, LanguageOption
from cardioalert_cli.desk import open_desk

HELP = _("Patients and accounts: add, show, find, consent, export, erase.")
EXAMPLES = (
    'echo \'{"name": "A. Karimova", "phone": "901234567"}\' | cardioalert user patient p17',
    "cardioalert user show p17",
    "cardioalert user consent p17 channel:sms",
    "cardioalert user add doctor --clinic demo-nukus-1 < login.json",
    "cardioalert user export p17 > p17.json",
)
SUBCOMMANDS = {
    "patient": _("Add a patient, or change one; values as JSON from standard input."),
    "show": _("Show a patient."),
    "find": _("Find patients by words of the name; the words come from standard input."),
    "consent": _("Write down what a patient allows."),
    "add": _("Add an account; login and password as JSON from standard input."),
    "second_factor": _("Turn on the second factor of an account."),
    "close": _("Close an account; its sessions end at once."),
    "export": _("Print everything that is held of a patient."),
    "erase": _("Forget a patient for good."),
}
IdArgument = Annotated[str, typer.Argument(metavar="ID", help=_("A patient's identifier."))]
AccountArgument = Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("An account's ID."))]


def read_values() -> dict[str, Any]:
    """Read a JSON object from standard input: nothing personal stands in the shell's history."""
    try:
        values = json.loads(sys.stdin.buffer.read().decode())
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise InvalidDataError(
            _("standard input holds no JSON object"),
            hint=_('Write {"name": "...", "phone": "..."}'),
        )
    return values


def patient(
    identifier: IdArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Add or change a patient."""
    from cardioalert.care import patients  # noqa: PLC0415 - `--help` must stay fast
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    values = read_values()
    unknown = set(values) - {*patients.SEALED, "sex", "language"}
    if unknown:
        raise InvalidDataError(_("unknown values: {names}", names=", ".join(sorted(unknown))))
    desk = open_desk()
    with desk.store.writing() as session:
        row = patients.get_or_register(desk, session, identifier)
        patients.change(desk, session, row, values)
        desk.note(session, OPERATOR, "patient.change", identifier, patient_id=identifier)
    if as_json:
        output.print_json({"schema": "cardioalert.patient/1", "id": identifier})
    else:
        output.write(identifier)


def show(
    identifier: IdArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Show a patient."""
    from cardioalert.care import patients  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    desk = open_desk()
    with desk.store.writing() as session:
        person = patients.open_person(desk, patients.get(session, identifier))
        desk.note(session, OPERATOR, "patient.read", identifier, patient_id=identifier)
    print_people([person], as_json=as_json)


def find(
    as_json: JsonOption = False, lang: LanguageOption = None, debug: DebugOption = False
) -> None:
    """Find patients by name."""
    from cardioalert.care import patients  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    name = sys.stdin.buffer.read().decode(errors="replace")
    print_people(patients.find(open_desk(), OPERATOR, name=name), as_json=as_json)


def print_people(people: list[Any], *, as_json: bool) -> None:
    """Print patients."""
    names = ("id", "name", "phone", "email", "birth_date", "sex", "language", "no_shows")
    rows = [{name: getattr(person, name) for name in names} for person in people]
    if as_json:
        output.print_json({"schema": "cardioalert.patients/1", "patients": rows})
        return
    for row in rows:
        output.write("  ".join(str(value) for value in row.values() if value != ""))


def consent(
    identifier: IdArgument,
    scope: Annotated[
        str, typer.Argument(metavar="SCOPE", help=_("channel:sms, share:clinic:ID ..."))
    ],
    *,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help=_("The patient takes it back."))
    ] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Write down what a patient allows."""
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415
    from cardioalert.care.reaching import set_consent  # noqa: PLC0415

    row = set_consent(open_desk(), OPERATOR, identifier, scope, granted=not withdraw)
    text = f"{row.scope}: {_('withdrawn') if withdraw else _('given')}"
    output.done(text, as_json=as_json, name="consent", scope=row.scope, granted=not withdraw)


def add(
    role: Annotated[
        str, typer.Argument(metavar="ROLE", help=_("patient, nurse, doctor, clinic_admin ..."))
    ],
    clinic: Annotated[
        str | None, typer.Option("--clinic", metavar="ID", help=_("Where staff work."))
    ] = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Add an account."""
    from cardioalert.care.accounts import add_account  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    values = read_values()
    if set(values) - {"login", "password"} or "login" not in values:
        raise InvalidDataError(_("standard input must hold login and password"))
    account = add_account(
        open_desk(), OPERATOR, login=values["login"], role=role, clinic_id=clinic,
        password=values.get("password"),
    )  # fmt: skip
    answer = {"id": account.id, "role": account.role, "patient": account.patient_id}
    if as_json:
        output.print_json({"schema": "cardioalert.account/1"} | answer)
    else:
        output.write("  ".join(str(value) for value in answer.values() if value))


def second_factor(
    account: AccountArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Turn on the second factor; what it prints is shown this once."""
    from cardioalert.care.accounts import enable_second_factor  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    address, codes = enable_second_factor(open_desk(), OPERATOR, account)
    text = "\n".join((address, *codes))
    output.done(text, as_json=as_json, name="second-factor", address=address, codes=list(codes))


def close(
    account: AccountArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Close an account."""
    from cardioalert.care.accounts import deactivate  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    deactivate(open_desk(), OPERATOR, account)
    output.done(account, as_json=as_json, name="account-closed", id=account)


def export(
    identifier: IdArgument,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Print everything that is held of a patient."""
    from cardioalert.care import privacy  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    output.print_json(privacy.export(open_desk(), OPERATOR, identifier))


def erase(
    identifier: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", help=_("Really forget everything."))] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Forget a patient for good."""
    from cardioalert.care import privacy  # noqa: PLC0415
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415
    from cardioalert_cli.problems import UsageProblemError  # noqa: PLC0415

    if not yes:
        raise UsageProblemError(
            _("this cannot be undone, not even from a backup"), hint=_("Add --yes to go on.")
        )
    privacy.erase(open_desk(), OPERATOR, identifier)
    output.done(identifier, as_json=as_json, name="patient-erased", id=identifier)
