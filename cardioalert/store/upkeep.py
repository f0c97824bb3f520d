"""Keep a database: bring its tables up to date, back it up, restore it, check it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, inspect, make_url, text

from cardioalert.errors import FileMissingError, MissingLibraryError, SchemaError, StoreError
from cardioalert.i18n import translate as _
from cardioalert.store.engine import Store

HEAD: Final = "0003"
"""The newest migration; a test compares it with the folder of migrations."""
MIGRATION_LOCK: Final = 0xECA  # any number: an advisory lock of PostgreSQL


def version(store: Store) -> str | None:
    """Return which migration the database is at; None for an empty one."""
    with store.reading() as session:
        connection = session.connection()
        if not inspect(connection).has_table("alembic_version"):
            return None
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None


def require_current(store: Store) -> None:
    """Refuse to work on tables of another version.

    Raises
    ------
    SchemaError
    """
    found = version(store)
    if found != HEAD:
        raise SchemaError(
            _(
                "the database is at version {found}, this program needs {head}",
                found=found,
                head=HEAD,
            )
        )


def upgrade(store: Store) -> bool:
    """Bring the tables to the newest version; return whether there was anything to do.

    Many processes may call this at once: one works, the others wait.
    """
    if version(store) == HEAD:
        return False
    from alembic import command  # noqa: PLC0415 - only needed once in the life of a version
    from alembic.config import Config  # noqa: PLC0415

    with _alone(store) as connection:
        if inspect(connection).has_table("alembic_version"):
            row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
            if row and row[0] == HEAD:
                return False
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


@contextmanager
def _alone(store: Store) -> Iterator[Connection]:
    """Open a transaction no other process can be in."""
    engine = store.engine.execution_options(cardioalert_writes=True)
    with engine.begin() as connection:
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": MIGRATION_LOCK})
        yield connection


def check(store: Store) -> dict[str, Any]:
    """Look whether the database is whole.

    Returns
    -------
    dict with `version`, `current` (bool), `problems` (list of str) and `rows` (table -> count)
    """
    found = version(store)
    problems: list[str] = []
    with store.reading() as session:
        connection = session.connection()
        if store.is_sqlite:
            problems += [
                str(row[0])
                for row in connection.execute(text("PRAGMA integrity_check"))
                if row[0] != "ok"
            ]
            problems += [
                _("broken reference in {table}, row {row}", table=row[0], row=row[1])
                for row in connection.execute(text("PRAGMA foreign_key_check"))
            ]
        names = sorted(inspect(connection).get_table_names())
        rows = {
            name: int(connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one())
            for name in names
        }
    if found != HEAD:
        problems.append(_("version {found} instead of {head}", found=found, head=HEAD))
    return {"version": found, "current": found == HEAD, "problems": problems, "rows": rows}


def backup(store: Store, target: Path) -> None:
    """Write a copy of the whole database while it is in use; only the owner may read it.

    SQLite: a database file. PostgreSQL: what `pg_dump --format=custom` writes.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    if store.is_sqlite:
        with sqlite3.connect(_file(store)) as source, sqlite3.connect(part) as copy:
            source.backup(copy)
        source.close()
        copy.close()
    else:
        _run_peer(store, "pg_dump", "--format=custom", f"--file={part}")
    part.replace(target)


def restore(store: Store, source: Path) -> None:
    """Replace everything in the database by a backup; nothing else may use it meanwhile."""
    if not source.is_file():
        raise FileMissingError(_("{source} is no file", source=source))
    store.close()
    if not store.is_sqlite:
        options = (
            "--clean",
            "--if-exists",
            "--no-owner",
            "--single-transaction",
            "--exit-on-error",
        )
        _run_peer(store, "pg_restore", *options, str(source), database_option=True)
        return
    if source.read_bytes()[:15] != b"SQLite format 3":
        raise StoreError(_("{source} is no SQLite database", source=source))
    with sqlite3.connect(source) as copy, sqlite3.connect(_file(store)) as target:
        copy.backup(target)
    copy.close()
    target.close()


def _file(store: Store) -> Path:
    """Return the file of an SQLite database."""
    name = store.engine.url.database
    if not name or name == ":memory:":
        raise StoreError(_("a database in memory cannot be backed up"))
    return Path(name)


def _run_peer(store: Store, program: str, *options: str, database_option: bool = False) -> None:
    """Run one of PostgreSQL's own programs; the password goes by the environment."""
    if shutil.which(program) is None:
        raise MissingLibraryError(
            _("{program} is not installed", program=program), hint="apt-get install postgresql"
        )
    url = make_url(store.engine.url)
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    words = [program, *options, "--dbname", address] if database_option else [
        program, *options, address
    ]  # fmt: skip
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise StoreError(_("{program} failed: {last}", program=program, last=last))
