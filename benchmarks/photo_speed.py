"""Time one photo of 12 megapixels beside an older version of the digitizer, in one run.

No open digitizer installs from a registry, so the other side is a commit of this repository. Each
version runs in child processes of its own, by turns, with the cores it finds: one photo to load
everything, then the same photo again, which counts. Peak memory is that of the child.

    python -m benchmarks.photo_speed --before COMMIT [--rounds 3] [--write]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "speed.md"
MARKS = ("<!-- photo: begin -->", "<!-- photo: end -->")
SIZE = (4000, 3000)
CHILD = """
import json, resource, sys, time
import cardioalert
found = cardioalert.digitize(sys.argv[1])
began, worked = time.perf_counter(), time.process_time()
found = cardioalert.digitize(sys.argv[1])
print(json.dumps({
    "seconds": time.perf_counter() - began,
    "processor": time.process_time() - worked,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "layout": found.layout,
}))
"""


def run_child(tree: Path, photo: Path) -> dict[str, float | str]:
    """Digitize a photo twice with one version; return what the second time cost."""
    paths = os.pathsep.join(str(tree / part) for part in ("", "models", "cli"))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(photo)],
        env={**os.environ, "PYTHONPATH": paths},
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{tree}: {done.stderr[-600:]}")
    answer: dict[str, float | str] = json.loads(done.stdout.splitlines()[-1])
    return answer


def unpack(commit: str, folder: Path) -> Path:
    """Unpack the files of a commit."""
    packed = subprocess.run(
        ["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def run(before: str, rounds: int) -> str:
    """Return the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = folder / "photo.jpg"
        with Image.open(ROOT / "examples" / "ecg_photo.jpg") as example:
            example.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS).save(photo, quality=92)
        trees = {f"commit {before}": unpack(before, folder / "before"), "now": ROOT}
        runs: dict[str, list[dict[str, float | str]]] = {label: [] for label in trees}
        for _ in range(rounds):
            for label, tree in trees.items():
                runs[label].append(run_child(tree, photo))
    load = os.getloadavg()[0]
    lines = [
        f"{SIZE[0]} x {SIZE[1]} pixels, JPEG, {rounds} rounds by turns on {os.cpu_count()} cores; "
        f"load of the machine at the end: {load:.1f}.",
        "",
        "| version | s, median | s, quickest | s of processor, quickest | peak MB | layout |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for label, seen in runs.items():
        seconds = [float(one["seconds"]) for one in seen]
        lines.append(
            f"| {label} | {np.median(seconds):.2f} | {min(seconds):.2f} "
            f"| {min(float(one['processor']) for one in seen):.2f} "
            f"| {max(float(one['megabytes']) for one in seen):.0f} | {seen[0]['layout']} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", required=True, help="commit of the older version")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    table = run(options.before, options.rounds)
    print(table)
    if options.write:
        begin, end = MARKS
        text = PAGE.read_text(encoding="utf-8")
        text = re.sub(
            f"{begin}.*?{end}", lambda _: f"{begin}\n{table}\n{end}", text, flags=re.DOTALL
        )
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
