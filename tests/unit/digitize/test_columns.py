"""Borders of columns are placed to a fraction of a pixel, and leads are cut there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cardioalert.digitize.assembly import assemble_record, cut_leads
from cardioalert.digitize.columns import Columns, Edges, find_columns
from cardioalert.digitize.layouts import Place, PlacedLayout
from cardioalert.digitize.registration import Displacements
from cardioalert.domain.imaging import Grid, InkMaps, Page, RowTrace
from cardioalert.domain.record import ECGRecord, Lead, SourceFile

HEIGHT, WIDTH, PX = 300, 2100, 8
START, COLUMN = 30, 500  # px; 62.5 mm
BASE = 150.0
GRID = Grid(
    pixels_per_mm=PX, photo_pixels_per_mm=(PX, PX), confidence=1.0, scale_confirmed=True
)  # 200 px/s, 80 px/mV


def row_of(curve: NDArray[np.float64], first_ink: int = START) -> RowTrace:
    y = np.where(np.arange(WIDTH) < first_ink, np.nan, curve).astype(np.float32)
    y[START + 4 * COLUMN + 2 :] = np.nan
    return RowTrace(
        y=y,
        fine=np.repeat(y, 2),
        confidence=np.isfinite(y).astype(np.float32),
        baseline=BASE,
    )


def marks_at(*borders: int, half: int = 2) -> InkMaps:
    """Thin vertical marks, centered on pixels."""
    marks = np.zeros((HEIGHT, WIDTH), np.float32)
    for border in borders:
        marks[110:190, border - half : border + half + 1] = 1.0
    return InkMaps(centre=np.zeros_like(marks), trace=np.zeros_like(marks), marks=marks)


@pytest.mark.parametrize("first_ink", [START, START + 3, START + 6])
def test_separators_place_the_start_whatever_hides_the_first_ink(first_ink: int) -> None:
    flat = np.full(WIDTH, BASE)
    maps = marks_at(*(START + k * COLUMN for k in (1, 2, 3)))
    found = find_columns((row_of(flat, first_ink),) * 3, (), maps, 4, Edges())
    assert found.start == pytest.approx(START, abs=0.5)
    assert found.width == pytest.approx(COLUMN, abs=0.2)


def test_separators_of_a_short_clock_outweigh_ink_far_before_the_start() -> None:
    """A cart cuts columns 1 % short of 2.5 s, and a pulse hides where the first one begins."""
    short = 495
    maps = marks_at(*(START + k * short for k in (1, 2, 3)))
    found = find_columns((row_of(np.full(WIDTH, BASE), START - 18),) * 3, (), maps, 4, Edges())
    assert found.start == pytest.approx(START, abs=1.0)
    assert found.width == pytest.approx(short, abs=0.5)


def test_the_edge_of_a_pulse_before_the_first_column_is_no_border() -> None:
    flat = np.full(WIDTH, BASE)
    maps = marks_at(START - 12, *(START + k * COLUMN for k in (1, 2, 3)))
    found = find_columns((row_of(flat, START - 9),) * 3, (), maps, 4, Edges())
    assert found.start == pytest.approx(START, abs=0.5)


def test_leaps_place_the_borders_and_qrs_complexes_do_not() -> None:
    x = np.arange(WIDTH)
    level = BASE + 12.0 * (((x - START) // COLUMN) % 2)
    heart = np.interp((x - START) % 170, [0, 80, 88, 96, 169], [0.0, 0.0, -90.0, 0.0, 0.0])
    found = find_columns((row_of(level + heart),) * 3, (), marks_at(), 4, Edges())
    assert found.start == pytest.approx(START - 0.5, abs=0.6)
    assert found.width == pytest.approx(COLUMN, abs=0.3)


def test_traces_that_begin_at_the_edge_of_the_picture_begin_at_that_very_edge() -> None:
    flat = row_of(np.full(WIDTH, BASE), START + 3)
    edge = START - 0.6
    found = find_columns((flat,) * 3, (), marks_at(), 4, Edges(picture_left=edge))
    assert found.start == edge
    assert find_columns((flat,) * 3, (), marks_at(), 1, Edges(picture_left=edge)).start == edge


def test_the_foot_of_a_pulse_is_no_first_ink() -> None:
    """One separator tells either the start or the width; the usual width is the likelier one."""
    flat = row_of(np.full(WIDTH, BASE), START - 12)
    maps = marks_at(START + 2 * COLUMN)
    found = find_columns((flat,) * 3, (), maps, 2, Edges(pulse_end=START - 13.0))
    assert found.start == pytest.approx(START, abs=0.5)
    for elsewhere in (Edges(), Edges(pulse_end=WIDTH - 20.0)):
        assert find_columns((flat,) * 3, (), maps, 2, elsewhere).start < START - 6


def test_a_row_goes_on_a_little_beyond_what_its_reader_is_sure_of() -> None:
    """Half a stroke at both ends was seen, and the first and last columns are unsure."""
    found = find_columns((row_of(np.full(WIDTH, BASE), START),) * 3, (), marks_at(), 1, Edges())
    assert START - 2.0 < found.start < START - 1.0
    assert found.end == pytest.approx(START + 4 * COLUMN + 2 + 1.25)


def test_a_whole_last_column_tells_the_start_that_a_pulse_hides() -> None:
    rows = (row_of(np.full(WIDTH, BASE), START - 5),) * 3
    found = find_columns(rows, (), marks_at(), 4, Edges(pulse_end=START - 5.0))
    end = found.start + 4 * found.width
    assert end == pytest.approx(START + 4 * COLUMN + 2 + 1.25, abs=1.0)


@pytest.mark.parametrize("away", [3.0, 25.0])
def test_separators_outweigh_an_edge_that_cuts_the_first_column(away: float) -> None:
    flat = row_of(np.full(WIDTH, BASE), START + 5)
    maps = marks_at(*(START + k * COLUMN for k in (1, 2, 3)))
    found = find_columns((flat,) * 3, (), maps, 4, Edges(picture_left=START + away))
    assert found.start == pytest.approx(START, abs=0.5)


@pytest.mark.parametrize(("left", "slant"), [(7.4, 0.0), (7.4, 40.0), (-3.0, 0.0)])
def test_the_edge_of_the_picture_is_known_where_it_is_upright_on_the_page(
    left: float, slant: float
) -> None:
    steps = 8.0 * np.arange(20)
    photo_x = 0.9 * (steps[None, :] - left - slant * np.linspace(0, 1, 9)[:, None]) - 0.5
    page = Page(
        pixels=np.zeros((64, 152, 3), np.uint8),
        photo_x=photo_x.astype(np.float32),
        photo_y=np.zeros_like(photo_x, np.float32),
        mesh_step=8,
    )
    inside = slant == 0 and left > 0
    assert page.picture_left == (pytest.approx(left, abs=1e-3) if inside else -np.inf)


def record_of(curve: NDArray[np.float64], displacements: Displacements | None = None) -> ECGRecord:
    """The record of a page of two columns, leads I and aVR."""
    columns = Columns(start=START, width=COLUMN, count=2, evidence=1.0, end=START + 2.0 * COLUMN)
    places = tuple(
        Place(
            row=0,
            left=columns.border(k),
            right=columns.border(k + 1),
            lead=lead,
            inverted=False,
            named_by="label",
            is_rhythm=False,
        )
        for k, lead in enumerate((Lead.I, Lead.AVR))
    )
    layout = PlacedLayout(
        name="1x2",
        order="standard",
        places=places,
        columns=columns,
        names_right=2,
        names_wrong=0,
        law_residual=float("nan"),
        unnamed_rhythm=(),
    )
    traces = cut_leads((row_of(curve),), layout, GRID)
    return assemble_record(
        traces,
        layout,
        GRID,
        sampling_rate=500.0,
        source=SourceFile(),
        displacements=displacements,
    )


def test_leads_are_put_where_the_grid_says() -> None:
    """A wave in each 0.5 s of paper that stretches more and more to the right."""
    step = 32.0
    column = np.indices((HEIGHT // 32 + 2, WIDTH // 32 + 2))[1] * step
    right = 4e-5 * (column - START) ** 2  # px; 10 in the first lead, 40 at the end of the second
    stretched = Displacements(right=right, down=np.zeros_like(right), step=step)
    placed, _y = stretched.placed(np.arange(float(WIDTH)), np.full(WIDTH, BASE))
    tips = START + 50.0 + 100.0 * np.arange(9)  # px of true paper
    curve = BASE - 40.0 * np.exp(-(((placed[:, None] - tips) / 5.0) ** 2)).sum(axis=1)
    for displacements in (stretched, None):
        signal = record_of(curve, displacements).signal[0, :1250]  # lead I: 250 samples a wave
        peaks = np.array([np.nanargmax(part) for part in signal.reshape(5, 250)])
        moved_ms = 2.0 * float(np.ptp(peaks))
        assert moved_ms <= 4.0 if displacements else moved_ms > 30.0


def test_what_leads_from_one_lead_to_the_next_belongs_to_neither() -> None:
    curve = np.full(WIDTH, BASE)
    border = START + COLUMN
    curve[border:] += 24.0
    curve[border - 3 : border + 3] = BASE + np.linspace(4.0, 20.0, 6)
    record = record_of(curve)
    for row, (first, last) in enumerate(((0, 1245), (1255, 2490))):
        lead = record.signal[row, first:last]
        assert np.isfinite(lead).all()
        assert np.ptp(lead) < 0.01  # mV


def test_a_qrs_at_a_border_is_kept() -> None:
    x = np.arange(WIDTH, dtype=np.float64)
    border = START + COLUMN
    flank = np.clip((x - (border - 8)) * 8.0, 0.0, None)
    curve = BASE + np.where(x < border, flank, 0.0)
    record = record_of(curve)
    reached = -record.signal[0, :1250].min() if record.signal[0, 1245] < 0 else 0.0
    assert reached == pytest.approx(7 * 8.0 / 80.0, abs=0.12)  # mV
