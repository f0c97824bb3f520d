"""Real processes: they are killed, they hang, they run out of memory, and the run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cardioalert
from benchmarks.hostile_files import (
    DEAR,
    KINDS,
    can_be_unreadable,
    plain_user,
    write_hostile_files,
)
from cardioalert.archive.entries import Entry, entry_of
from cardioalert.archive.identify import content_name, fingerprint
from cardioalert.archive.isolation import IsolatedScorer
from cardioalert.archive.outcome import Job
from cardioalert.archive.scoring import score, score_all
from cardioalert.archive.storage import read_entry
from cardioalert.formats.registry import write_record
from cardioalert.isolation import Limits
from tests.built_ecg import built_record
from tests.unit.archive.archives import rows_of, tables

WORKER = """
import os

kept = []

def work(values, data):
    return {"outcomes": [outcome(job["locator"]) for job in values["jobs"]]}, b""

def outcome(name):
    if "dies" in name:
        os.kill(os.getpid(), 11)
    while "hangs" in name:
        pass
    try:
        kept.append(bytearray(300_000_000 if "large" in name else 1))
    except MemoryError:
        return {"code": "memory-limit"}
    return {"line": "{}"}
"""


@pytest.fixture
def scorer(monkeypatch, tmp_path):
    """A scorer whose process breaks down by the name of the file."""
    (tmp_path / "breaking_worker.py").write_text(WORKER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("cardioalert.archive.isolation.TARGET", "breaking_worker:work")
    scorer = IsolatedScorer(Limits(seconds=1))
    yield scorer
    scorer.close()


def job(name: str) -> Job:
    return Job(content="c", kind="dicom", locator=name)


def test_a_file_that_kills_its_process_gets_a_code_and_the_next_is_scored(scorer):
    assert scorer.score(job("good")).line == "{}"
    assert scorer.score(job("dies")).code == "worker-died"
    assert scorer.score(job("good")).line == "{}"


def test_a_file_that_hangs_is_stopped(scorer):
    outcome = scorer.score(job("hangs"))
    assert outcome.code == "worker-timeout"
    assert "1 s" in outcome.message
    assert scorer.score(job("good")).line == "{}"


def test_a_file_that_others_left_no_memory_is_tried_again_alone(monkeypatch, scorer):
    monkeypatch.setattr(scorer._call, "_limits", Limits(seconds=10, megabytes=500))
    outcomes = scorer.score_all([job("large"), job("large, too"), job("good")])
    assert [outcome.line for outcome in outcomes] == ["{}", "{}", "{}"]


def test_a_batch_loses_only_the_file_that_breaks_its_process(scorer):
    outcomes = scorer.score_all([job("good"), job("dies"), job("hangs"), job("good too")])
    assert [each.code for each in outcomes] == ["", "worker-died", "worker-timeout", ""]
    assert [each.job.locator for each in outcomes] == ["good", "dies", "hangs", "good too"]


def test_a_batch_is_scored_as_its_ecgs_are_alone(archive):
    names = ["broken.jpg", *(f"{number:02d}.csv" for number in range(4))]
    jobs = []
    for name in names:
        entry = Entry(str(archive / name))
        content = read_entry(entry)
        kind = "image" if name.endswith("jpg") else "csv"
        sha256, _ = fingerprint(content, entry, kind)
        jobs.append(Job(content=content_name(sha256, 0), kind=kind, locator=entry.locator))
    together = score_all(jobs)
    assert [each.line for each in together] == [score(each).line for each in jobs]
    assert [each.code for each in together] == ["corrupt-file", "", "", "", ""]
    alone = json.loads(json.dumps(cardioalert.analyze(archive / names[1]).to_dict()))
    assert json.loads(together[1].line)["analysis"]["findings"] == alone["findings"]
    assert json.loads(together[1].line)["analysis"]["statements"] == alone["statements"]


@pytest.fixture
def archive(tmp_path) -> Path:
    """Short ECGs, enough for two batches, and one broken file."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(18):
        write_record(
            built_record(heart_rate=50 + number, duration=4.0), folder / f"{number:02d}.csv"
        )
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff" + b"\0" * 400)
    return folder


def test_hostile_files_end_in_quarantine_with_their_codes_and_the_rest_is_scored(tmp_path):
    archive, out = tmp_path / "in", tmp_path / "out"
    archive.mkdir()
    good = {f"good{number}.csv" for number in range(4)}
    for number, name in enumerate(sorted(good)):
        write_record(built_record(heart_rate=60 + number, duration=4.0), archive / name)
    cheap = len(KINDS) - len(DEAR)
    right = write_hostile_files(archive / "hostile", cheap, dear=False)
    if not can_be_unreadable():
        right = {name: codes for name, codes in right.items() if "unreadable" not in name}
    ran = subprocess.run(
        [*plain_user(), *command(archive, out)], check=False, capture_output=True, timeout=300
    )
    assert ran.returncode == 3, ran.stderr
    codes: dict[str, set[str]] = {}
    for row in rows_of(out / "quarantine.csv"):
        codes.setdefault(Path(entry_of(row["path"]).path).name, set()).add(row["code"])
    wrong = {name: codes.get(name) for name in right if not codes.get(name, {""}) <= right[name]}
    assert not wrong
    assert {Path(row["path"]).name for row in rows_of(out / "results.csv")} == good


def command(archive: Path, out: Path) -> list[str]:
    program = "import sys; from cardioalert_cli.app import main; sys.exit(main())"
    words = ["batch", str(archive), "--out", str(out), "--workers", "2"]
    return [sys.executable, "-c", program, *words]


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_tables(archive, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert subprocess.run(command(archive, whole), check=False, capture_output=True).returncode == 3
    shard = parts / "shards" / "00000.jsonl"
    killed = subprocess.Popen(command(archive, parts), stdout=subprocess.DEVNULL)
    while killed.poll() is None and not (shard.exists() and shard.stat().st_size):
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    again = subprocess.run(command(archive, parts), check=False, capture_output=True, text=True)
    assert again.returncode == 3, again.stderr
    assert tables(parts) == tables(whole)
    assert [row["code"] for row in rows_of(whole / "quarantine.csv")] == ["corrupt-file"]
    assert len(rows_of(whole / "results.csv")) == 18
