"""Measure archive runs: throughput, memory, kills, hostile files, a manifest of a million rows.

    python -m benchmarks.archive make --records 20000 --out ARCHIVE
    python -m benchmarks.archive grow ARCHIVE --records 20000 --hostile 500 --out LARGE
    python -m benchmarks.archive throughput LARGE
    python -m benchmarks.archive kills ARCHIVE --times 20 [--cluster]
    python -m benchmarks.archive hostile --out ARCHIVE
    python -m benchmarks.archive million

`make` writes the shared recordings in six formats and real pictures, each with a changed byte or
sample so that no two files are the same; `grow` copies such an archive, again with changed bytes,
which is much faster. `throughput` prints the table of docs/speed.md: seconds of
the processor and ECGs per second by kind, beside a plain loop over `analyze` in the same run.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import re
import resource
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

import cardioalert
from cardioalert.archive.entries import Entry
from cardioalert.archive.identify import Identified
from cardioalert.archive.manifest import Manifest
from cardioalert.archive.runner import Plan, run_archive
from cardioalert.archive.scoring import software_version
from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.errors import CardioAlertError
from cardioalert.formats.registry import kind_of, write_record

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
ENDINGS = (".hea", ".dcm", ".edf", ".csv", ".xml", ".json")
PICTURES_IN = 40  # one picture in so many files, unless told
BATCH = "import sys; from cardioalert_cli.app import main; sys.exit(main())"


def make(out: Path, records: int, data: Path, *, pictures_in: int = PICTURES_IN) -> None:
    """Write an archive of mixed files, a thousand to a folder."""
    load = runpy.run_path(str(data / "load.py"))
    shards = sorted((data / "ptbxl").glob("fold0?_0.json"))
    pictures = sorted((data / "images").glob("*/*.jp*g")) + sorted(
        (data / "images").glob("*/*.png")
    )
    signals: list[np.ndarray] = []
    rng = np.random.default_rng(1)
    for number in range(records):
        folder = out / f"{number // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        if number % pictures_in == 0:
            picture = pictures[number // pictures_in * 7 % len(pictures)]
            target = folder / f"{number:06d}{picture.suffix}"
            target.write_bytes(picture.read_bytes() + number.to_bytes(4, "big"))
            continue
        if not signals:
            _, raw = load["read_shard"](shards[number // 300 % len(shards)].with_suffix(""))
            signals = list(load["to_12_leads"](raw))
        signal_mv = signals.pop().astype(np.float32) / 1000
        signal_mv += np.float32(0.001) * rng.integers(0, 5, size=(1, signal_mv.shape[1]))
        record = ECGRecord(signal=signal_mv, sampling_rate=500.0, leads=STANDARD_LEADS)
        write_record(record, folder / f"{number:06d}{ENDINGS[number % len(ENDINGS)]}")


def grow(small: Path, records: int, hostile_files: int, out: Path) -> None:
    """Copy the files of an archive until there are enough, each copy with other bytes."""
    files = sorted(p for p in small.rglob("*") if p.suffix in (*ENDINGS, ".jpg", ".jpeg", ".png"))
    for number in range(records):
        source = files[number % len(files)]
        folder = out / f"{number // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{number:06d}{source.suffix}"
        data = source.read_bytes()
        if source.suffix == ".hea":
            signal = folder / f"{source.stem}.dat"
            if not signal.exists():
                shutil.copyfile(source.with_suffix(".dat"), signal)
            target.write_bytes(data + b"# copy %d\n" % number)
        else:
            target.write_bytes(CHANGES[source.suffix](data, number))
    if hostile_files:
        write_hostile_files(out / "hostile", hostile_files)


def _change_number(data: bytes, number: int) -> bytes:
    """Add decimals that nobody sees to the last number of a text."""
    found = list(re.finditer(rb"[0-9]\.[0-9]+", data[-200:]))[-1]
    place = len(data) - len(data[-200:]) + found.end()
    return data[:place] + b"%06d" % number + data[place:]


def _change_uid(data: bytes, number: int) -> bytes:
    """Give a DICOM object another number of the same length."""
    uid = str(pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID).encode()
    return data.replace(uid, uid[:-8] + b"%08d" % number)


CHANGES = {
    ".csv": _change_number,
    ".json": _change_number,
    ".dcm": _change_uid,
    ".edf": lambda data, number: data[:160] + b"%08d" % number + data[168:],
    ".xml": lambda data, number: data + b"<!-- %d -->" % number,
    **dict.fromkeys((".jpg", ".jpeg", ".png"), lambda data, number: data + b"%d" % number),
}
"""How to change bytes of a file without changing its ECG."""


class TimeIsUp(Exception):  # noqa: N818 - no error: the run was given so many minutes
    """Stops a run."""


def throughput(archive: Path, loop: int, minutes: float) -> None:
    """Time a whole run, a thousand ECGs at a time, beside a plain loop over `analyze`."""
    files = sorted(
        path
        for path in archive.rglob("*")
        if path.suffix in (*ENDINGS, ".jpg", ".jpeg", ".png") and path.parent.name != "hostile"
    )
    alone = plain_loop(some_of_each_kind(files, loop))
    with tempfile.TemporaryDirectory(dir=archive.parent) as out:
        marks: list[tuple[int, float]] = [(0, 0.0)]
        began = first = 0.0

        def scoring(done: int, _total: int) -> None:
            nonlocal first
            now = time.perf_counter()
            first = first or now
            if done // 1000 >= len(marks):
                marks.append((done, now - first))
            if now - first > 60 * minutes:
                raise TimeIsUp

        began = time.perf_counter()
        with suppress(TimeIsUp):
            run_archive(Plan(out=Path(out), sources=(str(archive),), workers=2), scoring=scoring)
        wall = time.perf_counter() - began
        with Manifest(Path(out) / "manifest.sqlite") as manifest:
            seconds = manifest.seconds()
        with (Path(out) / "quarantine.csv").open(newline="") as file:
            refused = Counter(
                (Path(row["path"]).suffix, row["code"]) for row in csv.DictReader(file)
            )
        sizes = {
            "manifest": (Path(out) / "manifest.sqlite").stat().st_size,
            "shards": sum(path.stat().st_size for path in (Path(out) / "shards").iterdir()),
        }
    print("| kind | ECGs | core-seconds each | a second on 2 cores | plain loop, s each | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind, (count, total) in sorted(seconds.items()):
        each = total / count
        slow = alone.get(kind)
        shown = "- | -" if slow is None else f"{slow:.3f} | {2 * slow / each:.1f}"
        print(f"| {kind} | {count} | {each:.3f} | {2 / each:.1f} | {shown} |")
    done = sum(count for count, _ in seconds.values())
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{done} ECGs in {wall:.0f} s with inventory and tables: {done / wall:.1f} per second.")
    print(f"Inventory and start {first - began:.0f} s, scoring {marks[-1][1]:.0f} s.")
    print(f"Largest process: driver {own:.0f} MB (with the plain loop), worker {children:.0f} MB.")
    print(f"Refused: {dict(refused)}")
    for name, size in sizes.items():
        print(f"{name}: {size / max(done, 1):.0f} bytes an ECG")
    for (before, since), (after, until) in pairwise(marks):
        print(f"{before} to {after}: {(until - since) / (after - before) * 1e3:.1f} ms an ECG")


def some_of_each_kind(files: list[Path], count: int) -> list[Path]:
    """Return so many files of each ending, a quarter of them of pictures."""
    chance = random.Random(1)
    some = []
    for ending in sorted({path.suffix for path in files}):
        here = [path for path in files if path.suffix == ending]
        wanted = count if ending in ENDINGS else max(1, count // 4)
        some += chance.sample(here, min(wanted, len(here)))
    return some


def plain_loop(files: list[Path]) -> dict[str, float]:
    """Return the seconds an ECG of each kind takes in a plain loop over `analyze`."""
    times: dict[str, list[float]] = {}
    cardioalert.analyze(str(files[0])).to_dict()  # load everything before the clock runs
    for path in files:
        kind = kind_of(path)
        began = time.perf_counter()
        try:
            cardioalert.analyze(str(path)).to_dict()
        except CardioAlertError:
            continue
        times.setdefault(kind, []).append(time.perf_counter() - began)
    return {kind: float(np.mean(taken)) for kind, taken in times.items()}


def kills(archive: Path, times: int, longest: float, *, cluster: bool) -> None:
    """Kill workers, scheduler and driver at random moments; compare the tables at the end."""
    folder = Path(tempfile.mkdtemp())
    whole, parts = folder / "whole", folder / "parts"
    run_archive(Plan(out=whole, sources=(str(archive),), workers=2))
    chance = random.Random(2)
    killed: Counter[str] = Counter()
    left: list[int] = []
    services = Cluster() if cluster else None
    for _ in range(times):
        address = ["--cluster", services.address] if services else []
        driver = start_batch(archive, parts, *address)
        if chance.random() < 0.25:
            time.sleep(chance.uniform(0.0, longest))  # perhaps still looking through the archive
        else:
            wait_for_results(driver, parts)
            time.sleep(chance.uniform(0.0, longest / 10))
        what = chance.choice(
            ("driver", "worker", "scheduler") if services else ("driver", "worker")
        )
        if what == "driver":
            driver.kill()
        elif services is not None:
            services.kill(what)
        else:
            kill_child(driver.pid)
            time.sleep(chance.uniform(0.0, 3.0))
            driver.kill()  # so that there is something left to go on with
        killed[what] += 1
        driver.wait(timeout=120)
        left.append(pending(parts))
        if services:
            services.restart()
    address = ["--cluster", services.address] if services else []
    last = start_batch(archive, parts, *address).wait()
    if services:
        services.stop()
    same = {
        path.name: (parts / path.name).read_bytes() == path.read_bytes()
        for path in sorted(whole.iterdir())
        if path.suffix in (".csv", ".jsonl", ".json", ".html")
    }
    print(f"killed {dict(killed)}; last run exited with {last}; same tables: {same}")
    lines = [
        line
        for shard in sorted((parts / "shards").iterdir())
        for line in shard.read_bytes().splitlines()
    ]
    contents = Counter(json.loads(line)["content"] for line in lines)
    twice = sum(count - 1 for count in contents.values())
    print(f"{len(contents)} ECGs scored, {twice} of them twice; left by each kill: {left}")
    shutil.rmtree(folder)


def wait_for_results(driver: subprocess.Popen[bytes], out: Path) -> None:
    """Wait until a run has written a result, or has ended."""

    def written() -> int:
        return sum(path.stat().st_size for path in (out / "shards").glob("*"))

    before = written()
    while driver.poll() is None and written() <= before:
        time.sleep(0.02)


def pending(out: Path) -> int:
    """Return how many ECGs of a run are still to be scored; -1 when it did not get so far."""
    if not (out / "manifest.sqlite").exists():
        return -1
    with Manifest(out / "manifest.sqlite") as manifest:
        return sum(manifest.count_pending(software_version()).values())


def start_batch(archive: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start a run of the command line."""
    words = ("batch", str(archive), "--out", str(out), "--workers", "2", *options)
    return subprocess.Popen(
        (sys.executable, "-c", BATCH, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def kill_child(pid: int) -> None:
    """Kill one of the processes that a run has started."""
    listed = subprocess.run(("pgrep", "-P", str(pid)), capture_output=True, text=True, check=False)
    for child in listed.stdout.split()[:1]:
        os.kill(int(child), signal.SIGKILL)


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


def hostile(out: Path, good: int, bad: int) -> None:
    """Write hostile files among good ones, score them, and compare their codes."""
    archive = out / "archive"
    make(archive, good, DATA)
    right = write_hostile_files(archive / "hostile", bad)
    summary = run_archive(Plan(out=out / "scores", sources=(str(archive),), workers=2))
    print(f"{summary.scored} scored, {summary.refused} refused, {len(right)} hostile files written")
    print(compared_codes(out / "scores", right))


def compared_codes(scores: Path, right: dict[str, set[str]]) -> str:
    """Return how many hostile files got each code, and which got a wrong one."""
    with (scores / "quarantine.csv").open(newline="") as file:
        got = {
            part: row["code"]
            for row in csv.DictReader(file)
            for part in re.split("[/!]", row["path"])
            if part in right
        }
    wrong = {name: got.get(name, "scored") for name in right if got.get(name) not in right[name]}
    kinds = Counter((Path(name).suffix, got.get(name, "scored")) for name in right)
    return f"{dict(kinds)}; wrong: {wrong or None}"


def write_hostile_files(folder: Path, count: int) -> dict[str, set[str]]:
    """Write truncated, misnamed, huge, circular files and bombs; return the right codes of each."""
    folder.mkdir(parents=True, exist_ok=True)
    dicom = _whole_dicom(folder.parent / "whole.dcm")
    picture = next(iter(sorted((DATA / "images" / "prints").glob("*.jpg")))).read_bytes()
    bomb, archive_bomb = _picture_bomb(), _archive_bomb()
    right: dict[str, set[str]] = {}
    for number in range(count):
        path = folder / f"{number:04d}"
        kind = number % 10
        codes = {"corrupt-file"}
        if kind == 0:
            path = path.with_suffix(".dcm")
            path.write_bytes(dicom[: 200 + 37 * number])
            codes = {"corrupt-file", "invalid-record"}  # cut before the first waveform
        elif kind == 1:
            path = path.with_suffix(".jpg")
            path.write_bytes(picture[: 300 + 11 * number])
        elif kind == 2:
            path = path.with_suffix(".edf")
            path.write_bytes(b"")
            codes = {"empty-file"}
        elif kind == 3:
            path = path.with_suffix(".jpg")
            path.write_bytes(f"not a picture {number}".encode())
            codes = {"unknown-format"}
        elif kind == 4:
            path = path.with_suffix(".link")
            path.symlink_to(folder.resolve() / "nowhere")
            codes = {"file-not-found"}
        elif kind == 5:
            path = path.with_suffix(".loop")
            path.symlink_to(folder.resolve())
            codes = {"link-cycle"}
        elif kind == 6:
            path = path.with_suffix(".dcm")
            with path.open("wb") as file:
                file.truncate(2_000_000_000)
            codes = {"file-too-large"}
        elif kind == 7:
            path = path.with_suffix(".xml")
            path.write_text(
                f'<!DOCTYPE a [<!ENTITY a "{number}">]><AnnotatedECG>&a;</AnnotatedECG>'
            )
        elif kind == 8:
            path = path.with_suffix(".zip")
            path.write_bytes(archive_bomb + b"%06d" % number if number % 20 == 8 else b"PK\3\4")
            codes = {"file-too-large"} if number % 20 == 8 else codes
        else:
            path = path.with_suffix(".png")
            path.write_bytes(bomb + b"%06d" % number)
            codes = {"picture-size"}
        right[path.name] = codes
    return right


def _whole_dicom(path: Path) -> bytes:
    """Return a DICOM ECG, by way of a file."""
    record = ECGRecord(
        signal=np.zeros((12, 5000), np.float32), sampling_rate=500.0, leads=STANDARD_LEADS
    )
    write_record(record, path)
    data = path.read_bytes()
    path.unlink()
    return data


def _picture_bomb() -> bytes:
    """Return a small PNG of 3.6 gigapixels."""
    parts = [(b"IHDR", (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0")]
    parts += [(b"IDAT", zlib.compress(bytes(10_000_000), 9)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n"
    for name, data in parts:
        checked = name + data
        png += len(data).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")
    return png


def _archive_bomb() -> bytes:
    """Return a small ZIP of a DICOM file of a gigabyte; its end may have a remark of six bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"000000"
        with archive.open("large.dcm", "w") as member:
            for _ in range(100):
                member.write(bytes(10_000_000))
    return made.getvalue()[:-6]


def million(rows: int) -> None:
    """Time what a resumed run has to decide with a manifest of a million rows."""
    with tempfile.TemporaryDirectory() as folder, Manifest(Path(folder) / "m.sqlite") as manifest:
        manifest.begin_scan()
        for first in range(0, rows, 2000):
            manifest.add(synthetic_row(n) for n in range(first, min(first + 2000, rows)))
        manifest.end_scan()
        used = peak_from_here()
        looked = 0.0
        manifest.begin_scan()
        for first in range(0, rows, 2000):
            here = [synthetic_row(n) for n in range(first, min(first + 2000, rows))]
            stamps = {row.entry.locator: (row.size, row.modified) for row in here}
            began = time.process_time()
            if len(manifest.unchanged(stamps)) != len(here):
                raise RuntimeError("a row was not known")
            looked += time.process_time() - began
        began = time.process_time()
        manifest.end_scan()
        looked += time.process_time() - began
        began = time.process_time()
        left = sum(manifest.count_pending("1").values())
        jobs = sum(1 for _ in zip(manifest.pending("1"), range(2000), strict=False))
        decided = looked + time.process_time() - began
        print(f"{rows} rows: compared in {looked:.1f} s, decided in {decided:.1f} s of processor")
        print(f"left {left}, first jobs {jobs}, memory grew by {used():.0f} MB")
        size = (Path(folder) / "m.sqlite").stat().st_size / rows
        print(f"{size:.0f} bytes of manifest a row")


def peak_from_here() -> Any:
    """Return a function that tells the peak memory since now, MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return lambda: (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def synthetic_row(number: int) -> Identified:
    """Return the row of a file that does not exist."""
    return Identified(
        entry=Entry(f"/archive/{number // 1000:05d}/{number:09d}.dcm"),
        size=200_000 + number % 1000,
        modified=1_700_000_000_000_000_000 + number,
        kind="dicom",
        content=f"{number:064x}",
    )


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("make")
    command.add_argument("--records", type=int, default=20_000)
    command.add_argument("--pictures-in", type=int, default=PICTURES_IN)
    command.add_argument("--out", type=Path, required=True)
    command = commands.add_parser("grow")
    command.add_argument("archive", type=Path)
    command.add_argument("--records", type=int, default=20_000)
    command.add_argument("--hostile", type=int, default=0)
    command.add_argument("--out", type=Path, required=True)
    command = commands.add_parser("throughput")
    command.add_argument("archive", type=Path)
    command.add_argument("--loop", type=int, default=40, help="ECGs of each kind")
    command.add_argument("--minutes", type=float, default=1e9, help="stop scoring after")
    command = commands.add_parser("kills")
    command.add_argument("archive", type=Path)
    command.add_argument("--times", type=int, default=20)
    command.add_argument("--cluster", action="store_true")
    command.add_argument("--longest", type=float, default=12.0, help="seconds until a kill")
    command = commands.add_parser("hostile")
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--good", type=int, default=4500)
    command.add_argument("--bad", type=int, default=500)
    command = commands.add_parser("million")
    command.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    if options.command == "make":
        make(options.out, options.records, DATA, pictures_in=options.pictures_in)
    elif options.command == "grow":
        grow(options.archive, options.records, options.hostile, options.out)
    elif options.command == "throughput":
        throughput(options.archive, options.loop, options.minutes)
    elif options.command == "kills":
        kills(options.archive, options.times, options.longest, cluster=options.cluster)
    elif options.command == "hostile":
        hostile(options.out, options.good, options.bad)
    else:
        million(options.rows)


if __name__ == "__main__":
    main()
