"""The process behind `IsolatedScorer`: reads jobs from its standard input until that ends."""

from __future__ import annotations

import math
import os
import sys
import time
from typing import Final

from cardioalert.archive.isolation import receive, send

ADDRESS_SPACE_AT_START: Final = 4_000_000_000  # bytes that libraries map and never touch


def main() -> None:
    """Answer one job after the other; arguments: processor seconds for each, and MB of memory."""
    seconds, megabytes = float(sys.argv[1]), int(sys.argv[2])
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries that print must not disturb
    limit_memory(megabytes * 1_000_000)

    import cv2  # noqa: PLC0415 - after the memory was limited
    from cardioalert_models import zoo  # noqa: PLC0415

    from cardioalert.archive.scoring import score  # noqa: PLC0415

    cv2.setNumThreads(1)
    zoo.use_threads(1)
    send(answers, "ready")
    while True:
        try:
            job = receive(sys.stdin.buffer)
        except EOFError:
            return
        limit_time(seconds)
        try:
            send(answers, score(job))
        except BrokenPipeError:  # whoever asked is gone
            os._exit(0)


def limit_time(seconds: float) -> None:
    """End this process when it has used so many more seconds of the processor."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    limit = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def limit_memory(limit: int) -> None:
    """Let the operating system refuse more memory than `limit` bytes, where it can."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    address_space = limit + ADDRESS_SPACE_AT_START
    resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_AS, (address_space, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
