"""The server as it runs: killed in the middle of bookings, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

pytest.importorskip("uvicorn", reason="needs cardioalert[server]")

import httpx

from cardioalert.care import accounts, booking
from cardioalert.care.desk import Desk
from cardioalert.care.opening import open_desk
from cardioalert.care.slots import slots_of
from cardioalert.store.clinic_tables import Clinic
from cardioalert.store.record_tables import Delivery, Message
from tests.flow.serving import family, serving

BOOKINGS = int(os.environ.get("CARDIOALERT_KILL_BOOKINGS", "24"))  # 1000 take minutes
CANARY = {"name": "Kanareyka Qushboyeva", "pinfl": "41507850000017", "birth_date": "1985-07-15"}
PHONE = "901009876"


def test_kill_9_loses_no_answered_booking(tmp_path: Path) -> None:
    """After two thirds of the bookings the server is killed; two clients were booking."""
    desk = open_desk(f"sqlite:///{tmp_path / 'care.db'}", tmp_path / "keys.json")
    tokens = [accounts.guest(desk).access for _ in range(BOOKINGS // 20 + 1)]
    slots = iter(free_slots(desk, BOOKINGS))
    answered = []
    environment = {"CARDIOALERT_DATA_DIR": str(tmp_path)}
    with serving(environment, limited=False) as server, httpx.Client(timeout=60) as client:
        for number, slot in enumerate(slots):
            if number == BOOKINGS * 2 // 3:
                server.process.send_signal(signal.SIGKILL)
            headers = {"Authorization": f"Bearer {tokens[number % len(tokens)]}"}
            try:
                answer = client.post(
                    f"{server.url}/v1/bookings", json={"slot": slot}, headers=headers
                )
            except httpx.TransportError:
                break
            answered.append(answer.json()["code"])
    assert len(answered) >= BOOKINGS * 2 // 3
    with desk.store.reading() as session:
        kept = {
            ticket.booking.code: ticket.booking
            for ticket in booking.list_bookings(session, limit=10_000)
        }
        told = list(session.exec(select(Message).where(Message.template == "booking-confirmed")))
        sending = list(session.exec(select(Delivery.message_id)))
    desk.store.close()
    assert set(answered) <= set(kept)
    # No booking without its message, none told twice, and each on its way or in the inbox.
    assert sorted(one.subject_id for one in told) == sorted(made.id for made in kept.values())
    assert {one.id for one in told} <= set(sending)
    assert len(sending) == len(set(sending))


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
            time.sleep(0.1)
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
