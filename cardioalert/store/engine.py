"""Open a database by its URL: SQLite or PostgreSQL, with the same promises.

A writing transaction on SQLite begins IMMEDIATE: it waits for its turn at the start instead of
failing in the middle, which is what "database is locked" usually means. Python's own sqlite3 begins
late and deferred, so that is switched off (the recipe of SQLAlchemy's SQLite documentation).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlmodel import Session

from cardioalert.errors import MissingLibraryError, StoreError
from cardioalert.i18n import translate as _

BUSY_TIMEOUT: Final = 60_000  # ms a writer waits for its turn
MOST_CONNECTIONS: Final = 40  # as many as the server has threads: none waits for another
KEPT_CONNECTIONS: Final = 10
POOL: Final[dict[str, Any]] = {
    "pool_size": KEPT_CONNECTIONS, "max_overflow": MOST_CONNECTIONS - KEPT_CONNECTIONS,
}  # fmt: skip


class Store:
    """One database.

    Parameters
    ----------
    url : str
        `sqlite:///path`, or `postgresql://user:password@host/name`.

    Raises
    ------
    StoreError
        The URL names no database this program can use.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.engine = _open(url)
        except (ArgumentError, NoSuchModuleError) as error:
            raise StoreError(
                _(
                    "{shown!r} is no database URL: {kind}",
                    shown=_shown(url),
                    kind=type(error).__name__,
                )
            ) from None
        except ImportError as error:
            raise MissingLibraryError(
                _("the library {name} is not installed", name=error.name),
                hint="pip install 'cardioalert[postgresql]'",
            ) from None

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of its own."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that changes nothing."""
        with _described(self.url), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a transaction: all of it happens, or nothing."""
        engine = self.engine.execution_options(cardioalert_writes=True)
        with (
            _described(self.url),
            Session(engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


@contextmanager
def _described(url: str) -> Iterator[None]:
    """Turn a failing database into an error that says so, without parameters in its text."""
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0] if error.orig else "no answer"
        raise StoreError(_("{shown}: {reason}", shown=_shown(url), reason=reason)) from error
    except NoConnectionError as error:
        raise StoreError(_("{shown}: all connections are in use", shown=_shown(url))) from error


def _shown(url: str) -> str:
    """Return a URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url.rsplit("@", maxsplit=1)[-1]


def _open(url: str) -> Engine:
    """Make the engine."""
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, **POOL)
    file = make_url(url).database
    pool: dict[str, Any] = {}
    if file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(file).touch(mode=0o600)
        pool = POOL
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT / 1000}, **pool
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set up one connection; Python must not begin transactions by itself."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # an answered booking survives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin: writers take their turn now, readers never wait."""
    writes = connection.get_execution_options().get("cardioalert_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
