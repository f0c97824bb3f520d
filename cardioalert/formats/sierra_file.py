"""Philips Sierra XML 1.03, 1.04 and 1.04.01: XLI-compressed, limb leads stored as remainders.

Read only. III, aVR, aVL and aVF hold what is left after their prediction from the leads before, so
the sum with the prediction is the lead (whole-number arithmetic, as the cart does it).
"""

from __future__ import annotations

import base64
import binascii
import xml.etree.ElementTree as ET
from datetime import datetime
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.patient import Patient
from cardioalert.domain.record import LIMB_LEADS, STANDARD_LEADS, ECGRecord, Lead
from cardioalert.errors import CorruptFileError, InvalidRecordError, UnknownFormatError
from cardioalert.files import FileContent
from cardioalert.formats.assembling import assemble, patient_of
from cardioalert.formats.leads import lead_of_label
from cardioalert.formats.xli import unpack_chunks
from cardioalert.formats.xml_text import parse_xml, text_of
from cardioalert.i18n import translate as _
from cardioalert.units import MICROVOLTS_PER_MILLIVOLT

VERSIONS: Final = ("1.03", "1.04", "1.04.01", "1.04.02")
MOST_SAMPLES: Final = 2_000_000

_TWELVE_LEAD_SETS: Final = ("STD-12", "10-WIRE")


def read(content: FileContent) -> ECGRecord:
    """Read the rhythm."""
    root = parse_xml(content.data)
    version = text_of(root.find(".//{*}documentinfo/{*}documentversion"))
    if version not in VERSIONS:
        raise UnknownFormatError(
            _(
                "Sierra XML {version!r} is not read, only {names}",
                version=version,
                names=", ".join(VERSIONS),
            )
        )
    waveforms = root.find(".//{*}parsedwaveforms")
    if waveforms is None:
        raise InvalidRecordError(_("the Sierra file holds no waveforms"))
    rate = _number(text_of(root.find(".//{*}signalcharacteristics/{*}samplingrate")), "rate")
    samples = round(_number(waveforms.get("durationperchannel", ""), "duration") * rate / 1000.0)
    if not 0 < samples <= MOST_SAMPLES:
        raise InvalidRecordError(
            _("the Sierra file announces {samples} samples a lead", samples=samples)
        )
    labels = _labels(root, waveforms)
    rows = _rows(waveforms, samples=samples, count=len(labels))
    channels: dict[Lead, NDArray[np.int64]] = {}
    for label, row in zip(labels, rows, strict=False):
        lead = lead_of_label(label)
        if lead is not None and lead not in channels:
            channels[lead] = row
    if _is_compressed(waveforms):
        _add_predictions(channels)
    step = _resolution(root, waveforms) / MICROVOLTS_PER_MILLIVOLT
    recorded_at = _recorded_at(root)
    return assemble(
        {lead: row * step for lead, row in channels.items()},
        sampling_rate=rate,
        source=content.source("sierra"),
        patient=_patient(root, recorded_at),
        recorded_at=recorded_at,
        # The right half of a statement tells its reason, often by naming what it is not.
        statements=[text_of(text) for text in root.iterfind(".//{*}statement/{*}leftstatement")],
    )


