"""A server to try everything with: invented clinics, invented people, one real analysis.

Its database, keys and files stand in a folder of their own, which is thrown away at the end. No
channel of notifications is used: what would be sent is printed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from cardioalert.errors import DigitizationError
from cardioalert.i18n import N_
from cardioalert.i18n import translate as _
from cardioalert_cli import output

if TYPE_CHECKING:
    from cardioalert.care.desk import Desk
    from cardioalert.notify.channel import Letter

SCHEMA: Final = "cardioalert.demo-server/1"
CLINIC: Final = "demo-tashkent-1"
PATIENT: Final = {
    "name": "DEMO Bemor", "birth_date": "1968-05-14", "sex": "male", "language": "uz",
}  # fmt: skip
"""Nobody: DEMO stands in the name, as in those of the clinics."""
ANSWERS: Final = {
    "symptoms": [], "known_cvd": False, "age": 58, "sex": "male", "tobacco_use": "former",
    "sbp": 138, "on_bp_treatment": False, "height_cm": 174, "weight_kg": 84, "diabetes": False,
}  # fmt: skip
ROLES: Final = (
    ("patient", "patient@demo.example", N_("a patient, with one ECG and one visit")),
    ("doctor", "doctor@demo.example", N_("a doctor of the DEMO clinic")),
    ("clinic_admin", "clinic@demo.example", N_("the desk of the DEMO clinic")),
)
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for another


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who can sign in, in this run of the demo only."""

    role: str
    login: str
    password: str
    who: str


class PrintedChannel:
    """Prints what a real channel would send, so that sign-in codes can be read."""

    def __init__(self, name: str) -> None:
        self.name = name

    def send(self, letter: Letter) -> str:
        """Print one message."""
        output.note(f"{self.name} -> {letter.address}: {letter.text}")
        return letter.id


@contextmanager
def installation(folder: Path | None) -> Iterator[Desk]:
    """Open an installation in a folder, or in one that is removed at the end.

    The worker beside the server is told by the environment where it is.
    """
    from cardioalert_cli.desk import open_desk  # noqa: PLC0415 - heavy

    for name in [name for name in os.environ if name.startswith("CARDIOALERT_")]:
        if name not in ("CARDIOALERT_LANG", "CARDIOALERT_AXE", "CARDIOALERT_SHARED_DATA"):
            del os.environ[name]  # neither a real database nor a real channel
    with TemporaryDirectory(prefix="cardioalert-demo-", ignore_cleanup_errors=True) as thrown_away:
        os.environ["CARDIOALERT_DATA_DIR"] = str(folder or thrown_away)
        desk = open_desk()
        try:
            yield desk
        finally:
            desk.store.close()


def make_people(desk: Desk) -> list[Login]:
    """Add the people of the demo with new passwords; those of an earlier run get new ones."""
    from cardioalert.care import accounts, reaching  # noqa: PLC0415 - heavy
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415

    logins = []
    for role, address, who in ROLES:
        login = Login(role, address, new_password(), _(who))
        logins.append(login)
        if known := accounts.find_account(desk, address):
            accounts.set_password(desk, OPERATOR, known.id, login.password)
            continue
        account = accounts.add_account(
            desk, OPERATOR, login=address, role=role, password=login.password,
            clinic_id=None if role == "patient" else CLINIC,
            values=dict(PATIENT) if role == "patient" else None,
        )  # fmt: skip
        if account.patient_id:
            reaching.set_consent(desk, OPERATOR, account.patient_id, reaching.RECORDS, granted=True)
            add_history(desk, account.patient_id)
    return logins


def new_password() -> str:
    """Return a password that can be typed on a phone."""
    return "-".join("".join(secrets.choice(ALPHABET) for _i in range(4)) for _j in range(4))


def add_history(desk: Desk, patient_id: str) -> None:
    """Give a patient one analyzed photo, one result of the risk test and one visit."""
    from contextlib import ExitStack  # noqa: PLC0415

    from cardioalert.care import booking, clinics, records, slots  # noqa: PLC0415 - heavy
    from cardioalert.care.desk import OPERATOR  # noqa: PLC0415
    from cardioalert.care.times import local  # noqa: PLC0415
    from cardioalert.risk import assess, read_answers  # noqa: PLC0415
    from cardioalert.security.uploads import clean  # noqa: PLC0415
    from cardioalert_cli.analysis_job import analyze  # noqa: PLC0415
    from cardioalert_cli.commands.demo import example_photo  # noqa: PLC0415

    with ExitStack() as stack:
        photo = clean(example_photo(stack).read_bytes())
    job = records.add_file(desk, OPERATOR, patient_id, photo.data, kind=photo.kind)
    while records.run_job(desk, analyze, owner="demo"):
        pass
    if code := records.job(desk, job.id).error_code:
        raise DigitizationError(_("the example photo was not read: {code}", code=code))
    records.add_quiz(desk, OPERATOR, patient_id, assess(read_answers(ANSWERS)).to_dict())
    now = desk.now()
    tomorrow = local(now).date() + timedelta(days=1)  # late enough to be moved and cancelled
    with desk.store.reading() as session:
        clinic = clinics.get(session, CLINIC, now=now).clinic
        free = slots.slots_of(
            session, clinic, service="ecg", first=tomorrow, last=tomorrow + timedelta(days=9),
            now=now,
        )  # fmt: skip
    if free:
        booking.make(desk, OPERATOR, booking.Request(slot_id=free[0].id, patient_id=patient_id))


def announce(address: str, logins: list[Login], *, as_json: bool) -> None:
    """Say where the page is and who can sign in."""
    if as_json:
        people: list[dict[str, Any]] = [
            {"role": one.role, "login": one.login, "password": one.password} for one in logins
        ]
        output.print_json({"schema": SCHEMA, "url": address, "people": people})
        return
    output.write(_("DEMO: clinics and people are invented; nothing is sent to anybody."))
    output.write(_("The page: {address}", address=address))
    for one in logins:
        output.write(f"  {one.login}   {one.password}   {one.who}")
    output.write(_("Stop with Ctrl-C."))
