"""Find the printed grid, and so where each millimetre of paper is on the photo.

Method. A printed grid is a wave. In each window of the photo the two-dimensional spectrum shows a
comb of harmonics along the direction of the time axis and one along the voltage axis; the comb
gives the local pitch and angle (`spectrum.search_pitch`). The paper position `u(x, y)` (mm along
time) and `v(x, y)` (mm along voltage) are smooth functions whose gradients are those local pitches;
their remaining error is read from the phase of the grid wave, first of the 5 mm lines, then of the
1 mm lines. Perspective, rotation, curl and creases are all one case: there is no separate
corner finder, so a page that overfills the frame is as good as one on a table. Phase demodulation
is known from fringe projection (Takeda and Mutoh, Appl Opt 1983;22:3977); its use here is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.beside import beside
from cardioalert.digitize.paper import paper_darkness
from cardioalert.digitize.spectrum import Pitch, search_pitch
from cardioalert.digitize.surface import smooth_surface
from cardioalert.errors import GridNotFoundError
from cardioalert.geometry import Doubles, Floats, unwrap_from_best, upsample_lattice
from cardioalert.i18n import translate as _

WORK_SIDE: Final = 2000  # px, long side of the picture the grid is searched in
CELL: Final = 16  # px of the working picture per cell of the phase map
MAJOR_MM: Final = 5.0
MINOR_MM: Final = 1.0

SMOOTH_CELLS: Final = 2.0
LEAST_SUPPORT: Final = 0.08  # noise reaches 0.04, the palest real grid here 0.15
MOST_SQUEEZE: Final = 1.5  # ratio of the pitches of the two axes
RIDGE: Final = 1e-9  # of the mean square of a design, against singular systems
BAND_CELLS: Final = 8  # rows of cells that are demodulated at once
HIGHEST: Final = 2.0  # local standard deviations above the mean at which lines are clipped
STRUCTURE_CELLS: Final = 6.0  # over which noise averages out, and the shape of paper does not
# Degree, mm of residual at full support, mm of structure that does not matter. A picture that was
# never bent shows more of it by chance than what is lost where a curl is not followed.
SIMPLE_ENOUGH: Final = ((1, 0.06, 0.03), (2, 0.03, 0.02), (3, 0.02, 0.02))
WHOLE_SHARE: Final = 0.2  # of the period of the lines: larger errors are those of other lines
FLAT_SHARE: Final = 0.38  # of the whole error; noise alone leaves 0.3
BLOCK: Final = 12  # cells, side of the blocks left out in turn: farther than noise is alike
BENT_SHARE: Final = 0.75  # of the error on blocks left out, that a bent surface must not reach
STIFFNESS: Final = (30.0, 3.0)  # of the local corrections, one after the other
MOST_ROUNDS: Final = 6  # of the last correction, as long as more of the grid comes into sight
MORE_SEEN: Final = 1.01  # times the support that a round must reach to be followed by another


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridMap:
    """Where each point of the photo lies on the paper.

    Attributes
    ----------
    u, v : float arrays, shape (rows + 1, columns + 1), mm
        Paper position along time and voltage at the corners of square cells of the photo.
    support : float32 array, shape (rows, columns), 0-1
        How clearly the grid itself was seen in each cell.
    step : float, photo pixels
        Side of a cell.
    offset : float, photo pixels
        Position of the first corner, along both axes.
    scale_confirmed : bool
        Whether both the 5 mm and the 1 mm lines were seen.
    flat : bool
        Whether the paper lies flat: perspective and a smooth curve explain where its lines are.
    """

    u: Doubles
    v: Doubles
    support: Floats
    step: float
    offset: float
    scale_confirmed: bool
    flat: bool = False

    @property
    def pixels_per_mm(self) -> tuple[float, float]:
        """Median photo pixels per mm along time and along voltage, where the grid was seen."""
        seen = self.support > 0.5 * float(self.support.max())
        along_u = np.hypot(*np.gradient(self.u, self.step))[:-1, :-1][seen]
        along_v = np.hypot(*np.gradient(self.v, self.step))[:-1, :-1][seen]
        return float(1.0 / np.median(along_u)), float(1.0 / np.median(along_v))


def measure_grid(pixels: NDArray[np.uint8]) -> GridMap:
    """Find the grid of a photo.

    Parameters
    ----------
    pixels : uint8 array, shape (height, width, 3), RGB

    Raises
    ------
    GridNotFoundError
        No regular grid of a plausible pitch.
    """
    scale = min(1.0, WORK_SIDE / max(pixels.shape[:2]))
    work = pixels
    if scale < 1.0:
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        work = np.asarray(small, dtype=np.uint8)
    wave = grid_wave(work)
    pitch = search_pitch(wave)
    if pitch is None:
        raise GridNotFoundError(_("no regular grid was found in the picture"))
    fine = _Wave.of(_whole_cells(wave), CELL)
    waves = (fine, _Wave.of(_halved(fine.values), CELL // 2))
    with beside() as start:
        voltage = start(
            partial(_paper_coordinate, waves, wave.shape, pitch.along_voltage, pitch),
        )
        u, u_seen, u_flat = _paper_coordinate(waves, wave.shape, pitch.along_time, pitch)
        v, v_seen, v_flat = voltage()
    grid = GridMap(
        u=u,
        v=v,
        support=np.sqrt(u_seen * v_seen),
        step=CELL / scale,
        offset=0.5 / scale - 0.5,
        scale_confirmed=pitch.has_major and pitch.has_minor,
        flat=u_flat and v_flat,
    )
    _check(grid)
    return grid


def _check(grid: GridMap) -> None:
    """Refuse what is periodic, but no millimetre paper."""
    seen = float(np.quantile(grid.support, 0.95))
    if seen < LEAST_SUPPORT:
        raise GridNotFoundError(
            _(
                "the grid is too faint (support {seen:.2f} of {least_support})",
                seen=seen,
                least_support=LEAST_SUPPORT,
            )
        )
    along_time, along_voltage = grid.pixels_per_mm
    if not 1.0 / MOST_SQUEEZE < along_time / along_voltage < MOST_SQUEEZE:
        raise GridNotFoundError(
            _(
                "the grid is not square: {along_time:.1f} by {along_voltage:.1f} pixels per mm",
                along_time=along_time,
                along_voltage=along_voltage,
            )
        )


def grid_wave(pixels: NDArray[np.uint8]) -> Floats:
    """Return the darkness of the paper without its ink, mean about 0, of unit size."""
    darkness, paper = paper_darkness(pixels)
    return np.minimum(darkness, HIGHEST) * paper


def _paper_coordinate(
    waves: tuple[_Wave, _Wave], shape: tuple[int, ...], gradients: Doubles, pitch: Pitch
) -> tuple[Doubles, Floats, bool]:
    """Return the paper coordinate (mm) of one axis at cell corners, its support, and if flat.

    `waves` are those of the 1 mm lines and of the 5 mm lines; `shape` is that of the picture.
    """
    fine, coarse = waves
    lattice = fit_gradients(pitch.centers, gradients, pitch.weights, shape)
    support = np.zeros((lattice.shape[0] - 1, lattice.shape[1] - 1), dtype=np.float32)
    major_seen = float(np.quantile(_demodulate(coarse, lattice, MAJOR_MM)[1], 0.9))
    for period, rounds in _schedule(pitch, major=pitch.has_major and major_seen > LEAST_SUPPORT):
        seen_at = coarse if period == MAJOR_MM else fine
        for correction in rounds:
            error, seen = _demodulate(seen_at, lattice, period)
            lattice = lattice + correction(unwrap_from_best(error, seen, period=period), seen)
        lattice, error, seen = _grown(seen_at, lattice, period)
        support = np.maximum(support, seen)
    simplest = _simplest(lattice, error, seen, period=period)
    return (lattice if simplest is None else simplest), support, simplest is not None


def _whole_cells(wave: Floats) -> Floats:
    """Return a wave that ends with a whole cell, silent where there is no picture."""
    height, width = wave.shape
    return np.pad(wave, ((0, -height % CELL), (0, -width % CELL)))


def _halved(wave: Floats) -> Floats:
    """Return a wave at half the resolution: enough for the 5 mm lines."""
    size = (wave.shape[1] // 2, wave.shape[0] // 2)
    return np.asarray(cv2.resize(wave, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Wave:
    """What is demodulated again and again.

    Attributes
    ----------
    values : float32 array, shape (rows * cell, columns * cell)
    power : float32 array, shape (rows, columns)
        Mean square around each cell.
    cell : int, pixels of the values
    """

    values: Floats
    power: Floats
    cell: int

    @classmethod
    def of(cls, values: Floats, cell: int) -> _Wave:
        """Measure the power of a wave."""
        return cls(values=values, power=_around_cells(values * values, cell), cell=cell)


def _around_cells(values: Floats, cell: int) -> Floats:
    """Return the means around the middles of cells."""
    return _smooth_cells(_cell_means(values, cell))


def _cell_means(values: Floats, cell: int) -> Floats:
    """Return the mean of each cell."""
    size = (values.shape[1] // cell, values.shape[0] // cell)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _smooth_cells(means: Floats) -> Floats:
    """Return means that hold for the surroundings of cells, too."""
    smooth = cv2.GaussianBlur(means, (0, 0), SMOOTH_CELLS, borderType=cv2.BORDER_REFLECT)
    return np.asarray(smooth, dtype=np.float32)


def _grown(wave: _Wave, lattice: Doubles, period: float) -> tuple[Doubles, Floats, Floats]:
    """Correct a lattice until no more of the grid comes into sight; with its error and support.

    Where a lattice runs at another angle than the grid the wave cancels out: a corner that bends
    away is unseen until the surface reaches it from the part that is seen.
    """
    error, seen = _demodulate(wave, lattice, period)
    for _round in range(MOST_ROUNDS):
        step = _local(unwrap_from_best(error, seen, period=period), seen, stiffness=STIFFNESS[-1])
        error_then, seen_then = _demodulate(wave, lattice + step, period)
        if float(seen_then.mean()) < MORE_SEEN * float(seen.mean()):
            break
        lattice, error, seen = lattice + step, error_then, seen_then
    return lattice, error, seen


Correction = Callable[[Floats, Floats], Doubles]


def _schedule(pitch: Pitch, *, major: bool) -> list[tuple[float, list[Correction]]]:
    """Return the rounds of correction: coarse lines before fine ones, stiff before flexible.

    `major` says whether the 5 mm lines differ enough from the others to carry a phase.
    """
    stiff: list[Correction] = [partial(_polynomial, degree=degree) for degree in (2, 3)]
    local: list[Correction] = [partial(_local, stiffness=price) for price in STIFFNESS]
    if pitch.has_minor and not major:
        return [(MINOR_MM, stiff + local)]
    if not pitch.has_minor:
        return [(MAJOR_MM, stiff + local)]
    return [(MAJOR_MM, stiff + local), (MINOR_MM, local)]


def _simplest(lattice: Doubles, error: Floats, support: Floats, *, period: float) -> Doubles | None:
    """Return the polynomial of lowest degree that leaves no structure in the errors, or None.

    A scan is flat: its local corrections are noise, the larger the paler the grid. Noise has no
    shape, so that averaging over many cells removes it; what curl and creases leave stays.

    Parameters
    ----------
    lattice : array, shape (rows + 1, columns + 1), mm
    error, support : float32 arrays, shape (rows, columns)
        What `_demodulate` still sees.
    period : float, mm, of the lines that tell the error
    """
    trust = support * support
    count = cv2.GaussianBlur(trust, (0, 0), STRUCTURE_CELLS)
    seen = support > 0.5 * float(np.quantile(support, 0.95))
    rows, columns = lattice.shape
    row, column = np.mgrid[0:rows, 0:columns]
    cells = np.pad(seen, ((0, 1), (0, 1)))
    noise = 1.0 / float(np.median(support[seen]))
    for degree, tolerance, shapeless in SIMPLE_ENOUGH:
        design = np.stack(
            [(column / columns - 0.5) ** i * (row / rows - 0.5) ** j for i, j in _powers(degree)],
            axis=-1,
        )
        weight = np.ones(int(cells.sum()))
        fitted: Doubles = design @ _robust_fit(design[cells], lattice[cells], weight)
        if 1.48 * float(np.median(np.abs(lattice - fitted)[cells])) > tolerance * noise:
            continue
        left = error + _middles(lattice - fitted)
        left = (left - period * np.round(left / period)).astype(np.float32)
        shape = cv2.GaussianBlur(left * trust, (0, 0), STRUCTURE_CELLS) / np.maximum(count, 1e-9)
        structure, whole = (float(np.sqrt(np.mean(part[seen] ** 2))) for part in (shape, left))
        if whole > WHOLE_SHARE * period:
            continue
        noisy = structure < FLAT_SHARE * whole
        if structure < shapeless or (noisy and not _bent(left.astype(np.float32), trust, seen)):
            return fitted
    return None


def _bent(left: Floats, trust: Floats, seen: NDArray[np.bool_]) -> bool:
    """Tell whether errors that look like noise have a shape: whether neighbors foretell them.

    Half the blocks of cells are left out at a time, and read off a surface through the others.
    """
    row, column = np.indices(left.shape) // BLOCK
    shown = (row + column) % 2 == 0
    flat = bent = 0.0
    for part in (shown, ~shown):
        surface = smooth_surface(left, np.where(part, trust, 0.0), stiffness=STIFFNESS[-1])
        out = seen & ~part
        flat += float(np.sum(trust[out] * np.abs(left[out])))
        bent += float(np.sum(trust[out] * np.abs(left - _middles(surface))[out]))
    return bent < BENT_SHARE * flat


def _middles(lattice: Doubles) -> Doubles:
    """Return the values of a lattice in the middles of its cells."""
    middles: Doubles = (
        lattice[1:, 1:] + lattice[1:, :-1] + lattice[:-1, 1:] + lattice[:-1, :-1]
    ) / 4.0
    return middles


def fit_gradients(
    centers: Doubles, gradients: Doubles, weights: Doubles, shape: tuple[int, ...]
) -> Doubles:
    """Fit a smooth surface whose gradients are the local pitches.

    Parameters
    ----------
    centers : array, shape (windows, 2), pixels (x, y)
    gradients : array, shape (windows, 2), mm per pixel along x and y
    weights : array, shape (windows,)
    shape : of the picture, pixels

    Returns
    -------
    float array, shape (cell rows + 1, cell columns + 1), mm, at cell corners
    """
    half = max(shape) / 2.0
    x, y = ((centers - [shape[1] / 2.0, shape[0] / 2.0]) / half).T
    solution = np.concatenate([[0.0], np.median(gradients, axis=0) * half, np.zeros(3)])
    for degree in (1, 2, 2):
        powers = _powers(degree)
        by_x = np.stack([i * x ** max(i - 1, 0) * y**j for i, j in powers], axis=1) / half
        by_y = np.stack([j * x**i * y ** max(j - 1, 0) for i, j in powers], axis=1) / half
        solution[: len(powers)] = _robust_fit(
            np.concatenate([by_x, by_y]),
            gradients.T.ravel(),
            np.concatenate([weights, weights]),
            start=solution[: len(powers)],
        )
    row, column = np.mgrid[0 : -(-shape[0] // CELL) + 1, 0 : -(-shape[1] // CELL) + 1] * float(CELL)
    sx, sy = (column - shape[1] / 2.0) / half, (row - shape[0] / 2.0) / half
    surface: Doubles = np.tensordot(
        solution, np.stack([sx**i * sy**j for i, j in _powers(2)]), axes=1
    )
    return surface


def _powers(degree: int) -> list[tuple[int, int]]:
    """Return the exponents (of x, of y) of all monomials up to a degree, constant first."""
    return [(t - j, j) for t in range(degree + 1) for j in range(t + 1)]


def _robust_fit(
    design: Doubles, target: Doubles, weight: Doubles, *, start: Doubles | None = None
) -> Doubles:
    """Solve least squares with Cauchy weights, beginning with the residuals of `start`.

    Normal equations: the monomials are scaled to -1..1 and few, and speed matters more here.
    """
    ridge = RIDGE * float(np.mean(design**2) * weight.sum()) * np.eye(design.shape[1])
    solution = _solve(design, target, weight, ridge) if start is None else start
    for _round in range(5):
        residual = np.abs(target - design @ solution)
        scale = 1.5 * float(np.median(residual)) + 1e-9
        solution = _solve(design, target, weight / (1.0 + (residual / scale) ** 2), ridge)
    return solution


def _solve(design: Doubles, target: Doubles, weight: Doubles, ridge: Doubles) -> Doubles:
    """Solve weighted least squares."""
    weighted = design * weight[:, None]
    solution = np.linalg.solve(weighted.T @ design + ridge, weighted.T @ target)
    return np.asarray(solution, dtype=np.float64)


def _demodulate(wave: _Wave, lattice: Doubles, period: float) -> tuple[Floats, Floats]:
    """Return the error of a lattice (mm, wrapped to +-period/2) and its support, per cell."""
    turns, cell = lattice * (2.0 * np.pi / period), wave.cell
    rows = wave.values.shape[0] // cell
    bands: tuple[list[Floats], list[Floats]] = ([], [])
    for first in range(0, rows, BAND_CELLS):  # small enough for the cache
        last = min(rows, first + BAND_CELLS)
        values = wave.values[first * cell : last * cell]
        phase = upsample_lattice(turns[first : last + 1], step=cell, shape=values.shape)
        for band, part in zip(bands, cv2.polarToCart(values, phase), strict=True):
            band.append(_cell_means(np.asarray(part, dtype=np.float32), cell))
    real, imaginary = (_smooth_cells(np.vstack(band)) for band in bands)
    error: Floats = np.arctan2(imaginary, real) * np.float32(period / (2.0 * np.pi))
    support = np.hypot(real, imaginary) / np.sqrt(np.maximum(wave.power, 1e-6))
    return -error, np.asarray(support, dtype=np.float32)


def _polynomial(error: Floats, support: Floats, *, degree: int) -> Doubles:
    """Return a correction (at cell corners): the polynomial that fits the errors best."""
    rows, columns = error.shape
    side = float(max(rows, columns))
    row, column = np.mgrid[0:rows, 0:columns] + 0.5
    corner_row, corner_column = np.mgrid[0 : rows + 1, 0 : columns + 1]
    powers = _powers(degree)
    seen = support > 0.4 * np.quantile(support, 0.95)
    if seen.sum() < 4 * len(powers):
        return np.zeros((rows + 1, columns + 1))

    def monomials(r: Doubles, c: Doubles) -> Doubles:
        return np.stack([(c / side - 0.5) ** i * (r / side - 0.5) ** j for i, j in powers], axis=-1)

    solution = _robust_fit(
        monomials(row[seen], column[seen]),
        error[seen].astype(np.float64),
        support[seen].astype(np.float64) ** 2,
        start=np.zeros(len(powers)),
    )
    correction: Doubles = monomials(corner_row, corner_column) @ solution
    return correction


def _local(error: Floats, support: Floats, *, stiffness: float) -> Doubles:
    """Return the error (at cell corners) as a surface that may bend: curl and creases."""
    return smooth_surface(error, support * support, stiffness=stiffness)
