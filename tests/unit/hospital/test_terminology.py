"""Every code against the tables of pydicom and of PhysioNet."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

from cardioalert.domain.measures import MEASURES
from cardioalert.terminology.lookup import finding_codes, measure_codes

CONTEXT_GROUPS = (3227, 3228, 3229)
NAMES = {
    "heart_rate": None,  # not in pydicom's groups: LN 8867-4 there in old editions
    "rr": "RRIntervalGlobal",
    "p_duration": "PDurationGlobal",
    "pr": "PRIntervalGlobal",
    "qrs": "QRSDurationGlobal",
    "qt": "QTIntervalGlobal",
    "qtc_bazett": "QtcGlobalUsingBazettFormula",
    "qtc_fridericia": "QtcGlobalUsingFredericiaFormula",
    "p_axis": "PAxis",
    "qrs_axis": "QRSAxis",
    "t_axis": "TAxis",
}


@pytest.mark.parametrize("name", NAMES)
def test_dicom_codes_are_those_of_the_context_groups(name: str) -> None:
    wanted = NAMES[name]
    code = measure_codes()[name].dicom
    if wanted is None:
        assert code == "2:16770"
        return
    assert any(wanted in cid_concepts[group].get("MDC", ()) for group in CONTEXT_GROUPS)
    assert code in concepts["MDC"][wanted]


def test_fhir_codes_are_partition_two() -> None:
    """QT is 147232 and PR is 146944; they are easily taken for each other."""
    mdc = {name: row.codes[-1].code for name, row in measure_codes().items()}
    assert mdc["qt"] == "147232"
    assert mdc["pr"] == "146944"
    assert mdc["heart_rate"] == "147842"
    assert mdc["qtc_fridericia"] == "146964"


def test_every_row_has_a_source_and_a_measure() -> None:
    assert set(measure_codes()) <= set(MEASURES)
    for row in (*measure_codes().values(), *finding_codes().values()):
        assert row.source


def test_findings_have_the_codes_of_physionet(shared_data: Path) -> None:
    known = set()
    for name in ("scored", "unscored"):
        with (shared_data / f"interop/physionet/dx_mapping_{name}.csv").open() as file:
            known |= {row["SNOMEDCTCode"] for row in csv.DictReader(file)}
    assert {row.snomed for row in finding_codes().values()} <= known
