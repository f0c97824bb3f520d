"""Look up the codes of leads, measurements and findings.

LOINC and MDC are always written. SNOMED CT may need a licence where it is used, so a caller can
leave it out; no meaning depends on it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from cardioalert.tables import read_csv

LOINC: Final = "http://loinc.org"
MDC: Final = "urn:iso:std:iso:11073:10101"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
LOINC_NOTICE: Final = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief "
    "Institute, Inc. and the LOINC Committee and is available at no cost under the license at "
    "http://loinc.org/license."
)

_PACKAGE: Final = "cardioalert.terminology"
_MDC_PARTITION: Final = 2 << 16  # electrocardiography, as FHIR writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One coded concept, as FHIR and HL7 write it."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureCode:
    """The codes of one measurement."""

    measure: str
    loinc: str
    loinc_display: str
    mdc: str
    mdc_display: str
    ucum: str
    unit_display: str
    source: str

    @property
    def dicom(self) -> str:
        """The MDC code as DICOM writes it."""
        return f"2:{self.mdc}"

    @property
    def codes(self) -> tuple[Code, ...]:
        """LOINC first, where there is one, then MDC."""
        loinc = Code(system=LOINC, code=self.loinc, display=self.loinc_display)
        return ((loinc,) if self.loinc else ()) + (mdc_code(int(self.mdc), self.mdc_display),)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCode:
    """The SNOMED CT codes of one finding."""

    finding: str
    snomed: str
    display: str
    disorder: str
    source: str


def mdc_code(term: int, display: str) -> Code:
    """Return an MDC code of the ECG partition.

    Examples
    --------
    >>> mdc_code(16160, "QT interval").code
    '147232'
    """
    return Code(system=MDC, code=str(_MDC_PARTITION + term), display=display)


@cache
def measure_codes() -> dict[str, MeasureCode]:
    """Return the codes of the measurements that have any, by their name."""
    return {row["measure"]: MeasureCode(**row) for row in read_csv(_PACKAGE, "measures.csv")}


@cache
def finding_codes() -> dict[str, FindingCode]:
    """Return the codes of the findings that have any, by their code."""
    return {row["finding"]: FindingCode(**row) for row in read_csv(_PACKAGE, "findings.csv")}
