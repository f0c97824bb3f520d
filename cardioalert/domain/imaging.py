"""From photo to traces: what the digitizing stages hand to each other.

Two pixel spaces: the *photo* (as the camera took it) and the *page* (flattened, its grid parallel
to the axes at exactly `Grid.pixels_per_mm` pixels per millimetre). Positions are (x, y), in pixels,
with the centre of the first pixel at 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.record import ECGRecord, Lead, SourceFile


class Grade(StrEnum):
    """How far a digitized page can be trusted."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


DOUBTFUL: Final = 0.25  # of the rise and fall of a lead: its waves may be wrong

NamedBy = Literal["label", "layout", "morphology"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """A picture of a sheet.

    Attributes
    ----------
    pixels : uint8 array, shape (height, width, 3), RGB
    source : SourceFile
    """

    pixels: NDArray[np.uint8]
    source: SourceFile = field(default_factory=SourceFile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The printed grid: the one place where pixels become seconds and millivolts.

    Attributes
    ----------
    pixels_per_mm : float
        Of the flattened page, the same in both axes.
    photo_pixels_per_mm : (float, float)
        Median over the photo, along time and along voltage: how much detail there was.
    confidence : float, 0-1
        Share of the page area where the grid itself was seen.
    scale_confirmed : bool
        Whether a second piece of evidence (5 mm lines, pulse, sheet size) agrees with the pitch.
    paper_speed : float, mm/s
    gain : float, mm/mV
    chest_gain : float or None, mm/mV
        Of V1-V6, where it is printed at another gain than the limb leads.
    clock : float
        Seconds of the recording in one second of the nominal paper speed; not 1 where the columns
        of the page prove that the grid is a little off.
    """

    pixels_per_mm: float
    photo_pixels_per_mm: tuple[float, float]
    confidence: float
    scale_confirmed: bool
    paper_speed: float = 25.0  # mm/s
    gain: float = 10.0  # mm/mV
    chest_gain: float | None = None  # mm/mV
    clock: float = 1.0

    @property
    def pixels_per_second(self) -> float:
        """Horizontal distance of one second on the page."""
        return self.pixels_per_mm * self.paper_speed / self.clock

    def seconds(self, pixels: float) -> float:
        """Convert a horizontal distance on the page."""
        return pixels / self.pixels_per_second

    def gain_of(self, lead: Lead) -> float:
        """Return the gain of a lead, mm/mV."""
        chest = self.chest_gain is not None and lead.startswith("V")
        return self.chest_gain if chest and self.chest_gain else self.gain

    def millivolts(self, pixels: float, lead: Lead) -> float:
        """Convert a vertical distance on the page, in the trace of a lead."""
        return pixels / self.pixels_per_mm / self.gain_of(lead)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """The flattened sheet.

    Attributes
    ----------
    pixels : uint8 array, shape (height, width, 3), RGB
    photo_x, photo_y : float32 arrays, shape (height / mesh_step + 1, width / mesh_step + 1)
        Photo position of the page pixels (i * mesh_step, j * mesh_step).
    mesh_step : int, page pixels
    """

    pixels: NDArray[np.uint8]
    photo_x: NDArray[np.float32]
    photo_y: NDArray[np.float32]
    mesh_step: int

    @property
    def picture_left(self) -> float:
        """Page x of the left edge of the picture, or minus infinity if it is not upright there."""
        edge = -0.5  # the first pixel reaches half a pixel beyond its middle
        steps = np.arange(self.photo_x.shape[1]) * self.mesh_step
        upright = (np.diff(self.photo_x, axis=1) > 0).all()
        if not upright or (self.photo_x[:, 0] > edge).any() or (self.photo_x[:, -1] < edge).any():
            return -np.inf
        places = [float(np.interp(edge, row, steps)) for row in self.photo_x]
        return float(np.median(places)) if np.ptp(places) < 1.0 else -np.inf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InkMaps:
    """What each pixel of the page is, as probabilities; all float32, shape (height, width).

    Attributes
    ----------
    centre : ridge along the centre line of each trace, column by column
    trace : ink of an ECG trace
    marks : text, lead names, pulses, separators, stamps
    """

    centre: NDArray[np.float32]
    trace: NDArray[np.float32]
    marks: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLabel:
    """A lead name that was read on the page.

    Attributes
    ----------
    lead : Lead
    inverted : bool
        Printed with a minus sign, as in `-aVR`.
    left, top, right, bottom : float, page pixels
        The box around the letters.
    confidence : float, 0-1
    """

    lead: Lead
    inverted: bool
    left: float
    top: float
    right: float
    bottom: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowTrace:
    """One curve across the page.

    Attributes
    ----------
    y : float32 array, shape (page width,), page pixels
        NaN where there is no ink.
    confidence : float32 array, shape (page width,), 0-1
    baseline : float, page pixels
        Median height of the curve.
    fine : float32 array, shape (2 page widths,), page pixels, or None
        The curve a quarter of a pixel left and right of the middle of each column.
    tangled : bool array, shape (page width,), or None
        Where the curve runs over the same paper as that of another row, or ink near it belongs to
        no curve that was found.
    """

    y: NDArray[np.float32]
    confidence: NDArray[np.float32]
    baseline: float
    fine: NDArray[np.float32] | None = None
    tangled: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeadTrace:
    """One lead as it was printed.

    Attributes
    ----------
    lead : Lead
    named_by : what decided the name
    row : int, from the top
    start_x, end_x : float, page pixels
        The part of the row that belongs to this lead.
    y : float32 array, shape (page width,), page pixels
        NaN outside the lead and where it could not be read.
    inverted : bool
        Whether the print shows the lead upside down (Cabrera's -aVR).
    start_time : float, seconds
        Of `start_x` on the time axis of the record.
    quality : float, 0-1
    doubt : float, 0-1
        Share of the curve's rise and fall that was not read surely, as where it runs into others.
    fine : float32 array, shape (2 page widths,), page pixels, or None
        As in RowTrace; where `y` is known.
    """

    lead: Lead
    named_by: NamedBy
    row: int
    start_x: float
    end_x: float
    y: NDArray[np.float32]
    start_time: float
    quality: float
    doubt: float = 0.0
    inverted: bool = False
    fine: NDArray[np.float32] | None = None

    @property
    def waves_in_doubt(self) -> bool:
        """Whether tall waves may be cut, or belong to a neighboring row."""
        return self.doubt > DOUBTFUL


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A warning with a stable code and a text for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuality:
    """The verdict on a digitized page.

    Attributes
    ----------
    grade : Grade
    reasons : tuple of Notice
        Why the grade is not better.
    """

    grade: Grade
    reasons: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Digitized:
    """A digitized page with every intermediate result.

    Attributes
    ----------
    layout : str
        Name of a row of `digitize/tables/layouts.toml`, such as `3x4+1`.
    lead_order : `standard` or `cabrera`
    seconds : float
        Time the digitizing took.
    """

    photo: Photo
    page: Page
    grid: Grid
    layout: str
    lead_order: Literal["standard", "cabrera"]
    traces: tuple[LeadTrace, ...]
    record: ECGRecord
    quality: PageQuality
    warnings: tuple[Notice, ...]
    seconds: float
