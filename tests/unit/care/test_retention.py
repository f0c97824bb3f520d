"""What is over is deleted, and nothing else; on both databases."""

from __future__ import annotations

import os
from dataclasses import replace

from sqlmodel import func, select

from cardioalert.care import accounts, repeating, retention
from cardioalert.care.desk import OPERATOR
from cardioalert.care.records import add_file, ecg_files
from cardioalert.store.people_tables import LoginCode, Token
from cardioalert.store.record_tables import EcgFile, StoredAnswer


def counted(desk, table) -> int:
    with desk.store.reading() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_each_thing_goes_when_its_time_is_over(desk, clock, tmp_path):
    desk = replace(desk, files=tmp_path / "files")
    tokens = accounts.guest(desk)
    person = accounts.who(desk, tokens.access)
    accounts.ask_code(desk, "+998901234567")
    repeating.begin(desk, person, repeating.Asked(key="POST /v1/quiz 1", body="b"))
    add_file(desk, OPERATOR, person.patient_id, b"ecg", kind="record")
    lost = ecg_files(desk) / ("f" * 32)
    lost.write_bytes(b"half an upload")
    long_ago = clock.now.timestamp() - 10 * 86_400
    for path in ecg_files(desk).iterdir():
        os.utime(path, (long_ago, long_ago))
    kept = {"stored_answer": 0, "login_code": 0, "token": 0, "break_glass": 0, "file": 0}
    assert retention.tidy(desk) == kept | {"file": 1}
    assert not lost.exists()
    assert len(list(ecg_files(desk).iterdir())) == counted(desk, EcgFile) == 1
    clock.forward(days=1, hours=1)
    assert retention.tidy(desk) == kept | {"stored_answer": 1, "login_code": 1}
    assert counted(desk, StoredAnswer) == counted(desk, LoginCode) == 0
    assert counted(desk, Token) == 2
    clock.forward(days=60)
    assert retention.tidy(desk) == kept | {"token": 2}
    assert len(list(ecg_files(desk).iterdir())) == 1  # a record of care stays


def test_every_rule_names_a_column_that_is_there():
    for rule in retention.rules():
        assert rule.days > 0
        if rule.what != "file":
            assert rule.since in retention.TABLES[rule.what].__table__.c
