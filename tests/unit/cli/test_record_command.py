"""What the app does with a patient's ECGs, by commands."""

from __future__ import annotations

import io
import json
import sys

import pytest
from cardioalert_cli.analysis_job import analyze
from cardioalert_cli.app import main

from cardioalert import write_record
from cardioalert.care import patients, records
from cardioalert.care.desk import Desk
from cardioalert.i18n import use_language
from cardioalert.security.keys import write as write_keys
from tests.built_ecg import built_record


@pytest.fixture
def run(sqlite_desk: Desk, tmp_path, monkeypatch, capsys):
    """Run a command on an installation with one patient; return what it prints."""
    keys = tmp_path / "keys.json"
    write_keys(keys, sqlite_desk.vault.ring)
    monkeypatch.setenv("CARDIOALERT_DATABASE_URL", sqlite_desk.store.url)
    monkeypatch.setenv("CARDIOALERT_KEY_FILE", str(keys))
    monkeypatch.setenv("CARDIOALERT_DATA_DIR", str(tmp_path))
    with sqlite_desk.store.writing() as session:
        patients.register(sqlite_desk, session, {"language": "en"}, patient_id="p1")

    def run_one(*words: str, code: int = 0) -> dict:
        assert main([*words, "--json"]) == code
        told = capsys.readouterr().out.splitlines()
        return json.loads(told[-1]) if told else {}

    return run_one


def test_an_ecg_is_added_analyzed_listed_shown_and_compared(run, sqlite_desk, tmp_path, capsys):
    desk = Desk(sqlite_desk.store, sqlite_desk.vault, files=tmp_path / "files")
    file = tmp_path / "ecg.csv"
    write_record(built_record(), file)
    first = run("record", "add", "p1", str(file))
    assert (first["status"], first["analysis"]) == ("queued", None)
    assert run("record", "add", "p1", str(file))["id"] == first["id"]
    second = run("record", "add", "p1", str(file), "--symptom", "chest-pain")
    assert second["id"] != first["id"]
    with use_language("en"):
        while records.run_job(desk, analyze, owner="w"):
            pass
    rows = run("record", "list", "p1")["analyses"]
    assert sorted(row["urgency"] for row in rows) == ["green", "red"]
    found = {run("record", "job", one["id"])["analysis"] for one in (first, second)}
    assert found == {row["id"] for row in rows}
    by_urgency = {row["urgency"]: row["id"] for row in rows}
    shown = run("record", "show", by_urgency["red"])
    assert shown["patient"]["symptoms"] == ["chest-pain"]
    assert "explanation" not in shown
    compared = run("record", "compare", by_urgency["red"], by_urgency["green"])
    assert compared["findings"]["rows"]
    assert compared["notes"]
    assert main(["record", "compare", by_urgency["red"], by_urgency["green"]]) == 0
    assert "as before" in capsys.readouterr().out
    told = {row["template"] for row in run("record", "messages", "p1")["messages"]}
    assert told == {"result-ready", "result-urgent"}


def test_a_phone_is_remembered_and_what_is_not_there_is_an_error(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"token\n")))
    assert run("record", "phone", "p1")["id"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert "error" in run("record", "phone", "p1", code=3)
    for words in (("list", "p2"), ("messages", "p2"), ("show", "x"), ("job", "x")):
        assert run("record", *words, code=3)["error"]["code"] == "not-found"
