"""What each command does with its arguments."""

from __future__ import annotations

import json
import re
import tomllib

import numpy as np
import pytest
from cardioalert_cli.app import main
from cardioalert_cli.commands.doctor import libraries
from PIL import Image

from cardioalert.domain.patient import Sex, Symptom


def test_analyze_prints_the_answer(pipeline, capsys):
    assert main(["analyze", "ecg.hea"]) == 0
    out, err = capsys.readouterr()
    assert "Heart rate" in out
    assert "not a medical device" in out
    assert err == ""


def test_analyze_hands_on_what_is_known_about_the_person(pipeline):
    words = ["--age", "61", "--sex", "female", "--symptom", "chest-pain", "--symptom", "syncope"]
    main(["analyze", "ecg.hea", *words])
    patient = pipeline.calls[0][1]["patient"]
    assert (patient.age, patient.sex) == (61.0, Sex.FEMALE)
    assert patient.symptoms == (Symptom.CHEST_PAIN, Symptom.SYNCOPE)


def test_without_options_the_person_of_the_file_counts(pipeline):
    main(["analyze", "ecg.hea"])
    assert pipeline.calls[0][1]["patient"] is None


def test_standard_input_is_passed_on(pipeline):
    main(["analyze", "-"])
    assert pipeline.calls[0][0] == "-"


def test_json_is_one_line_for_each_input(pipeline, capsys):
    assert main(["analyze", "a.hea", "missing.hea", "b.jpg", "--json"]) == 3
    lines = capsys.readouterr().out.splitlines()
    documents = [json.loads(line) for line in lines]
    assert [next(iter(document)) for document in documents] == ["schema", "error", "schema"]
    assert documents[1]["input"]["path"] == "missing.hea"


def test_one_bad_input_does_not_stop_the_others(pipeline, capsys):
    assert main(["analyze", "missing.hea", "good.hea"]) == 3
    out, err = capsys.readouterr()
    assert "Heart rate" in out
    assert "missing.hea" in err


