"""How often somebody may try: a bucket for each key, in memory of this process.

One process serves an installation of this size; with several behind one address each counts for
itself, and the lockout of accounts, which is in the database, still holds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rule:
    """So many tries in so many seconds."""

    tries: int
    seconds: float


RULES = {
    "sign-in": Rule(10, 60),
    "code": Rule(5, 600),
    "guest": Rule(60, 600),  # there is no secret to guess, and phones of a network share addresses
    "booking": Rule(30, 60),
    "upload": Rule(20, 600),
    "any": Rule(300, 60),
    "page": Rule(
        3000, 60
    ),  # opening the page takes sixty files; a clinic's phones share an address
}


@dataclass(slots=True)
class Limiter:
    """Leaky buckets; one that is full again is forgotten."""

    rules: dict[str, Rule] = field(default_factory=lambda: dict(RULES))
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, rule: str, key: str) -> float:
        """Count one try and return 0, or how many seconds to wait when there were too many."""
        limit = self.rules[rule]
        rate = limit.tries / limit.seconds
        now = self.clock()
        with self._lock:
            level, then = self._buckets.get((rule, key), (0.0, now))
            level = max(0.0, level - (now - then) * rate)
            if level + 1 > limit.tries:
                return (level + 1 - limit.tries) / rate
            self._buckets[rule, key] = (level + 1, now)
            if len(self._buckets) > 10_000:
                self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Drop what has leaked empty."""
        for (rule, key), (_level, then) in list(self._buckets.items()):
            if now - then > self.rules[rule].seconds:
                del self._buckets[rule, key]
