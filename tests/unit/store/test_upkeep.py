"""The database comes up to date, goes into a backup and comes back, and says what is broken."""

from __future__ import annotations

import stat

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import SQLModel

from cardioalert.care import booking, patients
from cardioalert.care.desk import OPERATOR, Desk
from cardioalert.errors import FileMissingError, SchemaError, StoreError
from cardioalert.store import upkeep
from cardioalert.store.engine import Store
from tests.databases import program


def test_head_is_the_newest_migration():
    folder = ScriptDirectory(str(upkeep.Path(upkeep.__file__).parent / "migrations"))
    assert folder.get_heads() == [upkeep.HEAD]


def test_migrations_make_the_tables_of_the_program(desk):
    with desk.store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_an_empty_database_is_refused_until_it_is_upgraded(empty_url):
    store = Store(empty_url)
    with pytest.raises(SchemaError, match="None"):
        upkeep.require_current(store)
    assert upkeep.upgrade(store)
    assert not upkeep.upgrade(store)
    upkeep.require_current(store)
    store.close()


def test_a_whole_database_has_no_problems(desk):
    found = upkeep.check(desk.store)
    assert found["current"]
    assert found["problems"] == []
    assert found["rows"]["clinic"] == 6


def test_a_backup_is_restored(desk: Desk, tmp_path):
    if not desk.store.is_sqlite and program("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    with desk.store.writing() as session:
        patients.register(desk, session, {"name": "Oʻktam"}, patient_id="kept")
    copy = tmp_path / "copy.backup"
    upkeep.backup(desk.store, copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with desk.store.writing() as session:
        patients.register(desk, session, {"name": "Later"}, patient_id="lost")
    slot = "demo-tashkent-1-ecg.20261130T0400Z"
    booking.make(desk, OPERATOR, booking.Request(slot_id=slot, patient_id="lost"))
    upkeep.restore(desk.store, copy)
    upkeep.require_current(desk.store)
    with desk.store.reading() as session:
        assert patients.open_person(desk, patients.get(session, "kept")).name == "Oʻktam"
        assert session.get(patients.Patient, "lost") is None
        assert booking.list_bookings(session) == []
    assert upkeep.check(desk.store)["problems"] == []


def test_what_is_no_backup_is_refused(sqlite_desk, tmp_path):
    with pytest.raises(FileMissingError):
        upkeep.restore(sqlite_desk.store, tmp_path / "missing.db")
    other = tmp_path / "other.txt"
    other.write_text("hello")
    with pytest.raises(StoreError, match="no SQLite"):
        upkeep.restore(sqlite_desk.store, other)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_the_audit(desk, statement):
    with pytest.raises(Exception, match="append-only"), desk.store.writing() as session:
        session.connection().execute(text(statement))


@pytest.mark.parametrize("url", ["nonsense", "mongodb://x/y"])
def test_a_url_of_no_database_is_an_error(url):
    with pytest.raises(StoreError):
        Store(url)


def test_a_server_that_does_not_answer_is_an_error_without_its_password():
    pytest.importorskip("psycopg")
    store = Store("postgresql://care:geheim@127.0.0.1:1/care")
    with pytest.raises(StoreError) as caught, store.reading() as session:
        session.connection()
    assert "geheim" not in str(caught.value)
