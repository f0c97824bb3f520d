"""Nobody can edit, delete, insert, reorder or cut off audit rows unseen."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from cardioalert.care.desk import OPERATOR
from cardioalert.security.keys import new_keyring
from cardioalert.store import audit


@pytest.fixture
def chain(desk):
    """Ten rows; the triggers are gone, as for somebody who owns the database."""
    store, keys = desk.store, desk.vault.ring.audit
    with store.writing() as session:
        for number in range(9):  # the import of the demo clinics is the first
            event = audit.Event(actor=f"a{number}", role="doctor", action="read", object="x")
            audit.append(session, event, key_id=keys.current, key=keys.key)
    with store.writing() as session:
        if store.is_sqlite:
            for action in ("update", "delete"):
                session.connection().execute(text(f"DROP TRIGGER audit_no_{action}"))
        else:
            session.connection().execute(text("DROP TRIGGER audit_no_change ON audit"))
    return store, keys.keys


def verify(chain, external=None):
    store, keys = chain
    with store.reading() as session:
        return audit.verify(session, keys, external)


def tamper(chain, *statements):
    with chain[0].writing() as session:
        for statement in statements:
            session.connection().execute(text(statement))


def test_a_whole_chain(chain):
    assert verify(chain) == audit.Verdict(10, None)


@pytest.mark.parametrize(
    ("statements", "row"),
    [
        (["UPDATE audit SET actor = 'b' WHERE number = 4"], 4),
        (["DELETE FROM audit WHERE number = 6"], 6),
        (["DELETE FROM audit WHERE number = 6",
          "UPDATE audit SET number = number - 1 WHERE number > 6"], 6),
        (["UPDATE audit SET number = -1 WHERE number = 2",
          "UPDATE audit SET number = 2 WHERE number = 3",
          "UPDATE audit SET number = 3 WHERE number = -1"], 2),
        (["UPDATE audit SET number = 11 WHERE number = 10",
          "INSERT INTO audit SELECT 10, at, 'new', role, tenant, action, object, patient_id,"
          " purpose, result, request_id, key_id, link FROM audit WHERE number = 9"], 10),
    ],
    ids=["edit", "delete", "delete and renumber", "reorder", "insert"],
)  # fmt: skip
def test_the_first_broken_row_is_named(chain, statements, row):
    tamper(chain, *statements)
    assert verify(chain).broken_at == row


def test_rows_cut_off_at_the_end_are_seen_with_an_exported_head(chain):
    with chain[0].reading() as session:
        head = audit.head(session)
    tamper(chain, "DELETE FROM audit WHERE number > 8")
    assert verify(chain).broken_at is None
    assert verify(chain, head).broken_at == 9


def test_a_chain_goes_on_with_a_new_key(chain):
    store, keys = chain
    fresh = new_keyring().audit.key
    with store.writing() as session:
        event = audit.Event(actor="b", role="doctor", action="read", object="x")
        audit.append(session, event, key_id="audit-2", key=fresh)
    assert verify((store, {**keys, "audit-2": fresh})).broken_at is None
    assert "audit-2" in verify((store, keys)).reason


def test_two_writers_make_one_chain(desk):
    def write():
        for _ in range(15):
            with desk.store.writing() as session:
                desk.note(session, OPERATOR, "test", "x")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with desk.store.reading() as session:
        verdict = audit.verify(session, desk.vault.ring.audit.keys)
    assert verdict == audit.Verdict(61, None)  # and the import of the demo clinics
