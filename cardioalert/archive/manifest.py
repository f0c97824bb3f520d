"""The manifest: which files there are, what they hold, and what has been scored.

It alone owns the state of a run. A file row says what a scan saw; a content row stands for the
bytes of one ECG, whatever its names, and moves from `pending` to `done` or `failed` in one
transaction with the place of its result in the shards. SQLite beside the results is the default; a
PostgreSQL URL serves as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cardioalert.archive.entries import Entry, entry_of
from cardioalert.archive.identify import Identified, content_name
from cardioalert.archive.outcome import Job, Outcome

FILE_NAME: Final = "manifest.sqlite"
PENDING: Final = "pending"
DONE: Final = "done"
FAILED: Final = "failed"

Row = dict[str, Any]

_PATH: Final = "{path}"  # stands for the name in the message of a content, which may have several
_CHUNK: Final = 500  # rows a statement; databases limit the number of parameters
_META: Final = sa.MetaData()
_NAME: Final = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text in the order of its bytes, on every database: the order of the tables depends on it."""

FILES: Final = sa.Table(
    "file",
    _META,
    sa.Column("locator", _NAME, primary_key=True),
    sa.Column("stem", _NAME, nullable=False, index=True),  # the locator without its page
    sa.Column("container", _NAME, nullable=False, index=True),  # the ZIP or tar, or empty
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("modified", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("content", _NAME, nullable=False, index=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
)
CONTENTS: Final = sa.Table(
    "content",
    _META,
    sa.Column("id", _NAME, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("locator", _NAME, nullable=False, index=True),  # first of its names
    sa.Column("copies", sa.Integer, nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("shard", sa.Integer, nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("length", sa.Integer, nullable=False),
)
RUNS: Final = sa.Table("scan", _META, sa.Column("number", sa.Integer, primary_key=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a line stands: the number of its shard, its first byte and its length."""

    shard: int
    start: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One ECG of the current scan that has a result."""

    content: str
    kind: str
    locator: str
    copies: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One file of the current scan that could not be scored."""

    locator: str
    code: str
    message: str


class Manifest:
    """An open manifest; use it as a context manager."""

    def __init__(self, where: str | Path) -> None:
        """Open or make the manifest: a file, or the URL of a database."""
        url = str(where) if "://" in str(where) else f"sqlite:///{Path(where).absolute()}"
        self._engine = sa.create_engine(url)
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        if self._is_sqlite:
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
        _META.create_all(self._engine)
        with self._engine.connect() as connection:
            newest = connection.execute(sa.select(sa.func.max(RUNS.c.number))).scalar()
        self.scan: int = newest or 0

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    # ---- The inventory ---------------------------------------------------------------------------

    def begin_scan(self) -> None:
        """Begin to look through the archive anew; rows that are not seen again do not count."""
        with self._engine.begin() as connection:
            connection.execute(RUNS.insert().values(number=self.scan + 1))
        self.scan += 1

    def unchanged(self, locators: Sequence[str], stamps: Mapping[str, tuple[int, int]]) -> set[str]:
        """Return which files have the size and time that the manifest knows, and mark them seen.

        Parameters
        ----------
        locators : of files, without pages
        stamps : size in bytes and time of change in ns, by locator
        """
        same: set[str] = set()
        with self._engine.begin() as connection:
            for chunk in _chunks(locators):
                known = connection.execute(
                    sa.select(FILES.c.locator, FILES.c.size, FILES.c.modified).where(
                        FILES.c.locator.in_(chunk), FILES.c.code == ""
                    )
                )
                kept = [
                    row.locator for row in known if stamps[row.locator] == (row.size, row.modified)
                ]
                connection.execute(
                    FILES.update().where(FILES.c.stem.in_(kept)).values(seen=self.scan)
                )
                same.update(kept)
        return same

    def add(self, rows: Iterable[Identified]) -> None:
        """Write what an inventory found; an ECG that is new waits to be scored."""
        files, contents = [], {}
        for row in rows:
            entry = Entry(row.entry.path, row.entry.member)
            files.append(
                {
                    "locator": row.entry.locator,
                    "stem": entry.locator,
                    "container": row.entry.path if row.entry.member else "",
                    "size": row.size,
                    "modified": row.modified,
                    "kind": row.kind,
                    "content": row.content,
                    "code": row.code,
                    "message": _printable(row.message),
                    "seen": self.scan,
                }
            )
            if row.content:
                contents[row.content] = _new_content(row.content, row.kind, row.entry.locator)
        with self._engine.begin() as connection:
            self._upsert(connection, FILES, files, renew=True)
            self._upsert(connection, CONTENTS, list(contents.values()), renew=False)

    def end_scan(self) -> None:
        """Count the copies of each ECG, choose the first of its names, and add further pages."""
        self._spread_pages()
        self._name_contents()

    def _name_contents(self, contents: Sequence[str] | None = None) -> None:
        """Choose the first name of each ECG of this scan and count its copies."""
        of_scan = sa.select(
            FILES.c.content,
            sa.func.min(FILES.c.locator).label("first"),
            sa.func.count().label("copies"),
        ).where(FILES.c.seen == self.scan, FILES.c.content != "")
        if contents is not None:
            of_scan = of_scan.where(FILES.c.content.in_(contents))
        named = of_scan.group_by(FILES.c.content).subquery()
        with self._engine.begin() as connection:
            connection.execute(
                CONTENTS.update()
                .where(CONTENTS.c.id == named.c.content)
                .values(seen=self.scan, locator=named.c.first, copies=named.c.copies)
            )

    def _spread_pages(self, contents: Sequence[str] | None = None) -> None:
        """Give each further page of a file a row of its own."""
        query = sa.select(FILES, CONTENTS.c.pages).join(CONTENTS, CONTENTS.c.id == FILES.c.content)
        query = query.where(CONTENTS.c.pages > 1, FILES.c.seen == self.scan)
        if contents is not None:
            query = query.where(CONTENTS.c.id.in_(contents))
        with self._engine.connect() as connection:
            found = connection.execute(query).all()
        pages = [
            Identified(
                entry=replace(entry_of(row.locator), page=page),
                size=row.size,
                modified=row.modified,
                kind=row.kind,
                content=content_name(row.content, page),
            )
            for row in found
            for page in range(1, row.pages)
        ]
        self.add(pages)
        if contents is not None:
            self._name_contents([page.content for page in pages])

    # ---- What is left ----------------------------------------------------------------------------

    def retry_failed(self) -> None:
        """Let what failed be tried again."""
        with self._engine.begin() as connection:
            connection.execute(
                CONTENTS.update()
                .where(CONTENTS.c.seen == self.scan, CONTENTS.c.status == FAILED)
                .values(status=PENDING)
            )

    def pending(self, version: str) -> Iterator[Job]:
        """Return what is left to score, in the order of the names.

        Further pages that are found meanwhile may come before the place reached: ask again.

        Parameters
        ----------
        version : str
            Of the software: what another version scored is scored again.
        """
        query = (
            sa.select(CONTENTS.c.id, CONTENTS.c.kind, CONTENTS.c.locator)
            .where(CONTENTS.c.seen == self.scan, _left(version))
            .order_by(CONTENTS.c.locator)
            .limit(2 * _CHUNK)
        )
        last = ""
        while True:
            with self._engine.connect() as connection:
                rows = connection.execute(query.where(CONTENTS.c.locator > last)).all()
            if not rows:
                return
            last = rows[-1].locator
            yield from (Job(content=row.id, kind=row.kind, locator=row.locator) for row in rows)

    def count_pending(self, version: str) -> dict[str, int]:
        """Return how many ECGs of each kind are left to score."""
        query = (
            sa.select(CONTENTS.c.kind, sa.func.count())
            .where(CONTENTS.c.seen == self.scan, _left(version))
            .group_by(CONTENTS.c.kind)
        )
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    # ---- Results ---------------------------------------------------------------------------------

    def record(self, outcomes: Sequence[tuple[Outcome, Place | None]], version: str) -> None:
        """Write what came of jobs, all of it or nothing."""
        rows = [
            {
                "b_id": outcome.job.content,
                "status": FAILED if place is None else DONE,
                "version": version,
                "code": outcome.code,
                "message": _printable(outcome.message.replace(outcome.job.locator, _PATH)),
                "pages": outcome.pages,
                "seconds": outcome.seconds,
                "shard": -1 if place is None else place.shard,
                "start": 0 if place is None else place.start,
                "length": 0 if place is None else place.length,
            }
            for outcome, place in outcomes
        ]
        if not rows:
            return
        statement = CONTENTS.update().where(CONTENTS.c.id == sa.bindparam("b_id"))
        with self._engine.begin() as connection:
            connection.execute(statement, rows)
        several = [outcome.job.content for outcome, _ in outcomes if outcome.pages > 1]
        if several:
            self._spread_pages(several)

    def end_of_shard(self, shard: int) -> int:
        """Return how many bytes of a shard belong to recorded results."""
        query = sa.select(sa.func.max(CONTENTS.c.start + CONTENTS.c.length)).where(
            CONTENTS.c.shard == shard
        )
        with self._engine.connect() as connection:
            return connection.execute(query).scalar() or 0

    def is_pending(self, content: str, version: str) -> bool:
        """Tell whether a content is known and not yet scored by this version."""
        query = sa.select(CONTENTS.c.status, CONTENTS.c.version).where(CONTENTS.c.id == content)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return row is not None and (row.status == PENDING or row.version != version)

    def scored(self) -> Iterator[Scored]:
        """Return the ECGs of this scan that have a result, in the order of their names."""
        query = (
            sa.select(CONTENTS)
            .where(CONTENTS.c.seen == self.scan, CONTENTS.c.status == DONE)
            .order_by(CONTENTS.c.locator)
        )
        for row in self._stream(query):
            place = Place(shard=row.shard, start=row.start, length=row.length)
            yield Scored(
                content=row.id,
                kind=row.kind,
                locator=row.locator,
                copies=row.copies,
                place=place,
            )

    def refused(self) -> Iterator[Refused]:
        """Return the files of this scan that could not be scored, in the order of their names."""
        code = sa.case((FILES.c.code != "", FILES.c.code), else_=CONTENTS.c.code)
        message = sa.case((FILES.c.code != "", FILES.c.message), else_=CONTENTS.c.message)
        query = (
            sa.select(FILES.c.locator, code.label("code"), message.label("message"))
            .outerjoin(CONTENTS, CONTENTS.c.id == FILES.c.content)
            .where(
                FILES.c.seen == self.scan,
                sa.or_(FILES.c.code != "", CONTENTS.c.status == FAILED),
            )
            .order_by(FILES.c.locator)
        )
        for row in self._stream(query):
            message = row.message.replace(_PATH, row.locator)
            yield Refused(locator=row.locator, code=row.code, message=message)

    def copies(self) -> Iterator[tuple[str, str]]:
        """Return each file that holds the same ECG as another one, with the first of its names."""
        query = (
            sa.select(FILES.c.locator, CONTENTS.c.locator.label("first"))
            .join(CONTENTS, CONTENTS.c.id == FILES.c.content)
            .where(FILES.c.seen == self.scan, FILES.c.locator != CONTENTS.c.locator)
            .order_by(FILES.c.locator)
        )
        for row in self._stream(query):
            yield row.locator, row.first

    def counts(self) -> list[dict[str, Any]]:
        """Return, for each kind, how many files and bytes there are, and how many are distinct."""
        query = (
            sa.select(
                FILES.c.kind,
                sa.func.count().label("files"),
                sa.func.sum(FILES.c.size).label("bytes"),
                sa.func.count(sa.distinct(FILES.c.content)).label("distinct"),
            )
            .where(FILES.c.seen == self.scan, FILES.c.code == "")
            .group_by(FILES.c.kind)
            .order_by(FILES.c.kind)
        )
        with self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def seconds(self) -> dict[str, tuple[int, float]]:
        """Return how many ECGs of each kind were scored, and the processor seconds they took."""
        query = (
            sa.select(CONTENTS.c.kind, sa.func.count(), sa.func.sum(CONTENTS.c.seconds))
            .where(CONTENTS.c.status != PENDING)
            .group_by(CONTENTS.c.kind)
        )
        with self._engine.connect() as connection:
            return {kind: (count, total) for kind, count, total in connection.execute(query)}

    def absorb(self, part: Manifest, *, first_shard: int) -> None:
        """Take up what the last scan of another manifest found and scored.

        Parameters
        ----------
        part : Manifest
        first_shard : int
            The number that the first of its shards has here.
        """
        files = sa.select(FILES).where(FILES.c.seen == part.scan)
        contents = sa.select(CONTENTS).where(CONTENTS.c.seen == part.scan)
        for rows in part._partitions(files):
            with self._engine.begin() as connection:
                taken = [row | {"seen": self.scan} for row in rows]
                self._upsert(connection, FILES, taken, renew=True)
        for rows in part._partitions(contents):
            moved = [
                row | {"shard": row["shard"] + first_shard if row["shard"] >= 0 else -1}
                for row in rows
            ]
            finished = [row for row in moved if row["status"] == DONE]
            others = [row for row in moved if row["status"] != DONE]
            with self._engine.begin() as connection:
                self._upsert(connection, CONTENTS, finished, renew=True)
                self._upsert(connection, CONTENTS, others, renew=False)

    # ---- Machinery -------------------------------------------------------------------------------

    def _stream(self, query: sa.Select[Any]) -> Iterator[Any]:
        """Run a query whose answer may be larger than the memory."""
        with self._engine.connect() as connection:
            yield from connection.execution_options(yield_per=2 * _CHUNK).execute(query)

    def _partitions(self, query: sa.Select[Any]) -> Iterator[list[Row]]:
        """Return the rows of a query some at a time."""
        with self._engine.connect() as connection:
            answer = connection.execution_options(yield_per=_CHUNK).execute(query)
            for rows in answer.partitions():
                yield [dict(row._mapping) for row in rows]

    def _upsert(
        self, connection: sa.Connection, table: sa.Table, rows: list[Row], *, renew: bool
    ) -> None:
        """Insert rows; one that exists is renewed, or left as it is."""
        insert: Any = sqlite.insert if self._is_sqlite else postgresql.insert
        statement = insert(table)
        key = [column.name for column in table.primary_key]
        if renew:
            changed = {c.name: statement.excluded[c.name] for c in table.c if c.name not in key}
            statement = statement.on_conflict_do_update(index_elements=key, set_=changed)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=key)
        if rows:
            connection.execute(statement, rows)


def _left(version: str) -> sa.ColumnElement[bool]:
    """Return the condition of an ECG that this version of the software has not tried."""
    return sa.or_(CONTENTS.c.status == PENDING, CONTENTS.c.version != version)


def _new_content(content: str, kind: str, locator: str) -> dict[str, Any]:
    """Return the row of an ECG that waits to be scored."""
    return {
        "id": content,
        "kind": kind,
        "locator": locator,
        "copies": 1,
        "seen": 0,
        "status": PENDING,
        "version": "",
        "code": "",
        "message": "",
        "pages": 1,
        "seconds": 0.0,
        "shard": -1,
        "start": 0,
        "length": 0,
    }


def _printable(message: str) -> str:
    """Return a message that any database can hold: file names may be arbitrary bytes."""
    return message.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def _chunks(items: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _prepare_sqlite(connection: Any, _: Any) -> None:
    """Let others read while one writes, and survive the death of the writer."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
