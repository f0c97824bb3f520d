"""READ FIRST: the order of the stages, and nothing else.

    picture -> grid -> page -> ink -> rows -> leads -> record -> measurements
    -> networks' opinion -> interpretation

The grid is measured on the photo as it was taken, before the page is flattened: its lines are the
best ruler there is, also for the shape of the paper (`digitize/grid.py`).
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.assembly import assemble_record, cut_leads
from cardioalert.digitize.beside import Start, beside
from cardioalert.digitize.columns import Edges
from cardioalert.digitize.direction import trace_along, turn_upright
from cardioalert.digitize.following import follow_rows
from cardioalert.digitize.grid import measure_grid
from cardioalert.digitize.layout import place_leads, refuse_too_many
from cardioalert.digitize.limits import Deadline, memory_of_opencv
from cardioalert.digitize.one_thread import one_blas_thread
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM, flatten_page
from cardioalert.digitize.printed_scale import read_printed_scale
from cardioalert.digitize.pulse import find_pulse, without_pulse
from cardioalert.digitize.quality import judge_page
from cardioalert.digitize.reading import read_photo
from cardioalert.digitize.registration import register_grid
from cardioalert.digitize.scale import decide_scale
from cardioalert.digitize.strokes import find_strokes
from cardioalert.digitize.tracing import find_rows, trace_rows
from cardioalert.domain.clinical import Analysis, Measurements
from cardioalert.domain.imaging import Digitized, Grid, Photo, PrintedLabel
from cardioalert.domain.opinion import Opinion
from cardioalert.domain.patient import Patient
from cardioalert.domain.record import ECGRecord
from cardioalert.files import FileContent
from cardioalert.formats.registry import is_picture, picture_of, read_record
from cardioalert.interpret import interpret
from cardioalert.measure import measure
from cardioalert.networks.classifier import Question, judge, listen
from cardioalert.networks.label_reader import read_labels
from cardioalert.networks.segmenter import segment_page

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
    MemoryError
    """
    began, deadline = time.perf_counter(), Deadline()
    if not isinstance(picture, Photo | np.ndarray):
        picture = picture_of(picture)
    photo = picture if isinstance(picture, Photo) else read_photo(picture)
    wishes = Wishes(
        layout=layout,
        speed=None if speed == "auto" else float(speed),
        gain=None if gain == "auto" else float(gain),
        sampling_rate=sampling_rate,
    )
    with memory_of_opencv(), one_blas_thread(), beside() as start:
        digitized = _digitize_photo(photo, wishes, deadline, start)
    return replace(digitized, seconds=time.perf_counter() - began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user says about a page; None and `auto`: find out."""

    layout: str
    speed: float | None
    gain: float | None
    sampling_rate: float


def _digitize_photo(photo: Photo, wishes: Wishes, deadline: Deadline, start: Start) -> Digitized:
    """Run the stages. The photo in the result is turned upright."""
    deadline.check("grid")
    grid_map = measure_grid(photo.pixels)
    deadline.check("page")
    page = flatten_page(photo.pixels, grid_map)

    def read_names(pixels: NDArray[np.uint8]) -> tuple[PrintedLabel, ...]:
        deadline.check("lead names")
        return read_labels(pixels)

    photo, page, labels = turn_upright(photo, page, read_names, trace_along)
    deadline.check("ink")
    ink = segment_page(page.pixels)
    deadline.check("rows")
    base_lines = find_rows(ink)
    refuse_too_many(rows=len(base_lines))
    followed = follow_rows(ink, base_lines)  # a large network, which takes both cores
    printed = start(partial(read_printed_scale, page.pixels, ink))
    rows = trace_rows(ink, followed, page.pixels)
    del followed
    displaced = None if grid_map.flat else start(partial(register_grid, page.pixels, ink))
    deadline.check("layout")
    pulse = find_pulse(rows, ink)
    rows = without_pulse(rows, pulse)
    edges = Edges(
        picture_left=page.picture_left, pulse_end=pulse.end if pulse is not None else -np.inf
    )
    placed = place_leads(rows, labels, ink, layout=wishes.layout, edges=edges)
    deadline.check("scale")
    scale = decide_scale(rows, placed, pulse, printed(), speed=wishes.speed, gain=wishes.gain)
    grid = Grid(
        pixels_per_mm=PAGE_PIXELS_PER_MM,
        photo_pixels_per_mm=grid_map.pixels_per_mm,
        confidence=float(np.clip(np.median(grid_map.support) / 0.3, 0.0, 1.0)),
        scale_confirmed=grid_map.scale_confirmed and scale.confirmed,
        paper_speed=scale.paper_speed,
        gain=scale.gain,
        chest_gain=scale.chest_gain,
        clock=scale.clock,
    )
    traces = cut_leads(rows, placed, grid)
    record = assemble_record(
        traces,
        placed,
        grid,
        sampling_rate=wishes.sampling_rate,
        source=photo.source,
        displacements=displaced() if displaced is not None else None,
    )
    record = replace(record, strokes=find_strokes(traces, ink, placed.columns, grid))
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
    read = _read(source, layout=layout, speed=speed, gain=gain)
    # The networks that read the signal leave the interpreter to the measuring beside them.
    with ThreadPoolExecutor(max_workers=1) as beside:
        heard = beside.submit(listen, read.record, **read.trust)
        measurements = measure(read.record)
        (opinion,) = judge([heard.result()], [measurements])
    return conclude(_examined(read, measurements, patient), opinion)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examined:
    """An ECG after everything that is done before the networks are asked for their opinion.

    Attributes
    ----------
    record : ECGRecord
    patient : Patient
    measurements : Measurements
    digitized : Digitized, optional
        Where it comes from a picture.
    """

    record: ECGRecord
    patient: Patient
    measurements: Measurements
    digitized: Digitized | None

    @property
    def question(self) -> Question:
        """What the networks are asked."""
        trust = _Read(record=self.record, digitized=self.digitized).trust
        return Question(record=self.record, measurements=self.measurements, **trust)


def examine(
    source: Source,
    *,
    patient: Patient | None = None,
    layout: str = "auto",
    speed: float | Literal["auto"] = "auto",
    gain: float | Literal["auto"] = "auto",
) -> Examined:
    """Read and measure an ECG: the first half of `analyze`.

    Archives call the halves apart, so that the networks see many ECGs at once.
    """
    read = _read(source, layout=layout, speed=speed, gain=gain)
    return _examined(read, measure(read.record), patient)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Read:
    """A record, and the page it was read from."""

    record: ECGRecord
    digitized: Digitized | None

    @property
    def trust(self) -> dict[str, bool]:
        """What the networks need to know of where the record comes from."""
        page = self.digitized
        return {
            "on_paper": page is not None,
            "scale_confirmed": page is None or page.grid.scale_confirmed,
        }


def _read(
    source: Source,
    *,
    layout: str,
    speed: float | Literal["auto"],
    gain: float | Literal["auto"],
) -> _Read:
    """Take a record as it is, read it from a file, or digitize a page."""
    if isinstance(source, ECGRecord):
        return _Read(record=source, digitized=None)
    if not isinstance(source, Photo | np.ndarray):
        source = picture_of(source)
    if isinstance(source, FileContent) and not is_picture(source):
        return _Read(record=read_record(source), digitized=None)
    page = digitize(source, layout=layout, speed=speed, gain=gain)
    return _Read(record=page.record, digitized=page)


def _examined(read: _Read, measurements: Measurements, patient: Patient | None) -> Examined:
    """Put together what is known before the networks are asked."""
    return Examined(
        record=read.record,
        patient=_merge(patient, read.record.patient),
        measurements=measurements,
        digitized=read.digitized,
    )


def conclude(examined: Examined, opinion: Opinion) -> Analysis:
    """Interpret an ECG with the networks' opinion: the second half of `analyze`."""
    return Analysis(
        record=examined.record,
        patient=examined.patient,
        measurements=examined.measurements,
        interpretation=interpret(
            examined.measurements,
            examined.record,
            examined.patient,
            digitized=examined.digitized,
            opinion=opinion,
        ),
        digitized=examined.digitized,
    )


def retell(analysis: Analysis) -> Analysis:
    """Return an analysis with its sentences in the language that is chosen now.

    Nothing is read, measured or asked of the networks again. The remarks on how a page was read
    stay in the language they were made in.
    """
    told = analysis.interpretation
    return replace(
        analysis,
        interpretation=interpret(
            analysis.measurements,
            analysis.record,
            analysis.patient,
            digitized=analysis.digitized,
            opinion=told.opinion,
        ),
    )


def _merge(known: Patient | None, in_file: Patient | None) -> Patient:
    """Join what the caller knows of a person with what the file says; the caller goes first."""
    known, in_file = known or Patient(), in_file or Patient()
    return Patient(
        age=known.age if known.age is not None else in_file.age,
        sex=known.sex or in_file.sex,
        symptoms=known.symptoms or in_file.symptoms,
    )
