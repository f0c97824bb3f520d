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
from sqlmodel import select

from cardioalert.care import booking
from cardioalert.care.desk import Desk
from cardioalert.care.slots import slots_of
from cardioalert.security.keys import write as write_keys
from cardioalert.store.clinic_tables import Clinic
from cardioalert.store.record_tables import Message

CLIENTS = int(os.environ.get("CARDIOALERT_RACE_CLIENTS", "12"))  # 64 take a minute of two cores


@pytest.mark.slow
def test_many_processes_and_three_seats(desk: Desk, tmp_path: Path, monkeypatch) -> None:
    keys = tmp_path / "keys.json"
    write_keys(keys, desk.vault.ring)
    monkeypatch.setenv("CARDIOALERT_DATABASE_URL", desk.store.url)
    monkeypatch.setenv("CARDIOALERT_KEY_FILE", str(keys))
    now = datetime.now(UTC)
    with desk.store.reading() as session:
        clinic = session.get(Clinic, "demo-tashkent-1")
        day = (now + timedelta(days=2)).date()
        offered = slots_of(
            session, clinic, service="ecg", first=day, last=day + timedelta(days=10), now=now
        )
    slot = offered[0].id
    folder = tmp_path / "answers"
    folder.mkdir()
    script = Path(__file__).with_name("race_clients.py")
    words = [sys.executable, str(script), str(CLIENTS), "demo-tashkent-1", slot, str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(file.read_text()) for file in folder.iterdir()]
    assert len(answers) == CLIENTS
    codes = Counter(a["error"]["code"] if "error" in a else a["status"] for a in answers)
    assert codes == {"booked": 3, "slot-taken": CLIENTS - 3}
    with desk.store.reading() as session:
        made = booking.list_bookings(session)
        told = session.exec(select(Message).where(Message.template == "booking-confirmed")).all()
    assert sorted(ticket.booking.seat for ticket in made) == [0, 1, 2]
    assert len(told) == 3
