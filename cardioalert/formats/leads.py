"""Find the standard lead that a channel of a file stands for, by its code or by its label."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from cardioalert.domain.record import Lead, parse_lead
from cardioalert.tables import read_csv

_LABEL: Final = re.compile(
    r"\s*(?:MDC_ECG_LEAD_|(?:ECG|EKG|lead)[\s_:-]+)*"
    r"(?P<lead>III|II|I|aVR|aVL|aVF|V[1-6])"
    r"(?:$|[\s,;(\[].*)",  # "I (Einthoven)", "aVR, augmented voltage, right"
    re.IGNORECASE | re.DOTALL,
)
_SCP_PREFIX: Final = "5.6.3-9-"
_MDC_PREFIX: Final = "2:"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadCode:
    """How hospital files write one lead."""

    lead: str
    mdc_name: str
    mdc_term: str
    scp: str
    source: str

    @property
    def mdc_code(self) -> str:
        """The code as DICOM writes it."""
        return _MDC_PREFIX + self.mdc_term


@cache
def lead_codes() -> dict[Lead, LeadCode]:
    """Return the codes of all twelve leads."""
    rows = (LeadCode(**row) for row in read_csv("cardioalert.formats", "lead_codes.csv"))
    return {Lead(row.lead): row for row in rows}


@cache
def _by_code() -> dict[str, Lead]:
    """Return the lead of each DICOM code."""
    mdc = {row.mdc_code: lead for lead, row in lead_codes().items()}
    return mdc | {_SCP_PREFIX + row.scp: lead for lead, row in lead_codes().items()}


def lead_of_code(code: str) -> Lead | None:
    """Return the lead a DICOM channel source code stands for.

    Examples
    --------
    >>> lead_of_code("2:62")
    <Lead.AVR: 'aVR'>
    """
    return _by_code().get(code.strip())


def lead_of_label(label: str) -> Lead | None:
    """Return the lead a channel label stands for, None for anything else.

    Examples
    --------
    >>> lead_of_label("ECG avl")
    <Lead.AVL: 'aVL'>
    >>> lead_of_label("Pleth") is None
    True
    """
    match = _LABEL.fullmatch(label)
    return parse_lead(match["lead"]) if match else None
