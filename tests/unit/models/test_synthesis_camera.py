"""The camera's map is exact: what it says of a point is where the point is."""

import numpy as np
import pytest
from synthesis.camera import photograph
from synthesis.cameras import Camera, random_camera
from synthesis.flatten import (
    PIXELS_PER_MM,
    column_line,
    exact_residual,
    flat_sample,
    random_residual,
)
from synthesis.page import draw_page
from synthesis.recordings import made_up_recording
from synthesis.warp import dense, random_bend

from tests.unit.models.built_page import plain_design

CALM = Camera(seed=1, scale=8.0, jpeg=100, blur=0.3)
BENT = Camera(seed=4, scale=9.0, tilt=0.1, turn=4.0, curl=6.0, wobble=1.5, crease=1.0, jpeg=100)


@pytest.fixture(scope="module")
def page():
    recording = made_up_recording()
    return draw_page(plain_design(), recording.signal, sampling_rate=500.0)


def test_map_to_the_photo_and_back_is_the_identity(page):
    photo = photograph(page, BENT)
    points, pixels = photo.map_grid()
    assert np.abs(photo.warp.to_page(pixels) - points).max() < 0.01  # mm


def test_a_printed_dot_appears_where_the_map_says(page):
    dot = np.array([100.0, 62.5])  # mm, between rows
    column, row = (dot * page.scale).astype(int)
    painted = page.rgb.copy()
    painted[row - 6 : row + 6, column - 6 : column + 6] = (255, 0, 0)
    marked = type(page)(
        rgb=painted,
        trace=page.trace,
        grid=page.grid,
        marks=page.marks,
        strokes=page.strokes,
        scale=page.scale,
        design=page.design,
    )
    photo = photograph(marked, BENT)
    red = photo.rgb[..., 0].astype(int) - photo.rgb[..., 2]
    rows, columns = np.nonzero(red > 100)
    expected = photo.warp.to_photo(dot[None])[0]
    assert np.abs(np.array([columns.mean(), rows.mean()]) - expected).max() < 0.5  # px


def test_same_camera_gives_the_same_picture(page):
    camera = random_camera("hard", 8)
    assert camera == random_camera("hard", 8)
    first, second = (photograph(page, camera).rgb for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("level", ["scan", "easy", "medium", "hard"])
def test_every_level_takes_a_picture(page, level):
    photo = photograph(page, random_camera(level, 3), frame=(-5.0, 10.0, 80.0, 70.0))
    assert photo.rgb.ndim == 3
    assert photo.rgb.std() > 1


def test_dense_reproduces_a_plane():
    rows, columns = np.mgrid[0:5, 0:6] * 8.0
    full = dense(columns + 2 * rows, step=8, size=(40, 32))
    y, x = np.mgrid[0:32, 0:40]
    assert np.abs(full - (x + 2 * y)).max() < 0.3  # OpenCV keeps 5 bits of fraction


def test_flat_paper_has_no_bend():
    rng = np.random.default_rng(0)
    bend, light = random_bend(rng, box=(0, 0, 50, 40), curl=0, wobble=0, crease=0)
    assert np.abs(bend.moves).max() == 0
    assert (light == 1).all()


def test_narrow_peak_keeps_its_height():
    x = np.array([0.0, 9.6, 9.9, 10.2, 20.0])
    y = np.array([50.0, 50.0, 10.0, 50.0, 50.0])
    line = column_line(np.stack([x, y], axis=1), width=24)
    assert line[10] == 10.0
    assert line[5] == 50.0
    assert np.isnan(line[22])


def test_slope_is_read_at_the_column_centre():
    x = np.arange(0, 30, 0.4)
    line = column_line(np.stack([x, 3 * x], axis=1), width=28)
    assert np.allclose(line[2:26], 3 * np.arange(2, 26), atol=1e-3)


def test_flattened_truth_lies_on_the_ink(page):
    frame = (20.0, 60.0, 100.0, 140.0)
    sample = flat_sample(page, CALM, frame=frame, residual=exact_residual(frame))
    assert sample.rgb.shape == (640, 640, 3)
    row = next(line for line in sample.centre if np.isfinite(line).all())
    columns = np.arange(640)
    ink = sample.truth[np.round(row).astype(int), columns, 0]
    assert (ink > 60).mean() > 0.97
    rhythm = page.strokes[-1]
    expected = (rhythm.baseline - frame[1]) * PIXELS_PER_MM - 0.5
    assert np.abs(np.median(row) - expected) < 1.0  # px; the made-up baseline is 0 mV


def test_residual_error_is_small():
    frame = (0.0, 0.0, 120.0, 96.0)
    for seed in range(10):
        warp = random_residual(np.random.default_rng(seed), frame)
        corners = np.array([[10.0, 10.0], [110.0, 10.0], [110.0, 86.0]])
        flat = warp.to_photo(corners)
        assert np.abs(np.diff(flat, axis=0).max() / PIXELS_PER_MM - 100.0) < 4.0  # mm
