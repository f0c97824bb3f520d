"""The server as it runs: killed in the middle of bookings, and what it leaves behind."""

from __future__ import annotations

import email
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from sqlmodel import col, select

pytest.importorskip("uvicorn", reason="needs cardioalert[server]")

import httpx
from cardioalert_cli.channels import make_worker

from cardioalert.care import accounts, booking, patients, reaching
from cardioalert.care.desk import OPERATOR, Desk
from cardioalert.care.opening import open_desk
from cardioalert.care.slots import slots_of
from cardioalert.notify.mail import MailChannel
from cardioalert.store import audit
from cardioalert.store.clinic_tables import Clinic
from cardioalert.store.record_tables import Delivery, Message
from tests.databases import free_port
from tests.flow.serving import environment_of, family, serving

BOOKINGS = int(os.environ.get("CARDIOALERT_KILL_BOOKINGS", "24"))  # 1000 take minutes
CANARY = {"name": "Kanareyka Qushboyeva", "pinfl": "41507850000017", "birth_date": "1985-07-15"}
PHONE = "901009876"


class Postbox:
    """An SMTP server that keeps the numbers of the letters it took, in their order."""

    def __init__(self) -> None:
        self.numbers: list[str] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        letter = email.message_from_bytes(envelope.content)
        self.numbers.append(letter["Message-ID"].strip("<>").partition("@")[0])
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, MailChannel]]:
    controller = pytest.importorskip("aiosmtpd.controller")
    box, port = Postbox(), free_port()
    running = controller.Controller(box, hostname="127.0.0.1", port=port)
    running.start()
    yield box, MailChannel(host="127.0.0.1", port=port)
    running.stop()


