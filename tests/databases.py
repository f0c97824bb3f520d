"""Databases for tests: the same tests run on SQLite and on PostgreSQL.

A throw-away PostgreSQL cluster is made when its programs are on the machine (Debian: package
postgresql). To test on a given server instead, set CARDIOALERT_TEST_POSTGRESQL to a URL of a role
that may create databases.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cardioalert.care.desk import OPERATOR, Desk
from cardioalert.care.directory import demo_drafts, store_clinics
from cardioalert.security.keys import new_keyring
from cardioalert.security.sealing import Vault
from cardioalert.store import upkeep
from cardioalert.store.engine import Store

MONDAY = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)  # 07:00 in Tashkent, no holiday


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)


def program(name: str) -> str | None:
    """Where one of PostgreSQL's programs is."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(installed[-1]) if installed else None)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a server, without a database name."""
    given = os.environ.get("CARDIOALERT_TEST_POSTGRESQL")
    if given:
        yield given.rstrip("/")
        return
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    initdb, control = program("initdb"), program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        names = [entry.pw_name for entry in pwd.getpwall()]
        user = next((name for name in ("postgres", "nobody") if name in names), None)
    folder = Path(tempfile.mkdtemp(prefix="cardioalert-pg-"))
    try:
        if user:
            shutil.chown(folder, user)
        run = {"user": user, "cwd": folder, "stdout": subprocess.DEVNULL}
        data, port = folder / "data", free_port()
        words = ["-U", "care", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([initdb, *words, "-D", str(data)], check=True, **run)
        options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync=off -c max_connections=200"
        start = [control, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"]
        subprocess.run(start, check=True, **run)
        try:
            yield f"postgresql://care@127.0.0.1:{port}"
        finally:
            subprocess.run([control, "-D", str(data), "-m", "immediate", "stop"], check=True, **run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Vault]:
    """An SQLite database with all tables and the demo clinics, made once, and its keys."""
    file = tmp_path_factory.mktemp("template") / "care.db"
    vault = Vault(new_keyring())
    store = Store(f"sqlite:///{file}")
    upkeep.upgrade(store)
    store_clinics(Desk(store, vault), OPERATOR, demo_drafts())
    with store.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return file, vault


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str, template: tuple[Path, Vault]) -> str:
    """The name of the same database on PostgreSQL, to be copied."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    _execute(postgresql_server, f'CREATE DATABASE "{name}"')
    store = Store(f"{postgresql_server}/{name}")
    upkeep.upgrade(store)
    store_clinics(Desk(store, template[1]), OPERATOR, demo_drafts())
    store.close()
    return name


def _execute(server: str, statement: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    return str(request.param)


@pytest.fixture
def empty_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgresql_server")
    name = f"test_{uuid.uuid4().hex[:12]}"
    _execute(server, f'CREATE DATABASE "{name}"')
    yield f"{server}/{name}"
    _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database_url(
    database_kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    template: tuple[Path, Vault],
) -> Iterator[str]:
    """A database of each kind with all tables and the demo clinics."""
    if database_kind == "sqlite":
        shutil.copy(template[0], tmp_path / "care.db")
        yield f"sqlite:///{tmp_path / 'care.db'}"
        return
    server = request.getfixturevalue("postgresql_server")
    source = request.getfixturevalue("postgresql_template")
    name = f"test_{uuid.uuid4().hex[:12]}"
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    yield f"{server}/{name}"
    _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(database_url: str, template: tuple[Path, Vault], clock: Clock) -> Iterator[Desk]:
    """Demo clinics, Monday morning."""
    store = Store(database_url)
    yield Desk(store, template[1], clock)
    store.close()


@pytest.fixture
def sqlite_desk(tmp_path: Path, template: tuple[Path, Vault], clock: Clock) -> Iterator[Desk]:
    """The same, for tests of rules that no database can change."""
    shutil.copy(template[0], tmp_path / "rules.db")
    store = Store(f"sqlite:///{tmp_path / 'rules.db'}")
    yield Desk(store, template[1], clock)
    store.close()