def _number(text: str, name: str) -> float:
    """Read a number."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise CorruptFileError(_("the Sierra file gives {text!r} as {name}", text=text, name=name))
    return number


def _labels(root: ET.Element, waveforms: ET.Element) -> list[str]:
    """Return the names of the stored leads, in their order."""
    if labels := waveforms.get("leadlabels", "").split():
        return labels[: int(_number(waveforms.get("numberofleads", "12"), "numberofleads"))]
    characteristics = root.find(".//{*}signalcharacteristics")
    kind = "" if characteristics is None else text_of(characteristics.find("./{*}acquisitiontype"))
    if kind not in _TWELVE_LEAD_SETS:
        raise InvalidRecordError(
            _("the Sierra file names no leads, and its lead set is {kind!r}", kind=kind)
        )
    return list(STANDARD_LEADS)


def _is_compressed(waveforms: ET.Element) -> bool:
    """Tell whether the samples are packed by XLI."""
    method = waveforms.get("compressmethod", waveforms.get("compression", "Uncompressed"))
    if waveforms.get("compressflag", "True") == "False" or method in ("Uncompressed", "None"):
        return False
    if method != "XLI":
        raise UnknownFormatError(
            _("Sierra waveforms compressed by {method!r} are not read", method=method)
        )
    return True


def _rows(waveforms: ET.Element, *, samples: int, count: int) -> list[NDArray[np.int64]]:
    """Return the stored numbers of each lead."""
    if waveforms.get("dataencoding") != "Base64":
        raise UnknownFormatError(_("Sierra waveforms are only read in Base64"))
    try:
        data = base64.b64decode("".join((waveforms.text or "").split()), validate=True)
    except binascii.Error as error:
        raise CorruptFileError(
            _("the Sierra waveforms are no base64: {error}", error=error)
        ) from error
    if _is_compressed(waveforms):
        rows = list(islice(unpack_chunks(data, samples=samples), count))
    else:
        whole = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.int64)
        rows = [whole[at : at + samples] for at in range(0, samples * count, samples)]
    if len(rows) < count or any(len(row) < samples for row in rows):
        raise CorruptFileError(
            _(
                "the Sierra file holds fewer than {count} leads of {samples}",
                count=count,
                samples=samples,
            )
        )
    return rows


def _add_predictions(leads: dict[Lead, NDArray[np.int64]]) -> None:
    """Turn the remainders of the four derived leads into voltages."""
    if not set(LIMB_LEADS) <= set(leads):
        missing = ", ".join(lead for lead in LIMB_LEADS if lead not in leads)
        raise InvalidRecordError(_("the compressed Sierra file lacks {missing}", missing=missing))
    one, two = leads[Lead.I], leads[Lead.II]
    leads[Lead.III] = two - one - leads[Lead.III]
    leads[Lead.AVR] = -leads[Lead.AVR] - (one + two) // 2
    leads[Lead.AVL] = (one - leads[Lead.III]) // 2 - leads[Lead.AVL]
    leads[Lead.AVF] = (two + leads[Lead.III]) // 2 - leads[Lead.AVF]


def _resolution(root: ET.Element, waveforms: ET.Element) -> float:
    """Return the microvolts of one step; never guessed."""
    told = waveforms.get("resolution", "")
    for name in ("resolution", "signalresolution"):
        told = told or text_of(root.find(f".//{{*}}signalcharacteristics/{{*}}{name}"))
    resolution = _number(told, "resolution")
    if not resolution > 0:
        raise InvalidRecordError(
            _("the Sierra file gives a resolution of {resolution:g} uV", resolution=resolution)
        )
    return resolution


def _patient(root: ET.Element, recorded_at: datetime | None) -> Patient | None:
    """Return age and sex."""
    person = root.find(".//{*}generalpatientdata")
    if person is None:
        return None
    age: float | None = None
    years = text_of(person.find("./{*}age/{*}years"))
    born = text_of(person.find("./{*}age/{*}dateofbirth"))
    if years.isdecimal():
        age = float(years)
    elif born and recorded_at is not None:
        try:
            age = (recorded_at - datetime.strptime(born, "%Y-%m-%d")).days // 365.25
        except ValueError:
            age = None
    return patient_of(age=age, sex=text_of(person.find("./{*}sex")))


def _recorded_at(root: ET.Element) -> datetime | None:
    """Return when the recording began."""
    element = root.find(".//{*}dataacquisition")
    if element is None:
        return None
    try:
        return datetime.strptime(
            f"{element.get('date')} {element.get('time')}", "%Y-%m-%d %H:%M:%S"
        )
    except ValueError:
        return None