def test_kill_9_loses_no_answered_booking_and_no_message(
    desk: Desk, tmp_path: Path, postbox: tuple[Postbox, MailChannel]
) -> None:
    """After two thirds of the answers server and worker are killed; both were at work."""
    desk = Desk(desk.store, desk.vault)  # by the real clock: the server's
    box, channel = postbox
    tokens = [reachable_guest(desk, number) for number in range(BOOKINGS // 20 + 1)]
    slots = list(enumerate(free_slots(desk, BOOKINGS)))
    mail = {"CARDIOALERT_SMTP_HOST": channel.host, "CARDIOALERT_SMTP_PORT": str(channel.port)}
    environment = environment_of(desk, tmp_path) | mail
    answered: list[httpx.Response] = []
    once = iter([True])
    with serving(environment, limited=False, worker=True) as server:

        def book(some: list[tuple[int, str]]) -> None:
            with (
                httpx.Client(base_url=server.url, timeout=60) as client,
                suppress(httpx.TransportError),
            ):
                for number, slot in some:
                    if len(answered) >= BOOKINGS * 2 // 3 and next(once, False):
                        for one in family(server.process.pid):
                            os.kill(one, signal.SIGKILL)
                    headers = {"Authorization": f"Bearer {tokens[number % len(tokens)]}"}
                    answered.append(
                        client.post("/v1/bookings", json={"slot": slot}, headers=headers)
                    )

        with ThreadPoolExecutor(2) as clients:
            list(clients.map(book, [slots[::2], slots[1::2]]))
    assert {answer.status_code for answer in answered} == {201}
    assert len(answered) >= BOOKINGS // 2
    sent_before = len(box.numbers)
    deliver_the_rest(desk, channel)
    check_nothing_is_lost(desk, {answer.json()["code"] for answer in answered}, box)
    print(len(answered), sent_before, len(box.numbers))  # noqa: T201


def reachable_guest(desk: Desk, number: int) -> str:
    """Open a session for somebody who may be written to."""
    token = accounts.guest(desk).access
    patient_id = accounts.who(desk, token).patient_id
    assert patient_id
    with desk.store.writing() as session:
        values = {"email": f"p{number}@example.org", "language": "en"}
        patients.change(desk, session, patients.get(session, patient_id), values)
    reaching.set_consent(desk, OPERATOR, patient_id, "channel:email", granted=True)
    return token


def deliver_the_rest(desk: Desk, channel: MailChannel) -> None:
    """Be the worker of the next day, when the leases of the killed one have ended."""
    morning = datetime.combine(desk.now().date() + timedelta(days=1), time(6), UTC)
    clerk = make_worker(Desk(desk.store, desk.vault, lambda: morning), [channel])
    while clerk.run_once():
        pass


def check_nothing_is_lost(desk: Desk, answered: set[str], box: Postbox) -> None:
    """Every answered visit is there, with one message, which arrived under one number."""
    with desk.store.reading() as session:
        kept = [ticket.booking for ticket in booking.list_bookings(session, limit=10_000)]
        query = select(Delivery, Message).join(Message, col(Delivery.message_id) == Message.id)
        told = session.exec(query.where(Message.template == "booking-confirmed")).all()
        verdict = audit.verify(session, desk.vault.ring.audit.keys)
    assert answered <= {made.code for made in kept}
    assert {made.status for made in kept} == {"booked"}
    assert sorted(message.subject_id for _, message in told) == sorted(made.id for made in kept)
    assert {delivery.status for delivery, _ in told} == {"sent"}
    assert {delivery.id for delivery, _ in told} <= set(box.numbers)
    assert verdict.broken_at is None
    # Twice only what was sent but not yet written down: one letter, and under its old number.
    assert len(box.numbers) - len(set(box.numbers)) <= 1


def test_a_server_that_is_killed_leaves_no_worker_behind(tmp_path: Path) -> None:
    """Two workers on one database would be no harm; ones that nobody knows of are."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("processes are found in /proc")
    with serving({"CARDIOALERT_DATA_DIR": str(tmp_path)}, worker=True) as server:
        below = family(server.process.pid)[1:]
        assert any(b"worker" in Path(f"/proc/{one}/cmdline").read_bytes() for one in below)
        server.process.kill()
        server.process.wait(timeout=30)
        for _ in range(300):
            left = [one for one in below if Path(f"/proc/{one}/cmdline").exists()]
            if not left:
                break
            sleep(0.1)
        assert not left


def free_slots(desk: Desk, wanted: int) -> list[str]:
    """Slots of all demo clinics, each once."""
    now, found = datetime.now(UTC), []
    with desk.store.reading() as session:
        for clinic in session.exec(select(Clinic)):
            first = (now + timedelta(days=1)).date()
            found += [
                slot.id
                for slot in slots_of(
                    session, clinic, service="ecg", first=first,
                    last=first + timedelta(days=27), now=now,
                )
            ]  # fmt: skip
    assert len(found) >= wanted
    return found[:wanted]


def test_a_canary_is_in_no_file_log_or_error_of_a_running_server(tmp_path: Path) -> None:
    """Every file the server leaves is searched, in clear and as JSON escapes."""
    log = tmp_path / "server.log"
    data = tmp_path / "data"
    desk = open_desk(f"sqlite:///{data / 'care.db'}", data / "keys.json")
    token = accounts.guest(desk).access
    errors = []
    with serving({"CARDIOALERT_DATA_DIR": str(data)}, log=log, limited=False) as server:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            assert client.patch("/v1/me", json=CANARY).status_code == 200
            for number in range(3):  # all but the last try are wrong in some way
                wrong = CANARY | {"x": 1} if number else {"pinfl": f"{CANARY['pinfl']}000"}
                errors.append(client.patch("/v1/me", json=wrong))
            errors.append(client.post("/v1/session/code", json={"login": f"+998{PHONE}", "x": 1}))
            client.get(f"/v1/clinics/{CANARY['pinfl']}")  # a careless client: not into the log
            assert (
                client.post("/v1/session/code", json={"login": f"+998{PHONE}"}).status_code == 202
            )
            slot = free_slots(desk, 1)[0]
            assert client.post("/v1/bookings", json={"slot": slot}).status_code == 201
            person = client.get("/v1/patients/me").json()
            assert person["name"] == CANARY["name"]
    desk.store.close()
    assert log.stat().st_size > 1000
    searched = {str(file.relative_to(tmp_path)): file.read_bytes()
                for file in tmp_path.rglob("*") if file.is_file()}  # fmt: skip
    assert any(name.endswith("care.db") for name in searched)
    searched |= {f"error {number}": answer.content for number, answer in enumerate(errors)}
    words = [*CANARY.values(), PHONE, "Kanareyka", "Qushboyeva"]
    found = [
        (name, word)
        for name, content in searched.items()
        for word in words
        if word.encode() in content or json.dumps(word)[1:-1].encode() in content
    ]
    assert not found
