"""FHIR JSON: an Observation whose components hold one lead each as SampledData, R4 or R5.

Read only. Leads are known by their MDC code; the unit stands at the origin. A bundle is searched
for the observation with the most leads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError
from cardioalert.files import FileContent
from cardioalert.formats.assembling import assemble, nearest_whole_rate
from cardioalert.formats.leads import lead_of_code, lead_of_label
from cardioalert.formats.sniffing import decode_text
from cardioalert.i18n import translate as _
from cardioalert.units import MILLIVOLTS_PER_UNIT

MDC_SYSTEM: Final = "urn:iso:std:iso:11073:10101"

_SECONDS_PER_UNIT: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_PARTITION: Final = 2 << 16
_LIMITS: Final = ("E", "L", "U")


def read(content: FileContent) -> ECGRecord:
    """Read the waves of the observation with the most leads."""
    try:
        document = json.loads(decode_text(content.data))
    except (ValueError, RecursionError) as error:
        raise CorruptFileError(
            _("{name} is no JSON: {error}", name=content.name, error=error)
        ) from error
    best: tuple[dict[Lead, NDArray[np.float64]], float, datetime | None] | None = None
    for observation in observations(document):
        leads, rate = read_leads(observation)
        if leads and (best is None or len(leads) > len(best[0])):
            best = leads, rate, _time(observation)
    if best is None:
        raise InvalidRecordError(
            _("the FHIR document holds no Observation with a lead as SampledData")
        )
    return assemble(
        best[0], sampling_rate=best[1], source=content.source("fhir"), recorded_at=best[2]
    )


def observations(document: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the observations of a resource or bundle."""
    if not isinstance(document, dict):
        return
    if document.get("resourceType") == "Observation":
        yield document
    for entry in document.get("entry") or ():
        if isinstance(entry, dict):
            yield from observations(entry.get("resource"))


def read_leads(
    observation: Mapping[str, Any],
) -> tuple[dict[Lead, NDArray[np.float64]], float]:
    """Return the leads (mV) and the sampling rate (Hz) of one observation.

    Raises
    ------
    InvalidRecordError, CorruptFileError
        The leads differ in rate, or a number, unit or interval is missing.
    """
    leads: dict[Lead, NDArray[np.float64]] = {}
    rates: set[float] = set()
    for component in (observation, *(observation.get("component") or ())):
        data = component.get("valueSampledData")
        lead = lead_of_concept(component.get("code") or {}) if data else None
        if lead is None or lead in leads:
            continue
        try:
            leads[lead], rate = _samples(data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CorruptFileError(
                _("the SampledData of lead {lead} is damaged: {error}", lead=lead, error=error)
            ) from error
        rates.add(rate)
    if len(rates) > 1:
        raise InvalidRecordError(
            _("the leads have different sampling rates: {sorted} Hz", sorted=sorted(rates))
        )
    return leads, rates.pop() if rates else 0.0


def lead_of_concept(code: Mapping[str, Any]) -> Lead | None:
    """Return the lead of a CodeableConcept, by its MDC code, else by its text."""
    for coding in code.get("coding") or ():
        term = str(coding.get("code", ""))
        if coding.get("system") == MDC_SYSTEM and term.isdecimal():
            lead = lead_of_code(f"2:{int(term) - _PARTITION}")
            if lead is not None:
                return lead
    texts = [code.get("text"), *(one.get("display") for one in code.get("coding") or ())]
    return next((lead for text in texts if text and (lead := lead_of_label(str(text)))), None)


def _samples(data: Mapping[str, Any]) -> tuple[NDArray[np.float64], float]:
    """Return the samples (mV, NaN where there is none) and the rate (Hz)."""
    interval = float(data["interval"] if "interval" in data else data["period"])
    interval *= _SECONDS_PER_UNIT[str(data.get("intervalUnit", "ms"))]
    if int(data.get("dimensions", 1)) != 1 or not interval > 0:
        raise ValueError(f"interval {interval} s, dimensions {data.get('dimensions')}")
    origin = data["origin"]
    unit = str(origin.get("code") or origin.get("unit") or "")
    if unit not in MILLIVOLTS_PER_UNIT:
        raise InvalidRecordError(
            _("a SampledData has the unit {unit!r}, expected uV or mV", unit=unit)
        )
    words = str(data["data"]).split()
    numbers = np.array([np.nan if w in _LIMITS else float(w) for w in words], dtype=np.float64)
    values = numbers * float(data.get("factor", 1.0)) + float(origin.get("value", 0.0))
    return values * MILLIVOLTS_PER_UNIT[unit], nearest_whole_rate(1.0 / interval)


def _time(observation: Mapping[str, Any]) -> datetime | None:
    """Return when it was recorded."""
    text = str(observation.get("effectiveDateTime") or "")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
