"""The journal: what arrived, what was answered, and what still has to be sent, on disk first.

One SQLite file, written before anything is answered. It holds names and results, so it is created
readable for its owner only.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cardioalert.errors import PeerError

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS inbound (
    number INTEGER PRIMARY KEY, sender TEXT NOT NULL, control_id TEXT NOT NULL,
    sha256 TEXT NOT NULL, peer TEXT NOT NULL, received_at REAL NOT NULL, body BLOB NOT NULL,
    answer BLOB NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX IF NOT EXISTS inbound_key ON inbound (sender, control_id)
    WHERE state != 'quarantined';
CREATE TABLE IF NOT EXISTS outbound (
    number INTEGER PRIMARY KEY, destination TEXT NOT NULL, control_id TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL, created_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending',
    note TEXT NOT NULL DEFAULT '');
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message that arrived.

    Attributes
    ----------
    state : str
        `kept` (answered, not yet worked on), `done`, `failed` or `quarantined`.
    """

    number: int
    sender: str
    control_id: str
    sha256: str
    body: bytes
    answer: bytes
    state: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message that has to be sent; `state` is `pending`, `sent` or `dead`."""

    number: int
    destination: str
    control_id: str
    body: bytes
    attempts: int
    next_at: float
    state: str
    note: str


class Journal:
    """Open one journal; each call is a transaction of its own, from any thread or process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        with self._open() as base:
            base.execute("PRAGMA journal_mode=WAL")
            base.executescript(_SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction."""
        with closing(sqlite3.connect(self.path, timeout=10.0)) as base:
            base.execute("PRAGMA synchronous=FULL")
            with base:
                yield base

    # ---- What arrived ----------------------------------------------------------------------------

    def find(self, sender: str, control_id: str) -> Kept | None:
        """Return the message of a sender with a control id."""
        rows = self._kept(
            "sender = ? AND control_id = ? AND state != 'quarantined'", sender, control_id
        )
        return rows[0] if rows else None

    def keep(
        self, sender: str, control_id: str, body: bytes, answer: bytes, *, peer: str, state: str
    ) -> None:
        """Write a message down; when this returns it is on disk.

        Raises
        ------
        sqlite3.Error
            It is not.
        """
        row = (sender, control_id, digest(body), peer, time.time(), body, answer, state)
        with self._open() as base:
            base.execute(
                "INSERT INTO inbound (sender, control_id, sha256, peer, received_at, body, answer, "
                "state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def unworked(self) -> list[Kept]:
        """Return the messages that were answered and not yet worked on, oldest first."""
        return self._kept("state = 'kept'")

    def received(self) -> list[Kept]:
        """Return all messages, oldest first."""
        return self._kept("1")

    def settle(self, number: int, *, state: str, note: str = "") -> None:
        """Write down what became of a message."""
        with self._open() as base:
            base.execute(
                "UPDATE inbound SET state = ?, note = ? WHERE number = ?", (state, note, number)
            )

    def _kept(self, condition: str, *values: str) -> list[Kept]:
        with self._open() as base:
            rows = base.execute(
                "SELECT number, sender, control_id, sha256, body, answer, state, note "
                f"FROM inbound WHERE {condition} ORDER BY number",
                values,
            ).fetchall()
        names = ("number", "sender", "control_id", "sha256", "body", "answer", "state", "note")
        return [Kept(**dict(zip(names, row, strict=True))) for row in rows]

    # ---- What has to be sent ---------------------------------------------------------------------

    def enqueue(self, destination: str, control_id: str, body: bytes) -> bool:
        """Queue a message; False when one with this control id was queued before."""
        with self._open() as base:
            cursor = base.execute(
                "INSERT OR IGNORE INTO outbound (destination, control_id, body, created_at) "
                "VALUES (?, ?, ?, ?)",
                (destination, control_id, body, time.time()),
            )
            return cursor.rowcount == 1

    def next_waiting(self, destination: str) -> Waiting | None:
        """Return the first message in the queue, whether or not its pause is over."""
        rows = self._waiting(
            "destination = ? AND state = 'pending' ORDER BY number LIMIT 1", destination
        )
        return rows[0] if rows else None

    def outbox(self) -> list[Waiting]:
        """Return the whole outbox."""
        return self._waiting("1 ORDER BY number")

    def mark_sent(self, number: int) -> None:
        """The peer has it."""
        self._update(number, "state = 'sent', attempts = attempts + 1, note = ''")

    def mark_dead(self, number: int, note: str) -> None:
        """It will not be tried again until somebody says so."""
        self._update(number, "state = 'dead', attempts = attempts + 1, note = ?", note)

    def postpone(self, number: int, note: str, *, seconds: float) -> None:
        """Try it again later."""
        self._update(
            number, "attempts = attempts + 1, note = ?, next_at = ?", note, time.time() + seconds
        )

    def retry_dead(self) -> int:
        """Put dead messages back into the queue, and return how many."""
        with self._open() as base:
            return base.execute(
                "UPDATE outbound SET state = 'pending', attempts = 0, next_at = 0 "
                "WHERE state = 'dead'"
            ).rowcount

    def purge(self) -> int:
        """Forget sent and dead messages, and return how many."""
        with self._open() as base:
            return base.execute("DELETE FROM outbound WHERE state IN ('sent', 'dead')").rowcount

    def _update(self, number: int, change: str, *values: object) -> None:
        with self._open() as base:
            base.execute(f"UPDATE outbound SET {change} WHERE number = ?", (*values, number))

    def _waiting(self, condition: str, *values: str) -> list[Waiting]:
        with self._open() as base:
            rows = base.execute(
                "SELECT number, destination, control_id, body, attempts, next_at, state, note "
                f"FROM outbound WHERE {condition}",
                values,
            ).fetchall()
        names = (
            "number", "destination", "control_id", "body", "attempts", "next_at", "state", "note"
        )  # fmt: skip
        return [Waiting(**dict(zip(names, row, strict=True))) for row in rows]


def open_journal(path: Path) -> Journal:
    """Open or create a journal.

    Raises
    ------
    PeerError
        It cannot be written: without it nothing may be answered.
    """
    try:
        return Journal(path)
    except (OSError, sqlite3.Error) as error:
        raise PeerError(
            f"the journal {path} cannot be written: {error}",
            hint="Name a file in a folder that exists and that you may write to.",
        ) from error


def digest(body: bytes) -> str:
    """Return the SHA-256 of a message."""
    return hashlib.sha256(body).hexdigest()
