"""The manifest: which files there are, what they hold, and what has been scored.

It alone owns the state of a run. A file row says what a scan saw; a content row stands for the
bytes of one ECG, whatever its names, and moves from `pending` to `done` or `failed` in one
transaction with the place of its result in the shards. SQLite beside the results is the default; a
PostgreSQL URL serves as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cardioalert.archive.entries import Entry, entry_of
from cardioalert.archive.identify import Identified, content_name
from cardioalert.archive.outcome import Job, Outcome
from cardioalert.store.engine import Store

FILE_NAME: Final = "manifest.sqlite"
PENDING: Final = "pending"
DONE: Final = "done"
FAILED: Final = "failed"

Row = dict[str, Any]
_Item = TypeVar("_Item")

_PATH: Final = "{path}"  # stands for the name in the message of a content, which may have several
_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")  # of objects, in messages of libraries
_CHUNK: Final = 500  # rows a statement; databases limit the number of parameters
_NAMES_A_QUERY: Final = 2000  # they travel as one parameter
_META: Final = sa.MetaData()
_NAME: Final = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text in the order of its bytes, on every database: the order of the tables depends on it."""

FILES: Final = sa.Table(
    "file",
    _META,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("locator", _NAME, nullable=False, unique=True),
    sa.Column("stem", _NAME, nullable=False, index=True),  # the locator without its page
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("modified", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("content", _NAME, nullable=False, index=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("gone", sa.Boolean, nullable=False),  # the last scan did not see it
)
CONTENTS: Final = sa.Table(
    "content",
    _META,
    sa.Column("id", _NAME, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("locator", _NAME, nullable=False, index=True),  # first of its names
    sa.Column("copies", sa.Integer, nullable=False, index=True),  # none: not in the last scan
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


_UNCHANGED: Final = sa.text(
    "SELECT group_concat(file.id) FROM json_each(:known) AS known"
    " CROSS JOIN file ON file.locator = known.key"
    " WHERE file.size || ':' || file.modified = known.value AND file.code = '' AND NOT file.gone"
)
"""The numbers of the files whose size and time are those of a list (SQLite)."""


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
        """Open or make the manifest: a file, or the URL of a database.

        Raises
        ------
        StoreError, MissingLibraryError
            The URL names no database, or its library is not installed.
        """
        is_url = "://" in str(where)
        self._store = Store(str(where) if is_url else f"sqlite:///{Path(where).absolute()}")
        self._engine = self._store.engine
        _META.create_all(self._engine)
        self._met = bytearray()  # by the number of a file: whether this scan has met it
        self._changed = False

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    # ---- The inventory ---------------------------------------------------------------------------

    def begin_scan(self) -> None:
        """Begin to look through the archive anew."""
        self._met = bytearray()
        self._changed = False

    def unchanged(self, stamps: Mapping[str, tuple[int, int]]) -> set[str]:
        """Return which files have the size and time that the manifest knows; they are met.

        Parameters
        ----------
        stamps : size in bytes and time of change in ns, by the locators of files, without pages
        """
        columns = (FILES.c.id, FILES.c.locator, FILES.c.size, FILES.c.modified, FILES.c.gone)
        query = sa.select(*columns).where(self._among(FILES.c.locator), FILES.c.code == "")
        same: set[str] = set()
        revived: list[int] = []
        with self._engine.connect() as connection:
            for chunk in _chunks(stamps, _NAMES_A_QUERY):
                numbers = self._numbers_if_unchanged(connection, chunk, stamps)
                if numbers:
                    same.update(chunk)
                    for number in numbers:
                        self._meet(number)
                    continue
                rows = connection.execute(query, {"among": self._listed(chunk)}).all()
                for number, locator, size, modified, gone in rows:
                    if stamps[locator] == (size, modified):
                        same.add(locator)
                        self._meet(number)
                        if gone:
                            revived.append(number)
        self._set_gone(revived, gone=False)
        return same

    def _numbers_if_unchanged(
        self, connection: sa.Connection, chunk: list[str], stamps: Mapping[str, tuple[int, int]]
    ) -> list[int]:
        """Return the numbers of files if all are as the manifest knows them, else nothing.

        The usual case of a run that goes on. The database compares, so that no row of a million has
        to become an object.
        """
        if not self._store.is_sqlite:
            return []
        known = {name: f"{size}:{modified}" for name in chunk for size, modified in [stamps[name]]}
        answer = connection.execute(_UNCHANGED, {"known": json.dumps(known)}).scalar()
        numbers = list(map(int, answer.split(","))) if answer else []
        return numbers if len(numbers) == len(chunk) else []

    def add(self, rows: Iterable[Identified]) -> None:
        """Write what an inventory found; an ECG that is new waits to be scored."""
        files, contents = [], {}
        for row in rows:
            files.append(
                {
                    "locator": row.entry.locator,
                    "stem": Entry(row.entry.path, row.entry.member).locator,
                    "size": row.size,
                    "modified": row.modified,
                    "kind": row.kind,
                    "content": row.content,
                    "code": row.code,
                    "message": _printable(row.message),
                    "gone": False,
                }
            )
            if row.content:
                contents[row.content] = _new_content(row.content, row.kind, row.entry.locator)
        with self._engine.begin() as connection:
            self._upsert(connection, FILES, files, renew=True)
            self._upsert(connection, CONTENTS, list(contents.values()), renew=False)
            numbers = sa.select(FILES.c.id).where(self._among(FILES.c.locator))
            for chunk in _chunks((str(row["locator"]) for row in files), _NAMES_A_QUERY):
                for (number,) in connection.execute(numbers, {"among": self._listed(chunk)}):
                    self._meet(number)
        self._changed = self._changed or bool(files)

    def end_scan(self) -> None:
        """Leave out what was not met, count the copies of each ECG, and add further pages."""
        first_pages = (~FILES.c.gone, FILES.c.stem == FILES.c.locator)
        with self._engine.connect() as connection:
            present = connection.execute(sa.select(sa.func.count()).where(*first_pages)).scalar()
        if present != self._met.count(1):  # all that was met is present, so some were not met
            rows = self._stream(sa.select(FILES.c.id).where(*first_pages))
            self._set_gone([id_ for (id_,) in rows if not self._has_met(id_)], gone=True)
        if self._changed:
            self._follow_with_pages()
            self._spread_pages()
            self.name_contents()

    def _meet(self, number: int) -> None:
        """Note that this scan has met a file."""
        if number >= len(self._met):
            self._met.extend(bytes(number + 1 - len(self._met) + _CHUNK))
        self._met[number] = 1

    def _has_met(self, number: int) -> bool:
        return number < len(self._met) and bool(self._met[number])

    def _set_gone(self, numbers: Sequence[int], *, gone: bool) -> None:
        """Leave files out, or take them in again."""
        for chunk in _chunks(numbers):
            with self._engine.begin() as connection:
                connection.execute(FILES.update().where(FILES.c.id.in_(chunk)).values(gone=gone))
        self._changed = self._changed or bool(numbers)

    def _follow_with_pages(self) -> None:
        """Let further pages share the fate of their file."""
        file = FILES.alias("first_page")
        with self._engine.begin() as connection:
            connection.execute(
                FILES.update()
                .where(FILES.c.stem != FILES.c.locator, file.c.locator == FILES.c.stem)
                .values(gone=file.c.gone)
            )

    def name_contents(self, contents: Sequence[str] | None = None) -> None:
        """Choose the first name of each ECG of this scan and count its copies."""
        of_scan = sa.select(
            FILES.c.content,
            sa.func.min(FILES.c.locator).label("first"),
            sa.func.count().label("copies"),
        ).where(~FILES.c.gone, FILES.c.content != "")
        if contents is not None:
            of_scan = of_scan.where(FILES.c.content.in_(contents))
        named = of_scan.group_by(FILES.c.content).subquery()
        alive = sa.exists().where(FILES.c.content == CONTENTS.c.id, ~FILES.c.gone)
        with self._engine.begin() as connection:
            if contents is None:  # it looks at every ECG; new pages leave none without a file
                connection.execute(
                    CONTENTS.update().where(CONTENTS.c.copies > 0, ~alive).values(copies=0)
                )
            connection.execute(
                CONTENTS.update()
                .where(CONTENTS.c.id == named.c.content)
                .values(locator=named.c.first, copies=named.c.copies)
            )

    def _spread_pages(self, contents: Sequence[str] | None = None) -> None:
        """Give each further page of a file a row of its own."""
        query = sa.select(FILES, CONTENTS.c.pages).join(CONTENTS, CONTENTS.c.id == FILES.c.content)
        query = query.where(CONTENTS.c.pages > 1, ~FILES.c.gone)
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
            self.name_contents([page.content for page in pages])

    # ---- What is left ----------------------------------------------------------------------------

    def retry_failed(self) -> None:
        """Let what failed be tried again."""
        with self._engine.begin() as connection:
            connection.execute(
                CONTENTS.update()
                .where(CONTENTS.c.copies > 0, CONTENTS.c.status == FAILED)
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
            .where(CONTENTS.c.copies > 0, _left(version))
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
            .where(CONTENTS.c.copies > 0, _left(version))
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
            .where(CONTENTS.c.copies > 0, CONTENTS.c.status == DONE)
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
                ~FILES.c.gone,
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
            .where(~FILES.c.gone, FILES.c.locator != CONTENTS.c.locator)
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
            .where(~FILES.c.gone, FILES.c.code == "")
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

    def leave_out_all(self) -> None:
        """Count nothing as seen until it is added or absorbed."""
        with self._engine.begin() as connection:
            connection.execute(FILES.update().values(gone=True))

    def absorb(self, part: Manifest, *, first_shard: int) -> None:
        """Take up what the last scan of another manifest found and scored.

        Parameters
        ----------
        part : Manifest
        first_shard : int
            The number that the first of its shards has here.
        """
        files = sa.select(FILES).where(~FILES.c.gone)
        contents = sa.select(CONTENTS).where(CONTENTS.c.copies > 0)
        for rows in part._partitions(files):
            with self._engine.begin() as connection:
                self._upsert(connection, FILES, rows, renew=True)
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

    def _among(self, column: sa.Column[str]) -> sa.ColumnElement[bool]:
        """Return the condition that a column is one of the values of the parameter `among`.

        A list of its own parameters would be compiled again for each query, which takes longer than
        the query.
        """
        if self._store.is_sqlite:
            return column.in_(sa.text("SELECT value FROM json_each(:among)"))
        return column == sa.func.any(sa.bindparam("among", type_=postgresql.ARRAY(sa.Text)))

    def _listed(self, values: Sequence[str]) -> str | Sequence[str]:
        """Return the parameter `among`."""
        return json.dumps(values) if self._store.is_sqlite else values

    def _stream(self, query: sa.Select[Any]) -> Iterator[Any]:
        """Run a query whose answer may be larger than the memory."""
        with self._engine.connect() as connection:
            yield from connection.execution_options(yield_per=2 * _CHUNK).execute(query)

    def _partitions(self, query: sa.Select[Any]) -> Iterator[list[Row]]:
        """Return the rows of a query some at a time."""
        with self._engine.connect() as connection:
            answer = connection.execution_options(yield_per=_CHUNK).execute(query)
            for rows in answer.partitions():
                kept = [dict(row._mapping) for row in rows]
                for row in kept:
                    if "stem" in row:  # the numbers of files are those of one manifest
                        del row["id"]
                yield kept

    def _upsert(
        self, connection: sa.Connection, table: sa.Table, rows: list[Row], *, renew: bool
    ) -> None:
        """Insert rows; one that exists is renewed, or left as it is."""
        insert: Any = sqlite.insert if self._store.is_sqlite else postgresql.insert
        statement = insert(table)
        key = ["locator" if table is FILES else "id"]
        if renew:
            changed = {
                c.name: statement.excluded[c.name] for c in table.c if c.name not in (*key, "id")
            }
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
    """Return a message that any database can hold and that is the same in every run."""
    text = message.encode(errors="backslashreplace").decode().replace("\0", "\\0")
    return _ADDRESS.sub("", text)


def _chunks(items: Iterable[_Item], most: int = _CHUNK) -> Iterator[list[_Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, most)):
        yield chunk
