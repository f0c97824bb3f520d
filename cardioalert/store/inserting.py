"""Insert a row unless one of its unique values is there already; the same on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_unless_there(session: Session, row: SQLModel) -> bool:
    """Insert a row in a transaction that goes on either way; return whether it is in now.

    On PostgreSQL this waits for another transaction that is about to insert the same value, and
    then gives its answer: the database decides who was first.
    """
    table = type(row).__table__  # type: ignore[attr-defined]
    insert: Any = (
        sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    )
    values = {column.name: getattr(row, column.key) for column in table.columns}
    statement = insert(table).values(**values).on_conflict_do_nothing()
    # The row itself is the answer: psycopg counts -1 rows for an insert, which is also true.
    answer = session.connection().execute(statement.returning(*table.primary_key.columns))
    return answer.first() is not None


def compare_and_swap(
    session: Session, kind: type[SQLModel], wanted: dict[str, Any], change: dict[str, Any]
) -> bool:
    """Change one row only if it still is as it was seen; return whether it was."""
    table = kind.__table__  # type: ignore[attr-defined]
    statement = update(table).values(**change)
    for name, value in wanted.items():
        column = table.c[name]
        statement = statement.where(
            column.in_(value) if isinstance(value, tuple) else column == value
        )
    result: CursorResult[Any] = session.connection().execute(statement)
    return result.rowcount == 1
