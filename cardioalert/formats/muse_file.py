"""GE MUSE XML (`RestingECG`): base64 samples, eight stored leads, a group of median beats beside.

Read only. The rhythm waveform is taken; III, aVR, aVL and aVF follow from I and II
(`assembling.assemble`). Amplitudes are in the unit that each lead names, the rate is
SampleBase * 10^SampleExponent.
"""

from __future__ import annotations

import base64
import binascii
import xml.etree.ElementTree as ET
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import Patient
from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError, UnknownFormatError
from cardioalert.files import FileContent
from cardioalert.formats.assembling import assemble, patient_of
from cardioalert.formats.leads import lead_of_label
from cardioalert.formats.xml_text import parse_xml, text_of
from cardioalert.i18n import translate as _

DOCTYPE: Final = "RestingECG"

_MILLIVOLTS_PER_UNIT: Final = {"MICROVOLTS": 1e-3, "MILLIVOLTS": 1.0}
_YEARS_PER_UNIT: Final = {"YEARS": 1.0, "MONTHS": 1 / 12, "WEEKS": 7 / 365.25, "DAYS": 1 / 365.25}


def read(content: FileContent) -> ECGRecord:
    """Read the rhythm."""
    root = parse_xml(content.data, doctype=DOCTYPE)
    rhythms = [
        waveform
        for waveform in root.iter("Waveform")
        if text_of(waveform.find("WaveformType")).upper() in ("RHYTHM", "")
    ]
    if not rhythms:
        raise InvalidRecordError(_("the MUSE file holds no rhythm waveform"))
    rhythm = max(rhythms, key=lambda waveform: len(list(waveform.iter("LeadData"))))
    return assemble(
        _leads(rhythm),
        sampling_rate=_rate(rhythm),
        source=content.source("muse"),
        patient=_patient(root),
        recorded_at=_recorded_at(root),
        statements=[text_of(text) for text in root.iterfind(".//Diagnosis//StmtText")],
    )


def _rate(waveform: ET.Element) -> float:
    """Return the sampling rate, Hz."""
    base = _number(waveform, "SampleBase")
    exponent = (
        _number(waveform, "SampleExponent") if text_of(waveform.find("SampleExponent")) else 0
    )
    if not -6 <= exponent <= 6:
        raise CorruptFileError(
            _("the MUSE file gives the sample exponent {exponent:g}", exponent=exponent)
        )
    return float(base * 10**exponent)


def _number(element: ET.Element, name: str) -> float:
    """Return a number of a child element."""
    text = text_of(element.find(name))
    try:
        return float(text)
    except ValueError:
        raise CorruptFileError(
            _("the MUSE file gives {text!r} as {name}", text=text, name=name)
        ) from None


def _leads(waveform: ET.Element) -> dict[Lead, NDArray[np.float64]]:
    """Return the leads of a waveform, mV."""
    leads: dict[Lead, NDArray[np.float64]] = {}
    for item in waveform.iter("LeadData"):
        lead = lead_of_label(text_of(item.find("LeadID")))
        if lead is None or lead in leads:
            continue
        leads[lead] = _samples(item)
    return leads


def _samples(item: ET.Element) -> NDArray[np.float64]:
    """Decode one lead; its length is what the data hold, and must be what the file announces."""
    size = text_of(item.find("LeadSampleSize")) or "2"
    if size != "2":
        raise UnknownFormatError(
            _("MUSE samples of {size} bytes are not read, only of 2", size=size)
        )
    unit = text_of(item.find("LeadAmplitudeUnits")).upper()
    scale = _number(item, "LeadAmplitudeUnitsPerBit")
    if unit not in _MILLIVOLTS_PER_UNIT or not np.isfinite(scale) or scale == 0:
        raise InvalidRecordError(
            _("a MUSE lead has the scale {scale:g} {unit!r}", scale=scale, unit=unit)
        )
    try:
        data = base64.b64decode("".join(text_of(item.find("WaveFormData")).split()), validate=True)
    except binascii.Error as error:
        raise CorruptFileError(_("a MUSE waveform is no base64: {error}", error=error)) from error
    announced = text_of(item.find("LeadSampleCountTotal"))
    if len(data) % 2 or (announced and announced != str(len(data) // 2)):
        raise CorruptFileError(
            _(
                "a MUSE lead announces {announced} samples and holds {most:g}",
                announced=announced or "no",
                most=len(data) / 2,
            )
        )
    return np.frombuffer(data, dtype="<i2").astype(np.float64) * scale * _MILLIVOLTS_PER_UNIT[unit]


def _patient(root: ET.Element) -> Patient | None:
    """Return age and sex."""
    demographics = root.find("PatientDemographics")
    if demographics is None:
        return None
    years = _YEARS_PER_UNIT.get(text_of(demographics.find("AgeUnits")).upper() or "YEARS")
    age = text_of(demographics.find("PatientAge"))
    known = years is not None and age.isdecimal()
    return patient_of(
        age=int(age) * years if known and years is not None else None,
        sex=text_of(demographics.find("Gender")),
    )


def _recorded_at(root: ET.Element) -> datetime | None:
    """Return when the recording began."""
    day, clock = (text_of(root.find(f"TestDemographics/Acquisition{n}")) for n in ("Date", "Time"))
    try:
        return datetime.strptime(f"{day} {clock}", "%m-%d-%Y %H:%M:%S")
    except ValueError:
        return None
