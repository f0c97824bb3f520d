"""HL7 annotated ECG (aECG, PORT_MT020001): XML with one list of whole numbers per lead.

Read: the rhythm series with all its sequence sets on one time axis. Written: one sequence set for
each stretch of time that leads share, so that what was not printed is simply not there; the list of
numbers has no sign for a missing value.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import Patient, Sex
from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError
from cardioalert.files import FileContent
from cardioalert.formats.assembling import assemble, nearest_whole_rate, patient_of
from cardioalert.formats.decimals import decimal_numbers
from cardioalert.formats.leads import lead_codes, lead_of_label
from cardioalert.formats.sniffing import check_text_size
from cardioalert.i18n import translate as _
from cardioalert.units import MICROVOLTS_PER_MILLIVOLT, MILLIVOLTS_PER_UNIT

NAMESPACE: Final = "urn:hl7-org:v3"
INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
ACT_CODES: Final = "2.16.840.1.113883.5.4"
MDC: Final = "2.16.840.1.113883.6.24"
GENDERS: Final = "2.16.840.1.113883.5.1"
_INTERPRETATION: Final = "INTERPRETATION"  # in the codes of annotations that say what an ECG means
CPT4: Final = "2.16.840.1.113883.6.12"

_SECONDS_PER_UNIT: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_DAYS_PER_YEAR: Final = 365.25
_LEAST_STEP: Final = 1e-6  # s
_UUIDS: Final = uuid.UUID("f7cf36f4-0c52-5ed0-9a44-34c07d1b2f5e")


# ---- Reading -----------------------------------------------------------------------------------


class _NoDoctype(ET.TreeBuilder):
    """A tree builder that refuses document types, and with them every entity trick."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse the file."""
        raise CorruptFileError(
            _("the XML declares a document type {name!r}, which aECG never does", name=name)
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Set:
    """A sequence set: leads that share a time axis."""

    start: float  # s, on the clock of the file or from the start of the recording
    step: float  # s
    started_at: datetime | None
    leads: dict[Lead, NDArray[np.float64]]  # mV

    @property
    def samples(self) -> int:
        """Length of the longest lead."""
        return max((len(values) for values in self.leads.values()), default=0)


def read(content: FileContent) -> ECGRecord:
    """Read the rhythm."""
    check_text_size(content.data)
    root = ET.fromstring(content.data, parser=ET.XMLParser(target=_NoDoctype()))
    sets = max(
        (_rhythm(series) for series in root.findall("./{*}component/{*}series")),
        key=lambda found: sum(one.samples for one in found),
        default=[],
    )
    if not sets:
        raise InvalidRecordError(_("the aECG holds no rhythm of any ECG lead"))
    recorded_at = min((s.started_at for s in sets if s.started_at), default=None)
    recorded_at = recorded_at or _effective_time(root)
    return assemble(
        _merge(sets),
        sampling_rate=nearest_whole_rate(1 / sets[0].step),
        source=content.source("aecg"),
        patient=_patient(root, recorded_at),
        recorded_at=recorded_at,
        statements=_statements(root),
    )


def _statements(root: ET.Element) -> list[str]:
    """Return the texts of annotations that are interpretations."""
    return [
        value.text or ""
        for note in root.iterfind(".//{*}annotation")
        if _INTERPRETATION in _attribute(note, "./{*}code", "code")
        for value in note.iterfind("./{*}value")
    ]


def _rhythm(series: ET.Element) -> list[_Set]:
    """Return the sequence sets of a series; none when it is a series of median beats."""
    code = series.find("./{*}code")
    if code is not None and code.get("code", "RHYTHM") != "RHYTHM":
        return []
    found = [_parse_set(one) for one in series.findall("./{*}component/{*}sequenceSet")]
    return [one for one in found if one.samples]


def _parse_set(element: ET.Element) -> _Set:
    """Read one sequence set."""
    start, step, started_at = 0.0, 0.0, None
    leads: dict[Lead, NDArray[np.float64]] = {}
    for sequence in element.findall("./{*}component/{*}sequence"):
        code = _attribute(sequence, "./{*}code", "code")
        value = sequence.find("./{*}value")
        if value is None:
            continue
        if code.startswith("TIME_"):
            start, step, started_at = _time_axis(value)
            continue
        lead = lead_of_label(code)
        if lead is not None and lead not in leads:
            leads[lead] = _voltages(value)
    if leads and not step > _LEAST_STEP:
        raise InvalidRecordError(_("an aECG sequence has a time step of {step} s", step=step))
    return _Set(start=start, step=step, started_at=started_at, leads=leads)


def _attribute(element: ET.Element, path: str, name: str) -> str:
    """Return an attribute of a descendant, empty when it is not there."""
    found = element.find(path)
    return "" if found is None else found.get(name, "")


def _time_axis(value: ET.Element) -> tuple[float, float, datetime | None]:
    """Return start (s), step (s) and, for absolute times, the date and time of the start."""
    step = float(_attribute(value, "./{*}increment", "value") or "nan")
    step *= _seconds(_attribute(value, "./{*}increment", "unit"))
    head = _attribute(value, "./{*}head", "value")
    unit = _attribute(value, "./{*}head", "unit")
    if unit:
        return float(head or 0.0) * _seconds(unit), step, None
    at = _parse_time(head)
    return (at - datetime(1970, 1, 1)).total_seconds() if at else 0.0, step, at


def _seconds(unit: str) -> float:
    """Return the seconds in a unit of time."""
    if unit not in _SECONDS_PER_UNIT:
        raise InvalidRecordError(
            _("an aECG time axis has the unit {unit!r}, expected s, ms or us", unit=unit)
        )
    return _SECONDS_PER_UNIT[unit]


def _voltages(value: ET.Element) -> NDArray[np.float64]:
    """Return the samples of one lead: origin + scale * digits, mV."""
    unit = _attribute(value, "./{*}scale", "unit")
    scale = float(_attribute(value, "./{*}scale", "value") or 0.0)
    if unit not in MILLIVOLTS_PER_UNIT or scale == 0.0:
        raise InvalidRecordError(
            _("an aECG lead has the scale {scale:g} {unit!r}", scale=scale, unit=unit)
        )
    origin = float(_attribute(value, "./{*}origin", "value") or 0.0)
    origin_unit = _attribute(value, "./{*}origin", "unit") or unit
    digits = value.find("./{*}digits")
    text = "" if digits is None else (digits.text or "").strip()
    numbers = decimal_numbers(text, " ")
    if numbers is None:  # line ends between them, exponents, or none at all
        numbers = np.array(text.split(), dtype=np.float64)
    return numbers * scale * MILLIVOLTS_PER_UNIT[unit] + origin * MILLIVOLTS_PER_UNIT[origin_unit]


def _merge(sets: list[_Set]) -> dict[Lead, NDArray[np.float64]]:
    """Lay the sequence sets on one time axis; NaN where none has the lead.

    Relative times count from the start of the recording, so nothing need be printed there.
    """
    step = sets[0].step
    if any(abs(one.step - step) > _LEAST_STEP for one in sets):
        raise InvalidRecordError(_("the sequences of the aECG have different sampling rates"))
    total = sum(one.samples for one in sets)
    first = min(one.start for one in sets)
    is_relative = all(one.started_at is None for one in sets)
    origin = 0.0 if is_relative and 0 <= first <= total * step else first
    offsets = [round((one.start - origin) / step) for one in sets]
    length = max(offset + one.samples for offset, one in zip(offsets, sets, strict=True))
    if length > 2 * total:
        raise InvalidRecordError(_("the sequences of the aECG lie too far apart for one recording"))
    merged: dict[Lead, NDArray[np.float64]] = {}
    for offset, one in zip(offsets, sets, strict=True):
        for lead, values in one.leads.items():
            row = merged.setdefault(lead, np.full(length, np.nan))
            part = row[offset : offset + len(values)]
            part[:] = np.where(np.isnan(part), values, part)
    return merged


def _patient(root: ET.Element, recorded_at: datetime | None) -> Patient | None:
    """Return age and sex of the subject."""
    sex = _attribute(root, ".//{*}administrativeGenderCode", "code")
    age_text = _attribute(root, ".//{*}subjectDemographicPerson/{*}age", "value")
    age = float(age_text) if age_text.replace(".", "", 1).isdecimal() else None
    born = _parse_time(_attribute(root, ".//{*}birthTime", "value"))
    if age is None and born is not None and recorded_at is not None:
        age = (recorded_at - born).days // _DAYS_PER_YEAR
    return patient_of(age=age, sex=sex)


def _effective_time(root: ET.Element) -> datetime | None:
    """Return the time of the whole document."""
    times = (
        _attribute(root, f"./{{*}}effectiveTime/{{*}}{end}", "value") for end in ("low", "center")
    )
    return next((at for text in times if (at := _parse_time(text))), None)


def _parse_time(text: str) -> datetime | None:
    """Read YYYYMMDD[HHMM[SS[.fff]]] and ignore the zone."""
    digits, _, fraction = text.partition("+")[0].partition("-")[0].partition(".")
    forms = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
    try:
        at = datetime.strptime(digits, forms[len(digits)])
        return at + timedelta(seconds=float(f"0.{fraction or 0}"))
    except (KeyError, ValueError):
        return None


# ---- Writing -----------------------------------------------------------------------------------


def write(record: ECGRecord, path: Path) -> None:
    """Write the record, one microvolt a step."""
    namespaces = {"xmlns": NAMESPACE, "xmlns:xsi": INSTANCE}
    root = ET.Element("AnnotatedECG", namespaces | {"type": "Observation"})
    fingerprint = record.signal.tobytes().hex()[:4096] + f"{record.sampling_rate}{record.leads}"
    _element(root, "id", root=str(uuid.uuid5(_UUIDS, fingerprint)))
    _element(root, "code", code="93000", codeSystem=CPT4)
    _add_time(root, record)
    _add_subject(root, record.patient)
    series = _element(_element(root, "component"), "series")
    _element(series, "code", code="RHYTHM", codeSystem=ACT_CODES)
    _add_time(series, record)
    for (start, end), leads in _stretches(record).items():
        _add_set(series, record, leads, start=start, end=end)
    ET.indent(root)
    path.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _element(parent: ET.Element, name: str, **attributes: str) -> ET.Element:
    """Add an element."""
    return ET.SubElement(parent, name, attributes)


def _add_time(parent: ET.Element, record: ECGRecord) -> None:
    """Tell when the recording began and ended; the schema wants an element, known or not."""
    times = _element(parent, "effectiveTime")
    if record.recorded_at is None:
        times.set("nullFlavor", "UNK")
        return
    end = record.recorded_at + timedelta(seconds=record.duration)
    _element(times, "low", value=f"{record.recorded_at:%Y%m%d%H%M%S}")
    _element(times, "high", value=f"{end:%Y%m%d%H%M%S}")


def _add_subject(root: ET.Element, patient: Patient | None) -> None:
    """Tell the sex; aECG has no place for an age without a birth date."""
    parent = root
    for name in ("componentOf", "timepointEvent", "componentOf", "subjectAssignment"):
        parent = _element(parent, name)
    subject = _element(_element(parent, "subject"), "trialSubject")
    _element(subject, "id", nullFlavor="UNK")
    if patient is not None and patient.sex is not None:
        person = _element(subject, "subjectDemographicPerson")
        code = "M" if patient.sex is Sex.MALE else "F"
        _element(person, "administrativeGenderCode", code=code, codeSystem=GENDERS)
    trial = _element(_element(parent, "componentOf"), "clinicalTrial")
    _element(trial, "id", nullFlavor="NA")


def _stretches(record: ECGRecord) -> dict[tuple[int, int], list[Lead]]:
    """Group the leads by the stretches (first, one past the last sample) where they have values."""
    stretches: dict[tuple[int, int], list[Lead]] = {}
    for lead, row in zip(record.leads, record.signal, strict=True):
        edges = np.diff(np.concatenate([[False], np.isfinite(row), [False]]).astype(np.int8))
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            stretches.setdefault((start, end), []).append(lead)
    return stretches


def _add_set(
    series: ET.Element, record: ECGRecord, leads: list[Lead], *, start: int, end: int
) -> None:
    """Write the samples of some leads from `start` to before `end`."""
    group = _element(_element(series, "component"), "sequenceSet")
    axis = _element(_element(group, "component"), "sequence")
    _element(axis, "code", code="TIME_RELATIVE", codeSystem=ACT_CODES)
    value = _element(axis, "value", **{"xsi:type": "GLIST_PQ"})
    _element(value, "head", value=f"{start / record.sampling_rate:.9g}", unit="s")
    _element(value, "increment", value=f"{1 / record.sampling_rate:.12g}", unit="s")
    for lead in leads:
        sequence = _element(_element(group, "component"), "sequence")
        _element(sequence, "code", code=lead_codes()[lead].mdc_name, codeSystem=MDC)
        value = _element(sequence, "value", **{"xsi:type": "SLIST_PQ"})
        _element(value, "origin", value="0", unit="uV")
        _element(value, "scale", value="1", unit="uV")
        microvolts = np.round(
            record.lead(lead)[start:end].astype(np.float64) * MICROVOLTS_PER_MILLIVOLT
        )
        _element(value, "digits").text = " ".join(map(str, microvolts.astype(int).tolist()))
