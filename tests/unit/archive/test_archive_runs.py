"""Runs that are interrupted, repeated, limited: what is written is always the same."""

from __future__ import annotations

import json

import pytest
from filelock import FileLock

from cardioalert.archive import runner
from cardioalert.archive.inventory import Share
from cardioalert.archive.manifest import Manifest
from cardioalert.archive.pseudonyms import read_key
from cardioalert.archive.results import TableFormat
from cardioalert.archive.scoring import software_version
from cardioalert.archive.shards import Shards
from cardioalert.errors import FileMissingError, InputError, RunInProgressError
from tests.unit.archive.archives import AtOnce, make_files, rows_of, run, tables


def test_an_interrupted_run_ends_like_an_uninterrupted_one(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 100)
    whole, parts = AtOnce(), AtOnce()
    run(monkeypatch, whole, tmp_path / "whole", tmp_path / "in")
    for stop in (7, 31, 32, 90):
        parts.stop_after = stop
        with pytest.raises(KeyboardInterrupt):
            run(monkeypatch, parts, tmp_path / "parts", tmp_path / "in")
    parts.stop_after = None
    run(monkeypatch, parts, tmp_path / "parts", tmp_path / "in")
    assert tables(tmp_path / "parts") == tables(tmp_path / "whole")
    assert len(whole.scored) == 100


def test_nothing_is_scored_twice(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 40)
    executor = AtOnce()
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in", limit=16)
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    assert sorted(executor.scored) == sorted(set(executor.scored))
    assert len(executor.scored) == 40


def test_copies_are_scored_once_and_listed(tmp_path, monkeypatch):
    make_files(tmp_path / "in" / "a", 5)
    make_files(tmp_path / "in" / "b", 5)
    executor = AtOnce()
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    assert len(executor.scored) == 5
    rows = rows_of(tmp_path / "out" / "duplicates.csv")
    assert [row["path"] for row in rows] == sorted(str(p) for p in tmp_path.glob("in/b/*"))


def test_files_that_are_gone_leave_the_tables(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 10)
    executor = AtOnce()
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    for path in list((tmp_path / "in").iterdir())[:4]:
        path.unlink()
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["scored"] + summary["refused"] == 6
    assert len(executor.scored) == 10


def test_a_changed_file_is_scored_again(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 3)
    executor = AtOnce()
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    (tmp_path / "in" / "0001.csv").write_text("time_s,I,II\n999999,0,0\n")
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    assert len(executor.scored) == 4


def test_another_version_of_the_software_scores_anew(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 3)
    executor = AtOnce()
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    monkeypatch.setattr("cardioalert.archive.runner.software_version", lambda: "next")
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    assert len(executor.scored) == 6


def test_failures_are_tried_again_only_when_asked(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 60)
    executor = AtOnce()
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    failed = sum(content.startswith("0") for content in executor.scored)
    assert failed > 0
    run(monkeypatch, executor, tmp_path / "out")
    assert len(executor.scored) == 60
    run(monkeypatch, executor, tmp_path / "out", retry=True)
    assert len(executor.scored) == 60 + failed


def test_lines_written_but_not_recorded_are_taken_up(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 30)
    executor = AtOnce()
    record = Manifest.record
    monkeypatch.setattr(Manifest, "record", _die)
    with pytest.raises(RuntimeError):
        run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    monkeypatch.setattr(Manifest, "record", record)
    shard = tmp_path / "out" / "shards" / "00000.jsonl"
    lines = shard.read_bytes().count(b"\n")
    with shard.open("ab") as file:
        file.write(b'{"content": "half a li')
    with Manifest(tmp_path / "out" / "manifest.sqlite") as manifest:
        assert Shards(tmp_path / "out").recover(manifest, software_version()) == lines
    assert shard.read_bytes().endswith(b"}\n")
    adopted = {json.loads(line)["content"] for line in shard.read_bytes().splitlines()}
    before = len(executor.scored)
    run(monkeypatch, executor, tmp_path / "out", tmp_path / "in")
    assert adopted.isdisjoint(executor.scored[before:])


def _die(*_):
    raise RuntimeError("killed between the line and the record")


def test_two_runs_do_not_write_to_one_folder(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".lock"), pytest.raises(RunInProgressError):
        run(monkeypatch, AtOnce(), tmp_path / "out", tmp_path / "in")


def test_every_table_has_a_row_for_each_ecg(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 20)
    run(monkeypatch, AtOnce(), tmp_path / "out", tmp_path / "in")
    rows = rows_of(tmp_path / "out" / "results.csv")
    lines = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    refused = rows_of(tmp_path / "out" / "quarantine.csv")
    assert len(rows) == len(lines) == 20 - len(refused)
    assert rows[0].keys() >= {"path", "urgency", "heart_rate_bpm", "qtc_fridericia_ms"}
    assert json.loads(lines[0])["schema"] == "cardioalert.analysis/1"
    assert json.loads(lines[0])["input"]["path"] == rows[0]["path"]


