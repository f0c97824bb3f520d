"""Many command lines at once: forks after the imports, so that a race lasts seconds.

    python race_clients.py CLIENTS CLINIC SLOT FOLDER

Each client is a process of its own and writes its answer to FOLDER/number.
"""

from __future__ import annotations

import os
import sys
import traceback

from cardioalert_cli.app import main

from cardioalert.care import booking, opening

__all__ = ["booking", "opening"]  # loaded before the fork

COUNT, CLINIC, SLOT, FOLDER = int(sys.argv[1]), *sys.argv[2:5]


def run(number: int) -> int:
    """Be one client."""
    out = os.open(f"{FOLDER}/{number}", os.O_CREAT | os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    try:
        return int(main(["book", "make", CLINIC, SLOT, "--patient", f"p{number}", "--json"]))
    except BaseException:
        traceback.print_exc()
        return 99
    finally:
        sys.stdout.flush()


children = []
for number in range(COUNT):
    child = os.fork()
    if child == 0:
        os._exit(run(number))
    children.append(child)
for child in children:
    os.waitpid(child, 0)
