"""What an archive states of its ECGs is understood with care, and compared with what we find."""

from __future__ import annotations

import json

import pytest

from cardioalert.archive.agreement import Comparison
from cardioalert.archive.stated import findings_stated, read_stated
from cardioalert.errors import InputError
from cardioalert.files import FileContent
from cardioalert.formats import sierra_file
from cardioalert.formats.registry import read_record
from tests.unit.archive.archives import AtOnce, make_files, rows_of, run


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        ("Sinus bradycardia", {"bradycardia"}),
        ("ATRIAL FIBRILLATION with rapid response", {"atrial-fibrillation-or-flutter"}),
        ("Incomplete right bundle branch block", set()),
        ("Right bundle branch block", {"right-bundle-branch-block"}),
        ("Anterior myocardial infarction, old", {"infarction"}),
        ("Cannot rule out anterior infarct", set()),
        ("No evidence of infarction", set()),
        ("QRSd >115mS, not LBBB/RBBB", set()),
        ("67741000119109", set()),
        ("164889003", {"atrial-fibrillation-or-flutter"}),
        ("{'IMI': 100.0, 'SR': 0.0, 'LVH': 35.0}", {"infarction", "sinus-rhythm"}),
        ("AFIB PVC", {"atrial-fibrillation-or-flutter", "premature-ventricular-complexes"}),
        ("ECG NORMALE", {"normal-ecg"}),
        ("Abnormal ECG", set()),
    ],
)
def test_statements_are_understood_or_left_alone(statement, findings):
    assert findings_stated([statement]) == findings


def document(urgency: str, **findings: str) -> dict:
    each = [{"code": code.replace("_", "-"), "status": how} for code, how in findings.items()]
    return {"urgency": urgency, "findings": each}


def test_agreement_is_counted_and_the_worst_is_listed():
    comparison = Comparison()
    fibrillation = frozenset(["atrial-fibrillation-or-flutter"])
    comparison.add("a", fibrillation, document("orange", atrial_flutter="present"))
    comparison.add("b", fibrillation, document("orange", atrial_fibrillation="possible"))
    comparison.add("c", fibrillation, document("green", normal_ecg="present"))
    comparison.add("d", frozenset(["normal-ecg"]), document("red", st_elevation="present"))
    comparison.add("e", frozenset(), document("red", atrial_fibrillation="present"))
    assert comparison.compared == 4
    rows = {each.finding: each for each in comparison.agreements()}
    row = rows["atrial-fibrillation-or-flutter"]
    assert (row.stated, row.present, row.possible, row.not_found) == (3, 1, 1, 1)
    assert rows["st-elevation"].not_stated == 1
    assert [(each.kind, each.name) for each in comparison.worst()] == [
        ("danger-only-stated", "c"),
        ("red-but-stated-normal", "d"),
    ]


def test_a_table_beside_the_archive_is_compared(tmp_path, monkeypatch):
    make_files(tmp_path / "in", 30)
    table = tmp_path / "stated.csv"
    rows = "".join(f"in/{number:04d}.xyz,AFIB\n" for number in range(10))
    table.write_text(f"path,statements\n{rows}")
    run(monkeypatch, AtOnce(), tmp_path / "out", tmp_path / "in", stated=table)
    scored = rows_of(tmp_path / "out" / "results.csv")
    stated = [row["stated"] for row in scored if row["path"] < str(tmp_path / "in" / "0010")]
    assert set(stated) == {"atrial-fibrillation-or-flutter"}
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["compared"] == len(stated)
    overview = (tmp_path / "out" / "overview.html").read_text()
    assert "The archive's own statements" in overview
    assert f'href="{(tmp_path / "in").as_uri()}' in overview


def test_ptbxl_names_its_files_in_its_own_way(tmp_path):
    table = tmp_path / "ptbxl_database.csv"
    table.write_text("scp_codes,filename_hr\n\"{'AFIB': 0.0}\",records500/00000/00001_hr\n")
    stated = read_stated(table)
    assert stated.of("/data/records500/00000/00001_hr.hea") == ("{'AFIB': 0.0}",)
    assert stated.of("/data/records500/00001/00001_hr.hea") == ()


def test_a_table_without_its_columns_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no columns"):
        read_stated(tmp_path / "t.csv")


def test_files_of_carts_carry_their_statements(shared_data):
    sierra = shared_data / "interop" / "sierra" / "repbeats_example.xml"
    record = sierra_file.read(FileContent(data=sierra.read_bytes(), path=str(sierra)))
    assert record.statements[0] == "Sinus bradycardia"
    dicom = read_record(shared_data / "interop" / "dicom" / "marcodebe_anonymous_ecg.dcm")
    assert findings_stated(dicom.statements) == {"sinus-rhythm", "normal-ecg"}
    ludb = read_record(shared_data / "ludb" / "data" / "1.hea")
    assert {"bradycardia", "left-ventricular-hypertrophy"} <= findings_stated(ludb.statements)
