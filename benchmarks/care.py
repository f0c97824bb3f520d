"""The server under load, and its races, at full size.

    python -m benchmarks.care race [--clients 64]      by HTTP, on SQLite
    python -m benchmarks.care search [--seconds 20]    slot and clinic search at 50 a second
    python -m benchmarks.care photos [--count 20]      photos at once, and the interface meanwhile

`--database postgresql://...` takes an empty database of a server instead of SQLite. Each prints
lines of the table in docs/explanation/server.md. Times are of the clock: they mean
something on a quiet machine only, so the load average is printed with them. By command lines, on
PostgreSQL, and killed in the middle:

    CARDIOALERT_RACE_CLIENTS=64 CARDIOALERT_KILL_BOOKINGS=1000 pytest tests/flow/test_race.py \
        tests/flow/test_serve.py
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from cardioalert.care import accounts
from cardioalert.care.desk import Desk
from cardioalert.care.opening import open_desk
from tests.flow.serving import Server, family, race, serving

PHOTO = Path(__file__).parents[1] / "examples" / "ecg_photo.jpg"
CLINICS = ("demo-tashkent-1", "demo-tashkent-2", "demo-samarkand-1", "demo-nukus-1")
PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("race", "search", "photos"))
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--database", metavar="URL")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = wish.database or f"sqlite:///{folder}/care.db"
        desk = open_desk(url, Path(folder) / "keys.json", embedded=True)
        environment = {"CARDIOALERT_DATA_DIR": folder, "CARDIOALERT_DATABASE_URL": url}
        with serving(environment, limited=False, worker=wish.what == "photos") as server:
            if wish.what == "race":
                print_race(desk, server, wish.clients)
            elif wish.what == "search":
                slots = [f"/v1/clinics/{clinic}/slots" for clinic in CLINICS]
                asyncio.run(print_search("slot", slots, server, wish.rate, wish.seconds))
                near = [f"/v1/clinics?latitude=41.3&longitude=69.{tenth}" for tenth in range(10)]
                asyncio.run(print_search("clinic", near, server, wish.rate, wish.seconds))
            else:
                asyncio.run(print_photos(desk, server, wish.count))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def print_race(desk: Desk, server: Server, clients: int) -> None:
    tokens = [accounts.guest(desk).access for _ in range(clients)]
    times = httpx.get(f"{server.url}/v1/clinics/{CLINICS[0]}/slots", timeout=60).json()["slots"]
    slot = next(one for one in times if one["free"] == 3)
    began = time.perf_counter()
    answers = race(server.url, tokens, slot["id"])
    codes = Counter(one.json()["status" if one.status_code == 201 else "code"] for one in answers)
    seconds = time.perf_counter() - began
    print(f"| {clients} clients, 3 places, by HTTP | {dict(codes)} | {seconds:.1f} s |")


async def timed(client: httpx.AsyncClient, path: str, wanted: int = 200) -> float:
    began = time.perf_counter()
    answer = await client.get(path)
    assert answer.status_code == wanted, answer.text
    return time.perf_counter() - began


async def print_search(
    what: str, paths: list[str], server: Server, rate: float, seconds: float
) -> None:
    """Requests leave by the clock, whether or not the last one was answered."""
    # The server closes what is idle for five seconds: let go of it first.
    limits = httpx.Limits(max_connections=100, keepalive_expiry=2.0)
    async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=limits) as client:
        for path in paths:
            await timed(client, path)
        before, began, waiting = processor_seconds(server.process.pid), time.perf_counter(), []
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            waiting.append(asyncio.create_task(timed(client, paths[number % len(paths)])))
        took = np.array(await asyncio.gather(*waiting)) * 1000
        used = processor_seconds(server.process.pid) - before
    print(
        f"| {what} search, {rate:g}/s for {seconds:g} s | n = {len(took)} "
        f"| median {np.median(took):.0f} ms | 95th percentile {np.percentile(took, 95):.0f} ms "
        f"| processor {1000 * used / len(took):.1f} ms each |"
    )


async def print_photos(desk: Desk, server: Server, count: int) -> None:
    headers = {"Authorization": f"Bearer {accounts.guest(desk).access}"}
    most, answered = 0.0, []
    async with httpx.AsyncClient(base_url=server.url, timeout=600, headers=headers) as client:
        began = time.perf_counter()
        sending = [asyncio.create_task(send(client, quality)) for quality in range(95 - count, 95)]
        jobs: dict[str, str] = {}
        while len(jobs) < count or set(jobs.values()) & {"queued", "running"}:
            answered.append(await timed(client, "/v1/clinics?limit=5"))
            most = max(most, memory_of(server.process.pid))
            for task in sending:
                if task.done():
                    jobs.setdefault(task.result(), "queued")
            for job, status in jobs.items():
                if status in ("queued", "running"):
                    jobs[job] = (await client.get(f"/v1/jobs/{job}")).json()["status"]
                    break
            await asyncio.sleep(0.2)
        took = time.perf_counter() - began
    late = np.percentile(np.array(answered) * 1000, 95)
    print(
        f"| {count} photos at once | {dict(Counter(jobs.values()))} | {took:.0f} s in all "
        f"| most memory {most / 1e9:.2f} GB | interface meanwhile: 95th percentile {late:.0f} ms "
        f"(n = {len(answered)}) |"
    )


async def send(client: httpx.AsyncClient, quality: int) -> str:
    out = io.BytesIO()
    Image.open(PHOTO).save(out, "JPEG", quality=quality)  # not the same file twice
    answer = await client.post("/v1/ecg", files={"file": ("ecg.jpg", out.getvalue())})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def memory_of(pid: int) -> float:
    """Bytes in memory, of all processes of the server."""
    total = 0
    for one in family(pid):
        with suppress(OSError):
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE
    return float(total)


def processor_seconds(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
