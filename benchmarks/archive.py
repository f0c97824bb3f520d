"""Measure archive runs: throughput, memory, kills, hostile files, a manifest of a million rows.

    python -m benchmarks.archive make --records 400 --out SMALL
    python -m benchmarks.archive grow SMALL --records 19400 --pictures 600 --out LARGE
    python -m benchmarks.archive throughput LARGE --out RUN [--minutes 25]
    python -m benchmarks.archive kills ARCHIVE --times 20 [--cluster]
    python -m benchmarks.archive hostile SMALL --out FOLDER
    python -m benchmarks.archive million
    python -m benchmarks.archive driver RUN

`make` writes the shared recordings in six formats and real pictures, each with a changed byte or
sample so that no two files are the same; `grow` copies such an archive, again with changed bytes,
which is much faster. `throughput` runs `cardioalert batch` beside two plain loops over `analyze`;
run again with the same folder it goes on, and tells of all that was scored. The speed of a machine
changes over the hours, so that it also times a fixed piece of work all along the run
(`benchmarks.speed`, about a hundredth of two cores): what an ECG costs is told in those too.
`driver` measures what a run costs beside the scoring itself, for archives of several sizes.
"""

from __future__ import annotations

import argparse
import csv
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.archive_driver import driver_share, million
from benchmarks.archive_files import DATA, ENDINGS, PICTURES, PICTURES_IN, grow, make
from benchmarks.archive_kills import BATCH, kills, progress
from benchmarks.archive_plain import plain_loop, shell_loop, some_of_each_kind
from benchmarks.hostile_files import plain_user, write_hostile_files
from benchmarks.process_tree import Watch, processor_seconds
from benchmarks.speed import reference
from cardioalert.archive.entries import entry_of

STEP = 1000  # ECGs between two marks
RULER_EVERY = 1.0  # s
DIGITAL = "FROM content WHERE status='done' AND seconds > 0 AND kind NOT IN ('image', 'pdf')"


