"""Where reports go, what they are made of, and what is refused before any work is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cardioalert_cli.app import main

from tests.made_report import built_content


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """An analysis that was stored with --explain."""
    path = tmp_path / "ecg.json"
    path.write_text(json.dumps(built_content()), encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["html", "pdf", "HTM"])
def test_the_ending_chooses_the_kind(stored, tmp_path, ending):
    target = tmp_path / f"report.{ending}"
    assert main(["report", str(stored), "-o", str(target)]) == 0
    assert target.read_bytes().startswith(b"%PDF" if ending == "pdf" else b"<!DOCTYPE html>")


def test_a_report_can_compare(stored, tmp_path):
    target = tmp_path / "report.html"
    assert main(["report", str(stored), "-o", str(target), "--previous", str(stored)]) == 0
    assert "Comparison with the previous ECG" in target.read_text(encoding="utf-8")


def test_a_stored_analysis_keeps_its_language(tmp_path, capsys):
    path, target = tmp_path / "ecg.json", tmp_path / "report.html"
    path.write_text(json.dumps(built_content() | {"language": "ru"}), encoding="utf-8")
    assert main(["report", str(path), "-o", str(target), "--lang", "uz"]) == 0
    assert '<html lang="ru">' in target.read_text(encoding="utf-8")
    assert "ru" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", "ecg.hea", "--report", "report.docx"],
        ["analyze", "ecg.hea", "--report", "no/such/folder/report.pdf"],
        ["analyze", "ecg.hea", "--previous", "old.json"],
        ["analyze", "a.hea", "b.hea", "--report", "report.pdf"],
        ["report", "ecg.json", "-o", "report"],
    ],
)
def test_what_cannot_work_is_refused_before_the_work(pipeline, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert pipeline.calls == []


def test_analyze_writes_a_report_of_each_input(pipeline, tmp_path, capsys):
    assert main(["analyze", "a.hea", "b.jpg", "--report", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_report.pdf", "b_report.pdf"]


def test_a_page_that_was_refused_leaves_no_report(pipeline, tmp_path, capsys):
    target = tmp_path / "report.pdf"
    assert main(["analyze", "holiday.jpg", "--report", str(target)]) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_in_a_file_is_no_report(tmp_path, capsys):
    path, target = tmp_path / "ecg.json", tmp_path / "report.pdf"
    path.write_text('{"error": {"code": "grid-not-found", "message": "no grid"}}')
    assert main(["report", str(path), "-o", str(target)]) == 4
    assert not target.exists()
    assert "there is nothing to report" in capsys.readouterr().err


def test_json_names_its_language(pipeline, capsys):
    main(["analyze", "ecg.hea", "--json", "--lang", "uz"])
    assert json.loads(capsys.readouterr().out)["language"] == "uz"
