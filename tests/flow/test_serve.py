"""The server as it runs: killed in the middle of bookings, it keeps every one it has answered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlmodel import select

pytest.importorskip("uvicorn", reason="needs cardioalert[server]")

import httpx

from cardioalert.care import booking
from cardioalert.store.engine import Store
from cardioalert.store.record_tables import Message
from tests.databases import free_port


def test_kill_9_loses_no_answered_booking(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "CARDIOALERT_DATA_DIR": str(tmp_path)}
    code = f"from cardioalert_cli.app import main; main(['serve','--port','{port}','--no-worker'])"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    answered = []
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{url}/health/ready", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        token = httpx.post(f"{url}/v1/session/guest", timeout=30).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        slots = httpx.get(f"{url}/v1/clinics/demo-tashkent-1/slots", timeout=30).json()["slots"]
        with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
            for number, slot in enumerate(slots[:25]):
                if number == 15:
                    process.send_signal(signal.SIGKILL)
                try:
                    answer = client.post("/v1/bookings", json={"slot": slot["id"]})
                except httpx.TransportError:
                    break
                answered.append(answer.json()["code"])
    finally:
        process.kill()
        process.wait(timeout=30)
    assert len(answered) >= 15
    store = Store(f"sqlite:///{tmp_path / 'care.db'}")
    with store.reading() as session:
        kept = {ticket.booking.code: ticket.booking for ticket in booking.list_bookings(session)}
        told = set(
            session.exec(select(Message.subject_id).where(Message.template == "booking-confirmed"))
        )
    store.close()
    assert set(answered) <= set(kept)
    assert {made.id for made in kept.values()} == told  # no booking without its message, or half
