"""A real server in a process of its own, and many clients at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from cardioalert.care.desk import Desk
from cardioalert.security.keys import write as write_keys
from tests.databases import free_port

# As `cardioalert serve`, but for the limits of tries: all clients have one address here.
PROGRAM = """
import sys
from cardioalert_cli import commands
from cardioalert.security import limits
if sys.argv[2] == "unlimited":
    limits.RULES.update({name: limits.Rule(10**9, 1) for name in limits.RULES})
from cardioalert_cli.app import main
main(["serve", "--port", sys.argv[1], *sys.argv[3:]])
"""


def environment_of(desk: Desk, folder: Path) -> dict[str, str]:
    """How another process finds the database and its keys."""
    keys = folder / "keys.json"
    write_keys(keys, desk.vault.ring)
    return {
        "CARDIOALERT_DATABASE_URL": desk.store.url, "CARDIOALERT_KEY_FILE": str(keys),
        "CARDIOALERT_DATA_DIR": str(folder),
    }  # fmt: skip


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def serving(
    environment: dict[str, str], *, limited: bool = True, worker: bool = False,
    log: Path | None = None,
) -> Iterator[Server]:  # fmt: skip
    """Run a server until the end of the block; its log goes to a file."""
    port = free_port()
    words = [str(port), "limited" if limited else "unlimited"]
    words += ["--worker" if worker else "--no-worker"]
    with (log or Path(os.devnull)).open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            env={**os.environ, **environment}, stderr=errors, stdout=errors,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(1200):
                try:
                    if httpx.get(f"{url}/health/ready", timeout=5).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield Server(url, process)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def family(pid: int) -> list[int]:
    """A process and all below it; only where there is /proc."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                )
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def race(url: str, tokens: list[str], slot: str) -> list[httpx.Response]:
    """Let everybody book one slot at once; return the answers."""

    def book(token: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": token[:20]}
        return httpx.post(f"{url}/v1/bookings", json={"slot": slot}, headers=headers, timeout=300)

    with ThreadPoolExecutor(len(tokens)) as pool:
        return list(pool.map(book, tokens))