def test_a_folder_is_read_file_by_file(pipeline, tmp_path, capsys):
    for name in ("b.jpg", "a.hea", "a.dat", "notes.txt", ".hidden.jpg", "deep/c.PNG"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert main(["analyze", str(tmp_path), "--json"]) == 0
    names = [str(source).removeprefix(f"{tmp_path}/") for source, _ in pipeline.calls]
    assert names == ["a.hea", "b.jpg", "deep/c.PNG"]
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_an_empty_folder_is_refused(pipeline, tmp_path, capsys):
    assert main(["analyze", str(tmp_path)]) == 3
    assert "no picture" in capsys.readouterr().err


@pytest.mark.parametrize(("level", "code"), [("red", 0), ("orange", 0), ("yellow", 1)])
def test_fail_on(pipeline, level, code):
    assert main(["analyze", "ecg.hea", "--fail-on", level]) == code


def test_explain_fills_the_waves(pipeline, capsys):
    main(["analyze", "ecg.hea", "--json"])
    main(["analyze", "ecg.hea", "--json", "--explain"])
    plain, explained = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert plain["beats"]["waves"] == []
    assert explained["beats"]["waves"][0]["qrs_on_s"] == 0.35
    assert explained["beats"]["waves"][0]["p_on_s"] is None


def test_explain_names_the_rules(pipeline, capsys):
    main(["analyze", "ecg.hea", "--explain"])
    assert "rule:AV1" in capsys.readouterr().out


def test_overlay_is_written(pipeline, tmp_path):
    target = tmp_path / "seen.png"
    assert main(["analyze", "ecg.jpg", "--overlay", str(target)]) == 0
    assert np.asarray(Image.open(target)).shape[1:] == (1200, 3)


def test_overlays_of_several_inputs_go_to_a_folder(pipeline, tmp_path):
    assert main(["analyze", "a.jpg", "b.jpg", "--overlay", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_overlay.png", "b_overlay.png"]


def test_one_overlay_for_several_inputs_is_wrong_usage(pipeline, tmp_path, capsys):
    assert main(["analyze", "a.jpg", "b.jpg", "--overlay", str(tmp_path / "one.png")]) == 2
    assert "--overlay" in capsys.readouterr().err


def test_a_record_has_no_overlay_but_an_answer(pipeline, tmp_path, capsys):
    assert main(["analyze", "a.hea", "--overlay", str(tmp_path / "a.png")]) == 0
    out, err = capsys.readouterr()
    assert "Heart rate" in out
    assert "no picture" in err


def test_digitize_writes_the_record(pipeline, tmp_path, capsys):
    target = tmp_path / "ecg.csv"
    assert main(["digitize", "ecg.jpg", "-o", str(target)]) == 0
    header = target.read_text().splitlines()[0]
    assert header == "time_s,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"
    assert "3x4+1" in capsys.readouterr().out


def test_digitize_hands_on_what_the_user_knows(pipeline):
    words = ["--layout", "6x2", "--speed", "50", "--gain", "5", "--rate", "250"]
    main(["digitize", "ecg.jpg", "--json", *words])
    expected = {"layout": "6x2", "speed": 50.0, "gain": 5.0, "sampling_rate": 250.0}
    assert pipeline.calls[0][1] == expected
    main(["digitize", "ecg.jpg", "--json"])
    expected = {"layout": "auto", "speed": "auto", "gain": "auto", "sampling_rate": 500.0}
    assert pipeline.calls[1][1] == expected


def test_digitize_says_what_it_read_as_json(pipeline, capsys):
    main(["digitize", "ecg.jpg", "--json"])
    assert json.loads(capsys.readouterr().out)["schema"] == "cardioalert.digitize/1"


def test_digitize_without_a_target_is_wrong_usage(pipeline, capsys):
    assert main(["digitize", "ecg.jpg"]) == 2
    assert "-o ecg.csv" in capsys.readouterr().err
    assert pipeline.calls == []


def test_an_unknown_ending_is_refused_before_the_work(pipeline, tmp_path, capsys):
    assert main(["digitize", "ecg.jpg", "-o", str(tmp_path / "ecg.docx")]) == 3
    assert "unknown-format" not in capsys.readouterr().out
    assert pipeline.calls == []


def test_a_folder_that_does_not_exist_is_refused_before_the_work(pipeline, tmp_path):
    assert main(["digitize", "ecg.jpg", "-o", str(tmp_path / "no" / "ecg.csv")]) == 2
    assert pipeline.calls == []


def test_convert_changes_the_format(tmp_path):
    source, target = tmp_path / "a.csv", tmp_path / "b.hea"
    rows = (f"{number / 100},{number % 7 / 10}" for number in range(1000))
    source.write_text("time_s,II\n" + "\n".join(rows) + "\n")
    assert main(["convert", str(source), str(target)]) == 0
    assert target.read_text().startswith("b 1 100")


def test_demo_analyzes_the_example(pipeline, capsys):
    assert main(["demo"]) == 0
    assert str(pipeline.calls[0][0]).endswith("ecg_photo.jpg")
    assert "cardioalert analyze photo.jpg" in capsys.readouterr().err


def test_demo_json_is_nothing_but_json(pipeline, capsys):
    assert main(["demo", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["schema"] == "cardioalert.analysis/1"
    assert err == ""


def test_doctor_names_what_it_looked_at(capsys):
    code = main(["doctor", "--json"])
    document = json.loads(capsys.readouterr().out)
    names = [check["name"] for check in document["checks"]]
    assert {"python", "numpy", "example photo", "temporary files", "terminal"} <= set(names)
    assert code == (0 if all(check["good"] for check in document["checks"]) else 3)


def test_doctor_looks_at_every_dependency(checkout):
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[<>=~!\[ ]", each)[0] for each in project["dependencies"]]
    assert sorted(names) == sorted(libraries())


def test_doctor_prints_a_table(capsys):
    main(["doctor"])
    assert "onnxruntime" in capsys.readouterr().out


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("cardioalert ")
