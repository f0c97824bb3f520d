"""Watch a process and all it starts: memory (each shared page counted once) and processor time."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Watch:
    """Measures the tree below a process every second or so, until it ends.

    Attributes
    ----------
    peak : float, MB
        The most memory of the whole tree at one time (PSS).
    largest : float, MB
        The most memory of one process.
    """

    def __init__(self, process: subprocess.Popen[bytes], every: float = 1.0) -> None:
        self.peak = self.largest = 0.0
        self._process, self._every = process, every
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._process.poll() is None:
            sizes = [pss(pid) for pid in tree(self._process.pid)]
            self.peak = max(self.peak, sum(sizes))
            self.largest = max(self.largest, *sizes, 0.0)
            time.sleep(self._every)


def tree(root: int) -> list[int]:
    """Return a process and everything it started."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def pss(pid: int) -> float:
    """Return the memory of a process, shared pages divided among those who share them, MB."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def processor_seconds(pid: int) -> float:
    """Return the seconds of processor that a process has used, without those it started."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS
