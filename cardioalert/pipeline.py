"""READ FIRST: the order of the stages, and nothing else.

    picture -> grid -> page -> ink -> rows -> leads -> record -> measurements -> interpretation

The grid is measured on the photo as it was taken, before the page is flattened: its lines are the
best ruler there is, also for the shape of the paper (`digitize/grid.py`).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.assembly import assemble_record, cut_leads
from cardioalert.digitize.grid import measure_grid
from cardioalert.digitize.layout import place_leads
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM, flatten_page
from cardioalert.digitize.pulse import find_pulse, without_pulse
from cardioalert.digitize.quality import judge_page
from cardioalert.digitize.reading import read_photo
from cardioalert.digitize.scale import decide_scale
from cardioalert.digitize.tracing import find_rows, trace_rows
from cardioalert.domain.clinical import Analysis
from cardioalert.domain.imaging import Digitized, Grid, Photo
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import ECGRecord, Lead
from cardioalert.errors import DigitizationError, GridNotFoundError, LayoutNotFoundError
from cardioalert.files import FileContent
from cardioalert.formats.registry import is_picture, picture_of, read_record
from cardioalert.i18n import translate as _
from cardioalert.interpret import interpret
from cardioalert.measure import measure
from cardioalert.networks.label_reader import read_labels
from cardioalert.networks.segmenter import segment_page

ENOUGH_NAMES: Final = 3  # printed lead names that show which way up a page is

PictureSource = str | os.PathLike[str] | bytes | FileContent | NDArray[np.uint8] | Photo
Source = str | os.PathLike[str] | bytes | FileContent | ECGRecord | Photo | NDArray[np.uint8]


def digitize(
    picture: PictureSource,
    *,
    layout: str = "auto",
    speed: float | Literal["auto"] = "auto",
    gain: float | Literal["auto"] = "auto",
    sampling_rate: float = 500.0,
) -> Digitized:
    """Turn a picture of a paper ECG into a record.

    Parameters
    ----------
    picture : path, `-`, bytes, Photo, or uint8 RGB array of shape (height, width, 3)
    layout : `auto`, or what is printed, such as `3x4+1`
    speed : `auto`, or the paper speed in mm/s
    gain : `auto`, or the gain in mm/mV
    sampling_rate : float, Hz
        Of the record.

    Raises
    ------
    InputError
        The file is not a readable picture.
    DigitizationError
        The picture was read, but its grid, traces, layout or scale was not understood.
    """
    began = time.perf_counter()
    if not isinstance(picture, Photo | np.ndarray):
        picture = picture_of(picture)
    photo = picture if isinstance(picture, Photo) else read_photo(picture)
    wishes = Wishes(
        layout=layout,
        speed=None if speed == "auto" else float(speed),
        gain=None if gain == "auto" else float(gain),
        sampling_rate=sampling_rate,
    )
    digitized = _digitize_upright(photo, wishes)
    return replace(digitized, seconds=time.perf_counter() - began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user says about a page; None and `auto`: find out."""

    layout: str
    speed: float | None
    gain: float | None
    sampling_rate: float


def _digitize_upright(photo: Photo, wishes: Wishes) -> Digitized:
    """Digitize a photo, turned until its lead names can be read.

    A page upside down obeys Einthoven's law as well as one upright, so names decide. The photo in
    the result is the turned one.
    """
    attempts: list[Digitized] = []
    refusal: DigitizationError | None = None
    for quarter_turns in (0, 2, 1, 3):
        turned = replace(photo, pixels=np.ascontiguousarray(np.rot90(photo.pixels, quarter_turns)))
        try:
            attempt = _digitize_as_it_stands(turned, wishes)
        except GridNotFoundError:
            raise
        except DigitizationError as error:
            refusal = refusal or error
            continue
        if _telling_names(attempt) >= ENOUGH_NAMES:
            return attempt
        attempts.append(attempt)
    if not attempts:
        raise refusal or LayoutNotFoundError(_("the page fits no layout in any direction"))
    return max(attempts, key=_telling_names)


def _telling_names(digitized: Digitized) -> int:
    """Count the names that were read and look different upside down."""
    return sum(
        trace.named_by == "label" and trace.lead not in (Lead.I, Lead.II, Lead.III)
        for trace in digitized.traces
    )


def _digitize_as_it_stands(photo: Photo, wishes: Wishes) -> Digitized:
    """Run the stages once."""
    grid_map = measure_grid(photo.pixels)
    page = flatten_page(photo.pixels, grid_map)
    ink = segment_page(page.pixels)
    rows = trace_rows(ink, find_rows(ink))
    pulse = find_pulse(rows, ink)
    rows = without_pulse(rows, pulse)
    labels = read_labels(page.pixels)
    placed = place_leads(rows, labels, ink, layout=wishes.layout)
    scale = decide_scale(rows, placed.columns, pulse, speed=wishes.speed, gain=wishes.gain)
    grid = Grid(
        pixels_per_mm=PAGE_PIXELS_PER_MM,
        photo_pixels_per_mm=grid_map.pixels_per_mm,
        confidence=float(np.clip(np.median(grid_map.support) / 0.3, 0.0, 1.0)),
        scale_confirmed=grid_map.scale_confirmed and scale.confirmed,
        paper_speed=scale.paper_speed,
        gain=scale.gain,
    )
    traces = cut_leads(rows, placed, grid)
    record = assemble_record(
        traces, placed, grid, sampling_rate=wishes.sampling_rate, source=photo.source
    )
    return Digitized(
        photo=photo,
        page=page,
        grid=grid,
        layout=placed.name,
        lead_order=placed.order,
        traces=traces,
        record=record,
        quality=judge_page(traces, placed, grid, scale),
        warnings=scale.notices,
        seconds=0.0,
    )


def analyze(
    source: Source,
    *,
    patient: Patient | None = None,
    layout: str = "auto",
    speed: float | Literal["auto"] = "auto",
    gain: float | Literal["auto"] = "auto",
) -> Analysis:
    """Read, measure and interpret an ECG.

    Parameters
    ----------
    source : a picture or a digital file (path, `-` or bytes), a Photo, or an ECGRecord
    patient : Patient, optional
        What the caller knows; it goes before what the file says.
    layout, speed, gain : as in `digitize`; for pictures only

    Raises
    ------
    CardioAlertError
        One of its kinds, with a stable code.
    """
    if not isinstance(source, ECGRecord | Photo | np.ndarray):
        source = picture_of(source)
    digitized = None
    if isinstance(source, ECGRecord):
        record = source
    elif isinstance(source, FileContent) and not is_picture(source):
        record = read_record(source)
    else:
        digitized = digitize(source, layout=layout, speed=speed, gain=gain)
        record = digitized.record
    person = _merge(patient, record.patient)
    measurements = measure(record)
    return Analysis(
        record=record,
        patient=person,
        measurements=measurements,
        interpretation=interpret(measurements, record, person, digitized=digitized),
        digitized=digitized,
    )


def _merge(known: Patient | None, in_file: Patient | None) -> Patient:
    """Join what the caller knows of a person with what the file says; the caller goes first."""
    known, in_file = known or Patient(), in_file or Patient()
    return Patient(
        age=known.age if known.age is not None else in_file.age,
        sex=known.sex or in_file.sex,
        symptoms=known.symptoms or in_file.symptoms,
    )
