"""Delete what is kept longer than it is needed: `tables/retention.toml` says what and how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import delete
from sqlmodel import select

from cardioalert.care.desk import Desk
from cardioalert.care.directory import PACKAGE
from cardioalert.care.records import ecg_files
from cardioalert.store.people_tables import BreakGlass, LoginCode, Token
from cardioalert.store.record_tables import EcgFile, StoredAnswer
from cardioalert.tables import read_toml

TABLES: Final[dict[str, Any]] = {
    "stored_answer": StoredAnswer, "login_code": LoginCode, "token": Token,
    "break_glass": BreakGlass,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table."""

    what: Literal["stored_answer", "login_code", "token", "break_glass", "file"]
    since: str
    days: int


@cache
def rules() -> tuple[Rule, ...]:
    """Return what is deleted, and when."""
    return tuple(Rule(**row) for row in read_toml(PACKAGE, "retention.toml")["rule"])


def tidy(desk: Desk) -> dict[str, int]:
    """Delete what is over; return how many of each."""
    done: dict[str, int] = {}
    for rule in rules():
        before = desk.now() - timedelta(days=rule.days)
        done[rule.what] = _files(desk, before) if rule.what == "file" else _rows(desk, rule, before)
    return done


def _rows(desk: Desk, rule: Rule, before: datetime) -> int:
    table: Any = TABLES[rule.what].__table__
    with desk.store.writing() as session:
        answer = session.connection().execute(delete(table).where(table.c[rule.since] < before))
        return int(answer.rowcount)


def _files(desk: Desk, before: datetime) -> int:
    """Delete files no row knows: their upload was cut off after the bytes were written."""
    old = [
        path
        for path in ecg_files(desk).iterdir()
        if path.is_file() and datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
    ]
    if not old:
        return 0
    with desk.store.reading() as session:
        known = set(session.exec(select(EcgFile.id)))
    lost = [path for path in old if path.name not in known]
    for path in lost:
        path.unlink(missing_ok=True)
    return len(lost)
