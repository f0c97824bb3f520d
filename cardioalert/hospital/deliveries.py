"""Deliver what waits in the journal: in order, again after growing pauses, dead at last."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

from cardioalert.errors import NotAllowedError, PeerError, PeerRefusedError
from cardioalert.hospital.journal import Journal, Waiting

MOST_ATTEMPTS: Final = 10
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 300.0


def deliver(
    journal: Journal,
    destination: str,
    send: Callable[[bytes], object],
    *,
    until: float | None = None,
) -> int:
    """Send what is due to one destination, and return how many were taken.

    Parameters
    ----------
    journal : Journal
    destination : str
        As it was queued.
    send : function of the bytes
        It raises PeerError when it may be tried again, NotAllowedError or PeerRefusedError when
        that is of no use.
    until : float, s, optional
        Wait for pauses to end up to this time (`time.monotonic`); otherwise return at the first
        one whose pause is not over.
    """
    taken = 0
    while (waiting := journal.next_waiting(destination)) is not None:
        pause = waiting.next_at - time.time()
        if pause > 0:
            if until is None or time.monotonic() + pause > until:
                break
            time.sleep(pause)
            continue  # and take it again: somebody else may have sent it meanwhile
        try:
            send(waiting.body)
        except (NotAllowedError, PeerRefusedError) as error:
            journal.mark_dead(waiting.number, error.message)
        except PeerError as error:
            put_off(journal, waiting, error.message)
        else:
            journal.mark_sent(waiting.number)
            taken += 1
    return taken


def put_off(
    journal: Journal,
    waiting: Waiting,
    note: str,
    *,
    first_pause: float = FIRST_PAUSE_S,
    most_attempts: int = MOST_ATTEMPTS,
) -> None:
    """Try a message again later, twice as late each time, or give it up."""
    if waiting.attempts + 1 >= most_attempts:
        journal.mark_dead(waiting.number, note)
        return
    pause = min(first_pause * 2**waiting.attempts, LONGEST_PAUSE_S)
    journal.postpone(waiting.number, note, seconds=pause * random.uniform(0.8, 1.2))
