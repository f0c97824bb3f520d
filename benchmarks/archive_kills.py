"""Kill the processes of archive runs with `kill -9` while they work, and look at the tables.

Used by `python -m benchmarks.archive kills`. A kill comes when a random share of the ECGs has been
recorded and, within the batch in hand, at a random moment: every one of them hits work in flight.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

BATCH = "import sys; from cardioalert_cli.app import main; sys.exit(main())"
WITHIN_A_BATCH = 1.5  # seconds at most between a share being reached and the kill
LAST_SHARE = 0.95
PATIENCE = 900.0  # seconds for a share to be reached


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One kill: what was killed, how much was done and left, and what work was being done."""

    what: str
    done: int
    left: int
    scoring: int  # processes that had an ECG in hand


def kills(archive: Path, times: int, *, cluster: bool) -> bool:
    """Kill driver, worker and scheduler in turn; print what came of it, return whether all held."""
    folder = Path(tempfile.mkdtemp(dir=archive.parent))
    whole, parts = folder / "whole", folder / "parts"
    start_batch(archive, whole).wait()
    total, _ = progress(whole)
    chance = random.Random(2)
    shares = sorted(chance.uniform(0.0, LAST_SHARE) for _ in range(times))
    services = Cluster() if cluster else None
    turns = cycle(("driver", "worker", "scheduler") if services else ("driver", "worker"))
    driver = start_batch(archive, parts, *cluster_options(services))
    done: list[Kill] = []
    print("| killed | ECGs recorded | ECGs left | processes scoring |\n| --- | --- | --- | --- |")
    for share in shares:
        what = next(turns)
        driver = reach(driver, archive, parts, share * total, services)
        time.sleep(chance.uniform(0.0, WITHIN_A_BATCH))
        scoring = sum(map(is_busy, scorers(parents(driver, services))))
        if what == "driver":
            driver.kill()
        elif services is not None:
            services.kill(what)
        else:
            os.kill(chance.choice(scorers({driver.pid})), signal.SIGKILL)
        recorded, left = progress(parts)
        done.append(Kill(what=what, done=recorded, left=left, scoring=scoring))
        print(f"| {what} | {recorded} | {left} | {scoring} |", flush=True)
        if what == "driver":
            driver.wait()
        if services:
            if what == "scheduler":
                driver.wait(timeout=300)
            services.restart()
    last = reach(driver, archive, parts, total, services).wait()
    last = (
        start_batch(archive, parts, *cluster_options(services)).wait()
        if last not in (0, 3)
        else last
    )
    if services:
        services.stop()
    good = tell(done, last, whole, parts)
    shutil.rmtree(folder)
    return good


def tell(done: list[Kill], last: int, whole: Path, parts: Path) -> bool:
    """Compare the tables; return whether nothing was lost."""
    same = {
        path.name: (parts / path.name).read_bytes() == path.read_bytes()
        for path in sorted(whole.iterdir())
        if path.suffix in (".csv", ".jsonl", ".json", ".html")
    }
    hit = sum(kill.left > 0 and kill.scoring > 0 for kill in done)
    counts = dict(Counter(kill.what for kill in done))
    once, again = lines_of(whole), lines_of(parts)
    twice = sum(again.values()) - len(again)
    print(f"\n{len(done)} kills {counts}, {hit} of them with ECGs left and being scored;")
    print(f"last run exited with {last}; same tables: {same}")
    print(f"{len(again)} ECGs with a result, {len(once)} without kills; recorded twice: {twice}")
    return all(same.values()) and not twice and set(once) == set(again)


def reach(
    driver: subprocess.Popen[bytes],
    archive: Path,
    out: Path,
    wanted: float,
    services: Cluster | None,
) -> subprocess.Popen[bytes]:
    """Wait until so many ECGs are recorded and more are being scored; start a run when none runs.

    With all ECGs wanted it does not wait for scoring.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if services is not None:
            services.restart()  # workers end some time after their scheduler
        if driver.poll() is not None:
            if driver.returncode in (0, 3):
                return driver
            driver = start_batch(archive, out, *cluster_options(services))
        recorded, left = progress(out)
        busy = any(map(is_busy, scorers(parents(driver, services))))
        if recorded >= wanted and (left == 0 or busy):
            return driver
        time.sleep(0.05)
    raise RuntimeError(f"{wanted:.0f} ECGs were not recorded in {PATIENCE:.0f} s")


def progress(out: Path) -> tuple[int, int]:
    """Return how many ECGs of a run are recorded, and how many are left."""
    try:
        where = f"file:{out / 'manifest.sqlite'}?mode=ro"
        with closing(sqlite3.connect(where, uri=True, timeout=10)) as manifest:
            query = "SELECT sum(status != 'pending'), sum(status = 'pending') FROM content"
            done, left = manifest.execute(query).fetchone()
    except sqlite3.OperationalError:  # the run has not made it yet
        return 0, 0
    return done or 0, left or 0


def parents(driver: subprocess.Popen[bytes], services: Cluster | None) -> set[int]:
    """Return the processes whose children score: the driver, or the workers of the cluster."""
    if services is None:
        return {driver.pid}
    return {process.pid for process in services.processes.values()}


def cluster_options(services: Cluster | None) -> list[str]:
    """Return the options of a run on the cluster, if there is one."""
    return ["--cluster", services.address] if services else []


def scorers(parents: set[int]) -> list[int]:
    """Return the processes that score archives for one of `parents`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"cardioalert.archive.scoring:work" in command and parent in parents:
            found.append(int(folder.name))
    return found


def is_busy(process: int) -> bool:
    """Tell whether a process runs, instead of waiting for a batch."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    except OSError:
        return False


def start_batch(archive: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start a run of the command line."""
    words = ("batch", str(archive), "--out", str(out), "--workers", "2", *options)
    return subprocess.Popen(
        (sys.executable, "-c", BATCH, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def lines_of(out: Path) -> Counter[str]:
    """Return how many lines of results each content has."""
    return Counter(
        json.loads(line)["content"]
        for shard in sorted((out / "shards").iterdir())
        for line in shard.read_bytes().splitlines()
    )


class Cluster:
    """A Dask scheduler with two workers, as an administrator would start them."""

    def __init__(self) -> None:
        self.port = 18786
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.restart()

    def restart(self) -> None:
        """Start whatever is not running."""
        dask = Path(sys.executable).parent / "dask"
        scheduler = (dask, "scheduler", "--host", "127.0.0.1", "--port", self.port)
        worker = (dask, "worker", self.address, "--nthreads", 1, "--no-nanny", "--no-dashboard")
        wanted = {
            "scheduler": (*scheduler, "--no-dashboard"),
            "worker": worker,
            "worker 2": worker,
        }
        for name, command in wanted.items():
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                self.processes[name] = subprocess.Popen(
                    tuple(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
                time.sleep(1.0)

    def kill(self, name: str) -> None:
        """Kill one process."""
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self) -> None:
        """Kill them all."""
        for process in self.processes.values():
            process.kill()
            process.wait()