def throughput(archive: Path, out: Path, loop: int, shell: int, minutes: float) -> None:
    """Time a whole run, a thousand ECGs at a time, beside plain loops over `analyze`."""
    files = sorted(path for path in archive.rglob("*") if path.suffix in (*ENDINGS, *PICTURES))
    alone = plain_loop(some_of_each_kind(files, loop))
    each_alone = shell_loop(some_of_each_kind(files, -(-shell // len(ENDINGS))))
    before, _ = progress(out)
    began = time.perf_counter()
    driver = start(archive, out)
    watch = Watch(driver, every=2.0)
    marks = [(before, began, 0.0)]
    ruler: list[tuple[int, float]] = []  # digital ECGs scored so far, seconds of the reference
    measured = 0.0
    first = 0.0  # when something was recorded
    while driver.poll() is None:
        done, _ = progress(out)
        first = first or (time.perf_counter() if done > before else 0.0)
        if done >= marks[-1][0] + STEP:
            marks.append((done, time.perf_counter(), processor_seconds(driver.pid)))
        if first and time.perf_counter() - first > 60 * minutes:
            driver.send_signal(signal.SIGINT)  # it still writes the tables
            driver.wait()
        if first and time.perf_counter() - measured > RULER_EVERY:
            ruler.append((digital(out), reference()))
            measured = time.perf_counter()
        time.sleep(0.5)
    wall = time.perf_counter() - began
    done, left = progress(out)
    print("| kind | ECGs | core-seconds each | a second on 2 cores | Python loop, s each | ratio |"
          " shell loop, s each | ratio |")  # fmt: skip
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for kind, (count, total) in seconds_by_kind(out).items():
        each = total / count
        shown = (
            "- | -" if kind not in loop_ else f"{loop_[kind]:.3f} | {2 * loop_[kind] / each:.1f}"
            for loop_ in (alone, each_alone)
        )
        print(f"| {kind} | {count} | {each:.3f} | {2 / each:.1f} | {' | '.join(shown)} |")
    print(f"\n{done - before} ECGs in {wall:.0f} s with inventory and tables:", end=" ")
    print(f"{(done - before) / wall:.1f} per second; {left} left.")
    print(f"Memory of all processes together: {watch.peak:.0f} MB at most (PSS),", end=" ")
    print(f"of the largest one {watch.largest:.0f} MB.")
    print(f"Refused: {refused(out)}")
    print(f"manifest {(out / 'manifest.sqlite').stat().st_size / max(done, 1):.0f} bytes an ECG,")
    shards = sum(path.stat().st_size for path in (out / "shards").iterdir())
    print(f"shards {shards / max(done, 1):.0f} bytes an ECG\n")
    print("| ECGs | by the clock, ms each | of the driver's processor, ms each |")
    print("| --- | --- | --- |")
    for (first, since, used), (last, until, more) in pairwise(marks):
        count = last - first
        clock, own = (until - since) / count * 1e3, (more - used) / count * 1e3
        print(f"| {first} to {last} | {clock:.1f} | {own:.2f} |")
    drift(out, ruler)


def start(archive: Path, out: Path, *before: str) -> subprocess.Popen[bytes]:
    """Start a run of the command line, with two workers."""
    words = ("batch", str(archive), "--out", str(out), "--workers", "2")
    return subprocess.Popen(
        (*before, sys.executable, "-c", BATCH, *words), stdout=subprocess.DEVNULL
    )


def seconds_by_kind(out: Path) -> dict[str, tuple[int, float]]:
    """Return how many ECGs of each kind have a result, and their seconds of processor."""
    query = "SELECT kind, count(*), sum(seconds) FROM content WHERE status='done' GROUP BY kind"
    with closing(sqlite3.connect(out / "manifest.sqlite")) as manifest:
        return {kind: (count, total) for kind, count, total in manifest.execute(query)}


def digital(out: Path) -> int:
    """Return how many digital ECGs of a run were scored."""
    with closing(sqlite3.connect(out / "manifest.sqlite", timeout=10)) as manifest:
        count: int = manifest.execute(f"SELECT count(*) {DIGITAL}").fetchone()[0]
    return count


def drift(out: Path, ruler: list[tuple[int, float]]) -> None:
    """Print the seconds of processor of a digital ECG, by when it was scored.

    Each kind counts by its ratio to its own mean, so that the mix does not matter.

    Parameters
    ----------
    out : Path
    ruler : list of (int, float)
        After how many digital ECGs the reference was timed, and the seconds it took.
    """
    with closing(sqlite3.connect(out / "manifest.sqlite")) as manifest:
        rows = manifest.execute(f"SELECT kind, seconds {DIGITAL} ORDER BY shard, start").fetchall()
    totals: dict[str, list[float]] = defaultdict(list)
    for kind, seconds in rows:
        totals[kind].append(seconds)
    means = {kind: sum(some) / len(some) for kind, some in totals.items()}
    ratios = [seconds / means[kind] for kind, seconds in rows]
    usual = median(taken for _, taken in ruler) if ruler else 1.0
    print("\n| digital ECGs | processor, of the mean of their kind | the reference, ms |", end=" ")
    print("in references, of the mean |\n| --- | --- | --- | --- |")
    blocks = max(1, len(ratios) // STEP, min(5, len(ratios) // 100))
    edges = [round(len(ratios) * block / blocks) for block in range(blocks + 1)]
    for first, last in pairwise(edges):
        cost = sum(ratios[first:last]) / max(last - first, 1)
        speeds = [taken for done, taken in ruler if first <= done < last]
        shown = "- | -"
        if speeds:
            speed = median(speeds)
            shown = f"{speed * 1e3:.1f} | {cost * usual / speed:.3f}"
        print(f"| {first} to {last} | {cost:.3f} | {shown} |")


def refused(out: Path) -> dict[tuple[str, str], int]:
    """Return how many files got each code, by their endings."""
    with (out / "quarantine.csv").open(newline="") as file:
        return dict(
            Counter((Path(row["path"]).suffix, row["code"]) for row in csv.DictReader(file))
        )


def hostile(small: Path, out: Path, good: int, bad: int) -> bool:
    """Write hostile files among good ones, score them, and compare their codes."""
    archive = out / "archive"
    began = time.perf_counter()
    grow(small, good, 0, archive)
    right = write_hostile_files(archive / "hostile", bad)
    print(f"{good} good and {len(right)} hostile files in {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    run = start(archive, out / "scores", *plain_user())
    watch = Watch(run)
    code = run.wait()
    done, left = progress(out / "scores")
    print(f"exit {code} after {time.perf_counter() - began:.0f} s; {done} ECGs tried, {left} left")
    scored = sum(count for count, _ in seconds_by_kind(out / "scores").values())
    print(f"{scored} scored; memory of all processes {watch.peak:.0f} MB at most")
    got = codes_of(out / "scores")
    wrong = {name: got.get(name) for name in right if not got.get(name, {""}) <= right[name]}
    others = {name: codes for name, codes in got.items() if name not in right}
    print(f"in quarantine {len(right) - len(wrong)} of {len(right)} with the right code")
    print(f"wrong: {wrong or None}; other files in quarantine: {others or None}")
    kinds = Counter((name.partition("-")[2][:24], *sorted(got.get(name, ""))) for name in right)
    for (kind, *codes), count in sorted(kinds.items()):
        print(f"| {kind!r} | {' '.join(codes)} | {count} |")
    return not wrong and not left


def codes_of(out: Path) -> dict[str, set[str]]:
    """Return the codes that stand in quarantine, by the names of files as they are on disk."""
    codes: dict[str, set[str]] = defaultdict(set)
    with (out / "quarantine.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            codes[Path(entry_of(row["path"]).path).name].add(row["code"])
    return codes


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("make")
    command.add_argument("--records", type=int, default=400)
    command.add_argument("--pictures-in", type=int, default=PICTURES_IN)
    command.add_argument("--out", type=Path, required=True)
    command = commands.add_parser("grow")
    command.add_argument("archive", type=Path)
    command.add_argument("--records", type=int, default=19_400)
    command.add_argument("--pictures", type=int, default=600)
    command.add_argument("--out", type=Path, required=True)
    command = commands.add_parser("throughput")
    command.add_argument("archive", type=Path)
    command.add_argument("--out", type=Path, required=True, help="goes on where it stopped")
    command.add_argument("--loop", type=int, default=20, help="ECGs of each kind")
    command.add_argument("--shell", type=int, default=30, help="ECGs with a command each")
    command.add_argument(
        "--minutes", type=float, default=1e9, help="stop so long after the first result"
    )
    command = commands.add_parser("kills")
    command.add_argument("archive", type=Path)
    command.add_argument("--times", type=int, default=20)
    command.add_argument("--cluster", action="store_true")
    command = commands.add_parser("hostile")
    command.add_argument("archive", type=Path, help="where the good files come from")
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--good", type=int, default=4500)
    command.add_argument("--bad", type=int, default=500)
    command = commands.add_parser("million")
    command.add_argument("--rows", type=int, default=1_000_000)
    command = commands.add_parser("driver")
    command.add_argument("run", type=Path, help="a finished run, whose results are the answers")
    command.add_argument("--counts", type=int, nargs="+", default=[1000, 5000, 20_000])
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    good = True
    if options.command == "make":
        make(options.out, options.records, DATA, pictures_in=options.pictures_in)
    elif options.command == "grow":
        grow(options.archive, options.records, options.pictures, options.out)
    elif options.command == "throughput":
        throughput(options.archive, options.out, options.loop, options.shell, options.minutes)
    elif options.command == "kills":
        good = kills(options.archive, options.times, cluster=options.cluster)
    elif options.command == "hostile":
        good = hostile(options.archive, options.out, options.good, options.bad)
    elif options.command == "driver":
        driver_share(options.run, options.counts)
    else:
        million(options.rows)
    sys.exit(not good)


if __name__ == "__main__":
    main()
