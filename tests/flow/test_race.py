"""Many command lines race for one slot with three seats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="needs cardioalert[server]")

from sqlmodel import select

from cardioalert.care import accounts, booking
from cardioalert.care.desk import Desk
from cardioalert.care.slots import slots_of
from cardioalert.store.clinic_tables import Clinic
from cardioalert.store.record_tables import Message
from tests.flow.serving import environment_of, race, serving

CLIENTS = int(os.environ.get("CARDIOALERT_RACE_CLIENTS", "12"))  # 64 take a minute of two cores


@pytest.fixture
def environment(desk: Desk, tmp_path: Path) -> dict[str, str]:
    return environment_of(desk, tmp_path)


@pytest.fixture
def slot(desk: Desk) -> str:
    """A free time with three places, in two days or later."""
    now = datetime.now(UTC)
    with desk.store.reading() as session:
        clinic = session.get(Clinic, "demo-tashkent-1")
        day = (now + timedelta(days=2)).date()
        offered = slots_of(
            session, clinic, service="ecg", first=day, last=day + timedelta(days=10), now=now
        )
    assert offered[0].capacity == 3
    return offered[0].id


def check_seats(desk: Desk) -> None:
    """Three visits on three seats, each told once."""
    with desk.store.reading() as session:
        made = booking.list_bookings(session)
        told = session.exec(select(Message).where(Message.template == "booking-confirmed")).all()
    assert sorted(ticket.booking.seat for ticket in made) == [0, 1, 2]
    assert len(told) == 3


@pytest.mark.slow
def test_many_processes_and_three_seats(desk, slot, environment, tmp_path) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    script = Path(__file__).with_name("race_clients.py")
    words = [sys.executable, str(script), str(CLIENTS), "demo-tashkent-1", slot, str(folder)]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=900,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = [json.loads(file.read_text()) for file in folder.iterdir()]
    assert len(answers) == CLIENTS
    codes = Counter(a["error"]["code"] if "error" in a else a["status"] for a in answers)
    assert codes == {"booked": 3, "slot-taken": CLIENTS - 3}
    check_seats(desk)


@pytest.mark.slow
def test_many_clients_of_the_server_and_three_seats(desk, slot, environment) -> None:
    tokens = [
        accounts.guest(Desk(desk.store, desk.vault)).access for _ in range(CLIENTS)
    ]  # by the real clock: the server's
    with serving(environment) as server:
        answers = race(server.url, tokens, slot)
    codes = Counter(a.json().get("status" if a.status_code == 201 else "code") for a in answers)
    assert codes == {"booked": 3, "slot-taken": CLIENTS - 3}
    assert {a.status_code for a in answers} == {201, 409}
    check_seats(desk)
