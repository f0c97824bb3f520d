"""Read damaged files by the thousand: every answer is a record or an error with a code.

    python -m benchmarks.fuzz_formats --count 10000 [--only scp,muse]

Real files of ../shared/data (or files written here) are harmed at random: bytes replaced, inserted,
deleted, cut, zeroed, numbers set to extremes, digits exchanged. Each reader works in a process of
its own that may take 1 GB more than it began with; a file that takes five seconds of processor
time, or raises anything that has no code, is a failure and is kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import signal
import struct
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.errors import CardioAlertError
from cardioalert.formats.registry import read_record, write_record

SHARED = Path(os.environ.get("CARDIOALERT_SHARED_DATA", "../shared/data"))
LONGEST_S = 5.0
MOST_BYTES = 1_000_000_000
EXTREMES = (b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\x80", b"\0" * 4, b"\x01\0\0\0")
WORDS = (b"99999999", b"-1", b"nan", b"inf", b"1e309", b"", b"0", b"<a>" * 50, b"&amp;", b"]]>")

REAL = {
    "scp": ("interop/scp/ecgtoolkit_Example.scp",),
    "aecg": ("interop/aecg/fda_subject1_0.xml", "interop/aecg/minimum_aecg.xml"),
    "dicom": ("interop/dicom/ecgtoolkit_Example.dcm",),
    "muse": ("interop/muse/braveheart_example1.xml",),
    "sierra": (
        "interop/sierra/129DYPRG.XML",
        "interop/sierra/3191723_ZZDEMOPTONLY_1-04_orig.xml",
    ),
}
WRITTEN = {"edf": ".edf", "json": ".json", "wfdb": ".hea", "csv": ".csv", "dicom": ".dcm"}


@dataclass
class Outcome:
    """What happened to the files of one reader."""

    codes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)


def corpus(kind: str) -> list[tuple[str, bytes, bytes]]:
    """Return name, bytes and signal file of good files."""
    files = [
        (Path(name).name, (SHARED / name).read_bytes(), b"")
        for name in REAL.get(kind, ())
        if (SHARED / name).exists()
    ]
    if kind == "scp":
        files = [(name, without_checksums(data), b"") for name, data, _ in files]
    with tempfile.TemporaryDirectory() as folder:
        if kind in WRITTEN:
            path = Path(folder) / f"ecg{WRITTEN[kind]}"
            write_record(made(), path)
            beside = path.with_suffix(".dat")
            files.append(
                (path.name, path.read_bytes(), beside.read_bytes() if beside.exists() else b"")
            )
    if kind == "ishne":
        header = bytearray(522)
        header[:8] = b"ISHNE1.0"
        struct.pack_into("<iiiihh", header, 10, 0, 6000, 522, 522, 1, 0)
        struct.pack_into("<h2h", header, 156, 2, 6, 11)
        struct.pack_into("<2h", header, 206, 5000, 5000)
        struct.pack_into("<h", header, 272, 500)
        files.append(("ecg.ecg", bytes(header) + bytes(6000), b""))
    return files


def made() -> ECGRecord:
    """Return a short record."""
    times = np.arange(600) / 500.0
    rows = [0.1 * n * np.sin(2 * np.pi * n * times) for n in range(1, 13)]
    return ECGRecord(
        signal=np.array(rows, dtype=np.float32), sampling_rate=500.0, leads=STANDARD_LEADS
    )


def without_checksums(data: bytes) -> bytes:
    """Set the checksums of SCP sections to "not given", so that damage goes deeper."""
    out = bytearray(data)
    out[6:8] = b"\0\0"
    for number in range(12):
        _, size, index = struct.unpack_from("<HII", data, 22 + 10 * number)
        if size:
            out[index - 1 : index + 1] = b"\0\0"
    return bytes(out)


def harm(data: bytes, rng: random.Random) -> bytes:
    """Damage a file in one to four places, its beginning more often than its end."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = int(len(out) * (rng.random() ** 3 if rng.random() < 0.8 else rng.random()))
        kind = rng.randrange(7)
        if kind == 0:
            out[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            out[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 40)))
        elif kind == 2:
            del out[at : at + rng.randint(1, 200)]
        elif kind == 3 and rng.random() < 0.3:
            del out[at:]
        elif kind == 4:
            new = rng.choice(EXTREMES)
            out[at : at + len(new)] = new
        elif kind == 5:
            new = rng.choice(WORDS)
            out[at : at + rng.randint(0, len(new) + 4)] = new
        else:
            start = rng.randrange(max(1, len(out)))
            out[at : at + 100] = out[start : start + 100]
    return bytes(out)


def too_slow(_number: int, _frame: object) -> None:
    raise TimeoutError("more than five seconds")


def run(kind: str, count: int, keep: Path, results: object) -> None:
    """Read `count` damaged files in this process."""
    files = corpus(kind)
    outcome = Outcome()
    rng = random.Random(kind)
    signal.signal(signal.SIGPROF, too_slow)
    folder = Path(tempfile.mkdtemp())
    good = 0
    for name, data, beside in files:  # imports every library before the limit is set
        (folder / name).write_bytes(data)
        if beside:
            (folder / name).with_suffix(".dat").write_bytes(beside)
        try:
            read_record(folder / name)
            good += 1
        except CardioAlertError as error:
            print(f"{kind}: {name} unharmed is refused: {error.message}")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, used + MOST_BYTES))
    for number in range(count if files else 0):
        name, data, beside = rng.choice(files)
        harmed = harm(data, rng)
        path = folder / name
        path.write_bytes(harmed)
        if beside and rng.random() < 0.2:
            path.with_suffix(".dat").write_bytes(harm(beside, rng))
        elif beside:
            path.with_suffix(".dat").write_bytes(beside)
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
        try:
            read_record(path)
            code = "read"
        except CardioAlertError as error:
            code = error.code
        except BaseException:
            code = "FAILED"
            outcome.failures.append(traceback.format_exc(limit=-3))
            keep.mkdir(exist_ok=True)
            (keep / f"{kind}_{number}{path.suffix}").write_bytes(harmed)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        outcome.slowest = max(outcome.slowest, time.process_time() - began)
        outcome.codes[code] += 1
    results.put((kind, good, outcome))  # type: ignore[attr-defined]


KINDS = ("dicom", "scp", "aecg", "muse", "sierra", "edf", "ishne", "wfdb", "csv", "json")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--keep", type=Path, default=Path("fuzz_failures"))
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    print("| reader | damaged files | refused, by code | still read | slowest, s | failures |")
    print("| --- | --- | --- | --- | --- | --- |")
    failed = 0
    for kind in options.only.split(","):
        results = context.Queue()
        process = context.Process(target=run, args=(kind, options.count, options.keep, results))
        process.start()
        try:
            _, _good, outcome = results.get(timeout=3600)
        except Exception:
            print(f"| {kind} | the process died with {process.exitcode} |")
            failed += 1
            continue
        process.join()
        codes = outcome.codes
        refused = ", ".join(
            f"{code} {n}" for code, n in codes.most_common() if code not in ("read", "FAILED")
        )
        print(
            f"| {kind} | {sum(codes.values())} | {refused} | {codes['read']} "
            f"| {outcome.slowest:.2f} | {len(outcome.failures)} |",
            flush=True,
        )
        for text in outcome.failures[:3]:
            print(text)
        failed += len(outcome.failures)
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