def test_parquet_holds_the_same_rows(tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    make_files(tmp_path / "in", 20)
    both = (TableFormat.CSV, TableFormat.PARQUET)
    run(monkeypatch, AtOnce(), tmp_path / "out", tmp_path / "in", formats=both)
    table = parquet.read_table(tmp_path / "out" / "results.parquet")
    rows = rows_of(tmp_path / "out" / "results.csv")
    assert table.column("path").to_pylist() == [row["path"] for row in rows]
    assert table.column_names == list(rows[0])


def test_pseudonyms_hide_names_everywhere(tmp_path, monkeypatch):
    make_files(tmp_path / "in" / "Karimova Dilnoza", 20)
    key = read_key(tmp_path / "key")
    out = tmp_path / "out"
    run(monkeypatch, AtOnce(), out, tmp_path / "in", pseudonym_key=key)
    for name, content in tables(out).items():
        assert b"Karimova" not in content, name
        assert b"2019-04" not in content, name
    first = tables(out)["results.csv"]
    run(monkeypatch, AtOnce(), out, tmp_path / "in", pseudonym_key=read_key(tmp_path / "key"))
    assert tables(out)["results.csv"] == first
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_a_key_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "key").write_text("hello")
    with pytest.raises(InputError, match="64 hexadecimal digits"):
        read_key(tmp_path / "key")


def test_names_that_a_spreadsheet_would_run_are_inert(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 1)
    monkeypatch.setattr(
        "cardioalert.archive.pseudonyms.Naming.name", lambda *_: "=cmd|' /C calc'!A0"
    )
    run(monkeypatch, AtOnce(), tmp_path / "out", tmp_path / "in")
    rows = rows_of(tmp_path / "out" / "results.csv")
    assert rows[0]["path"].startswith("'=")


@pytest.mark.parametrize("of", [2, 5])
def test_shares_joined_give_the_tables_of_one_run(tmp_path, monkeypatch, of):
    make_files(tmp_path / "in" / "a", 50)
    make_files(tmp_path / "in" / "b", 10, first=45)
    run(monkeypatch, AtOnce(), tmp_path / "whole", tmp_path / "in")
    parts = []
    for number in range(1, of + 1):
        parts.append(tmp_path / f"part{number}")
        run(monkeypatch, AtOnce(), parts[-1], tmp_path / "in", share=Share(number, of))
    runner.merge_runs(parts, runner.Plan(out=tmp_path / "joined"))
    assert tables(tmp_path / "joined") == tables(tmp_path / "whole")


def test_a_folder_without_a_run_cannot_be_joined(tmp_path):
    with pytest.raises(FileMissingError, match="no run"):
        runner.merge_runs([tmp_path], runner.Plan(out=tmp_path / "joined"))


def test_bulk_fhir_holds_resources_that_refer_to_each_other(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 5)
    run(monkeypatch, AtOnce(), tmp_path / "out", tmp_path / "in", formats=(TableFormat.FHIR,))
    resources = {
        f"{resource['resourceType']}/{resource['id']}": line
        for path in (tmp_path / "out" / "fhir").glob("*.ndjson")
        for line in path.read_text().splitlines()
        for resource in [json.loads(line)]
    }
    scored = json.loads((tmp_path / "out" / "summary.json").read_text())["scored"]
    reports = [line for name, line in resources.items() if name.startswith("DiagnosticReport/")]
    assert len(reports) == scored
    assert not any("urn:uuid:" in line for line in resources.values())
    assert all(
        one["reference"] in resources for line in reports for one in json.loads(line)["result"]
    )


def test_a_manifest_in_any_database_gives_the_same_tables(tmp_path, monkeypatch, empty_url):
    make_files(tmp_path / "in", 60)
    (tmp_path / "in" / "Ж.csv").write_text("time_s,I,II\n77,0,0\n")
    run(monkeypatch, AtOnce(), tmp_path / "file", tmp_path / "in")
    executor = AtOnce()
    executor.stop_after = 20
    with pytest.raises(KeyboardInterrupt):
        run(monkeypatch, executor, tmp_path / "base", tmp_path / "in", database=empty_url)
    executor.stop_after = None
    run(monkeypatch, executor, tmp_path / "base", tmp_path / "in", database=empty_url)
    assert tables(tmp_path / "base") == tables(tmp_path / "file")
    assert len(set(executor.scored)) == 61
