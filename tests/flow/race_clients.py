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


def run(number: int, clinic: str, slot: str, folder: str) -> int:
    """Be one client."""
    out = os.open(f"{folder}/{number}", os.O_CREAT | os.O_WRONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    try:
        return int(main(["book", "make", clinic, slot, "--patient", f"p{number}", "--json"]))
    except BaseException:
        traceback.print_exc()
        return 99
    finally:
        sys.stdout.flush()


def race(clients: int, clinic: str, slot: str, folder: str) -> None:
    """Fork all clients, then wait for the last."""
    children = []
    for number in range(clients):
        child = os.fork()
        if child == 0:
            os._exit(run(number, clinic, slot, folder))
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    race(int(sys.argv[1]), *sys.argv[2:5])
