"""A stored analysis is checked before anything is made of it."""

from __future__ import annotations

import json
import math

import pytest

from cardioalert.errors import CorruptFileError, NotApplicableError
from cardioalert.interpret.criteria import PACKAGE, criteria
from cardioalert.interpret.network import shared_findings
from cardioalert.report import plain
from cardioalert.report.document import is_analysis, parse_document
from cardioalert.tables import read_toml
from tests.made_report import built_content


def stored(**changes: object) -> bytes:
    return json.dumps(built_content() | changes).encode()


def test_a_document_is_recognized_and_an_ecg_in_json_is_not():
    assert is_analysis(stored())
    assert is_analysis(b'{"error": {"code": "grid-not-found"}}')
    assert not is_analysis(b'{"schema": "cardioalert.record/1", "leads": {}}')
    assert not is_analysis(b"\xff\xd8\xff\xe0")


def test_what_is_there_is_read():
    document = parse_document(stored())
    assert document.measurements["pr_ms"].value == pytest.approx(220, abs=10)
    assert document.explanation.median_beat.p_on_s is not None
    assert document.patient.age == 58.0


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"{", CorruptFileError),
        (b"[]", CorruptFileError),
        (stored(schema="cardioalert.analysis/9"), CorruptFileError),
        (stored(urgency="purple"), CorruptFileError),
        (stored(findings=[{"code": 3}]), CorruptFileError),
        (stored(patient={"age": 900}), CorruptFileError),
        (b'{"error": {"code": "grid-not-found", "message": "no grid"}}', NotApplicableError),
        (stored() + b"\n" + stored(), NotApplicableError),
    ],
)
def test_what_does_not_fit_is_refused(data, kind):
    with pytest.raises(kind) as refused:
        parse_document(data)
    assert refused.value.message


def test_not_a_number_is_refused():
    content = built_content()
    content["st_mv"] = {"V2": {"j": math.nan, "j60": None}}
    with pytest.raises(CorruptFileError, match="st_mv"):
        parse_document(json.dumps(content).encode())


def test_a_document_of_the_first_version_without_the_new_keys_is_enough():
    content = built_content()
    for key in ("patient", "explanation", "language"):
        del content[key]
    assert parse_document(json.dumps(content).encode()).explanation is None


def finding_codes():
    by_criteria = {criterion.finding for criterion in criteria()}
    by_networks = {shared.findings[0] for shared in shared_findings()}
    return by_criteria | by_networks | {"normal-ecg", "normal-not-confirmed"}


def test_every_finding_has_plain_words():
    codes = finding_codes()
    assert {code for code in codes if not plain.plain_text(code)} == set()


def test_plain_words_name_findings_and_advice_that_exist():
    table = read_toml(plain.PACKAGE, "plain.toml")
    codes = finding_codes()
    assert {code for row in table["plain"] for code in row["codes"]} <= codes
    advice = {row["code"] for row in read_toml(PACKAGE, "advice.toml")["advice"]}
    assert set(table["clinic"]) <= advice
