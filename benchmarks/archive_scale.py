"""Where a large run over an archive would meet its limit: measured costs, then a simulation.

    python -m benchmarks.archive_scale

Measures on this machine what the driver spends on a batch (shard and manifest) and what a Dask
scheduler spends on a task; the seconds of an ECG come from the command line. Then it plays a run
with many workers: they score in parallel, scheduler and driver each serve one batch at a time, and
no more batches are in hand than the executors take.
Prints the tables of docs/explanation/scale.md.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import distributed

from cardioalert.archive.entries import Entry
from cardioalert.archive.identify import Identified
from cardioalert.archive.manifest import Manifest
from cardioalert.archive.outcome import Job, Outcome
from cardioalert.archive.runner import BATCH_COST
from cardioalert.archive.shards import Shards

LINE_BYTES = 9_000  # of a result, as measured on mixed archives
SHARES = (1, 4, 16, 64)
ROOM_A_CORE = 2  # batches in hand for each core, as the executors want
LEAST_BATCHES, BATCHES_A_CORE = 2_000, 40  # how much of a run is played
CORES = (2, 16, 64, 256, 1024, 4096)


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Seconds: of an ECG on a core, of a batch in the driver and in the scheduler."""

    ecg: float
    driver: float
    scheduler: float


def measure_driver(batches: int = 200) -> float:
    """Return the seconds that shard and manifest take for a batch."""
    with tempfile.TemporaryDirectory() as folder, Manifest(Path(folder) / "m.sqlite") as manifest:
        shards = Shards(Path(folder))
        rows = [
            Identified(
                entry=Entry(f"/a/{n:08d}.dcm"),
                size=1,
                modified=1,
                kind="dicom",
                content=f"{n:064x}",
            )
            for n in range(batches * BATCH_COST)
        ]
        manifest.begin_scan()
        manifest.add(rows)
        manifest.end_scan()
        line = json.dumps({"x": "y" * LINE_BYTES})
        jobs = list(manifest.pending("1"))
        began = time.perf_counter()
        for first in range(0, len(jobs), BATCH_COST):
            outcomes = [Outcome(job=job, line=line) for job in jobs[first : first + BATCH_COST]]
            places = shards.append([outcome.line for outcome in outcomes])
            manifest.record(list(zip(outcomes, places, strict=True)), "1")
        return (time.perf_counter() - began) / batches


def measure_scheduler(tasks: int = 2000) -> float:
    """Return the seconds that a Dask scheduler takes for a task that does nothing."""
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        job = Job(content="c" * 64, kind="dicom", locator="/a/b.dcm")
        batch = [job] * BATCH_COST
        began = time.perf_counter()
        futures = [client.submit(len, batch, pure=False) for _ in range(tasks)]
        client.gather(futures)
        return (time.perf_counter() - began) / tasks


def simulate(costs: Costs, *, cores: int) -> tuple[float, str]:
    """Return ECGs per second of one run, and who was busy all the time.

    A batch goes from the scheduler to a core, from there to the driver, and its place in hand to
    the next batch. Whoever is served waits for those who came before, in the order of time.
    """
    chance = random.Random(1)
    batches = max(LEAST_BATCHES, BATCHES_A_CORE * cores)
    free = [0.0] * cores
    in_hand = min(ROOM_A_CORE * cores, batches)
    begun = in_hand
    events = [(0.0, "submitted")] * in_hand
    busy = {"scheduler": 0.0, "driver and manifest": 0.0}
    until = dict.fromkeys(busy, 0.0)

    def serve(who: str, now: float, seconds: float) -> float:
        busy[who] += seconds
        until[who] = max(until[who], now) + seconds
        return until[who]

    while events:
        now, what = heapq.heappop(events)
        if what == "submitted":
            heapq.heappush(events, (serve("scheduler", now, costs.scheduler), "to a core"))
        elif what == "to a core":
            begins = max(now, heapq.heappop(free))
            ends = begins + chance.gammavariate(BATCH_COST, costs.ecg)
            heapq.heappush(free, ends)
            heapq.heappush(events, (ends, "scored"))
        else:
            recorded = serve("driver and manifest", now, costs.driver)
            if begun < batches:
                begun += 1
                heapq.heappush(events, (recorded, "submitted"))
    wall = max(*free, *until.values())
    name = max(busy, key=lambda who: busy[who])
    return batches * BATCH_COST / wall, name if busy[name] > 0.9 * wall else "cores"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ecg-seconds", type=float, default=0.05, help="of a core, mixed archive")
    parser.add_argument("--driver-seconds", type=float, help="of a batch; measured unless told")
    parser.add_argument("--scheduler-seconds", type=float, help="of a batch; measured unless told")
    options = parser.parse_args()
    costs = Costs(
        ecg=options.ecg_seconds,
        driver=options.driver_seconds or measure_driver(),
        scheduler=options.scheduler_seconds or measure_scheduler(),
    )
    print(f"ECG {costs.ecg * 1e3:.0f} ms of a core; a batch of {BATCH_COST}: driver ", end="")
    print(f"{costs.driver * 1e3:.1f} ms, scheduler {costs.scheduler * 1e3:.1f} ms\n")
    print("| cores | ECGs per second | limited by | a million | a hundred million |")
    print("| --- | --- | --- | --- | --- |")
    for cores in CORES:
        rate, limit = simulate(costs, cores=cores)
        print(f"| {cores} | {rate:.0f} | {limit} | {shown(1e6 / rate)} | {shown(1e8 / rate)} |")
    print("\n| cores | shares | ECGs per second | limited by | a hundred million |")
    print("| --- | --- | --- | --- | --- |")
    for shares in SHARES:
        rate, limit = simulate(costs, cores=CORES[-1] // shares)
        total = rate * shares
        print(f"| {CORES[-1]} | {shares} | {total:.0f} | {limit} | {shown(1e8 / total)} |")


def shown(seconds: float) -> str:
    """Return a time for people."""
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 3 * 86400 else f"{seconds / 86400:.0f} days"


if __name__ == "__main__":
    main()
