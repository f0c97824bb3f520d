"""What the worker keeps of a file: the document in the patient's language, and in the others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cardioalert_cli.analysis_job import KNOWN, analyze, work

from cardioalert import write_record
from cardioalert.care import accounts, patients, records
from cardioalert.care.desk import OPERATOR
from cardioalert.domain.patient import Symptom
from cardioalert.i18n import use_language
from cardioalert.report.document import read_document
from cardioalert.report.make import report_of_document
from tests.built_ecg import built_record


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("ecg") / "ecg.csv"
    write_record(built_record(), path)
    return path.read_bytes()


def test_age_and_sex_count_and_every_language_is_there(file):
    person = patients.Person(
        id="p", birth_date="1960-05-01", sex="female", language="uz",
        created_at=datetime.now(UTC), symptoms=(Symptom.CHEST_PAIN,),
    )  # fmt: skip
    # As it reaches the process that analyzes: symptoms are a list of words in JSON.
    told = json.loads(json.dumps({name: getattr(person, name) for name in KNOWN}))
    document = work(told, file)[0]["document"]
    assert document["patient"]["symptoms"] == ["chest-pain"]
    answer = analyze(file, person)
    assert answer.document["urgency"] == document["urgency"]
    assert document["patient"]["sex"] == "female"
    assert 60 < document["patient"]["age"] < 130
    assert (document["language"], set(document["languages"])) == ("uz", {"en", "ru"})
    assert answer.overlay is None  # a digital record has no photo
    told = {"uz": document, **document["languages"]}
    advice = {code: told[code]["advice"] for code in told}
    assert len({str(lines) for lines in advice.values()}) == 3
    assert len({tuple(line["code"] for line in lines) for lines in advice.values()}) == 1
    assert "beats" not in document["languages"]["en"]
    assert "103" in str(advice["ru"])


def test_a_reader_gets_the_document_in_their_language(file, sqlite_desk, tmp_path):
    desk = replace(sqlite_desk, files=tmp_path / "files")
    account = accounts.add_account(
        desk, OPERATOR, login="+998901234567", role="patient", values={"language": "ru"}
    )
    job = records.add_file(desk, OPERATOR, account.patient_id, file, kind="record")
    assert records.run_job(desk, analyze, owner="w")
    row = records.analysis_row(desk, records.job(desk, job.id).result_id)
    titles = {}
    for code in ("en", "ru", "uz", ""):
        document = records.read_analysis(desk, OPERATOR, row, code)
        assert "languages" not in document
        assert document["language"] == (code or "ru")
        assert document["explanation"]["signal"]["leads"]
        titles[code] = [finding["title"] for finding in document["findings"]]
        with use_language("en"):  # a report speaks one language, the document's
            report = report_of_document(read_document(document))
        assert report.language == document["language"]
    assert titles[""] == titles["ru"]
    assert len({str(found) for found in titles.values()}) == 3
