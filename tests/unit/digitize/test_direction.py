"""Pages are turned until their names can be read, and keep pointing to their photo."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cardioalert.digitize.direction import turn_upright
from cardioalert.digitize.limits import Deadline
from cardioalert.domain.imaging import Page, Photo, PrintedLabel
from cardioalert.domain.record import Lead
from cardioalert.errors import TimeLimitError
from cardioalert.report.overlay import photo_positions
from tests.unit.digitize.drawn import label


def names_when_upright(pixels: NDArray[np.uint8]) -> tuple[PrintedLabel, ...]:
    """Read names only where the mark of the page is in its upper left corner."""
    if pixels[:64, :64].max() == 0:
        return ()
    return tuple(label(lead, 40.0, 60.0) for lead in (Lead.AVR, Lead.V1, Lead.V4))


def nowhere(_pixels: NDArray[np.uint8]) -> float:
    """See no trace."""
    return 0.0


def across(pixels: NDArray[np.uint8]) -> float:
    """See the bright line of a page where it runs from left to right."""
    return float((pixels.max(axis=2) > 0).any(axis=0).mean())


@pytest.mark.parametrize("turns", [0, 1])
def test_page_with_one_name_lies_the_way_its_trace_runs(turns: int) -> None:
    strip = np.zeros((320, 480, 3), np.uint8)
    strip[160] = 255
    taken = np.ascontiguousarray(np.rot90(strip, -turns))
    y, x = np.mgrid[0 : taken.shape[0] // 32 + 1, 0 : taken.shape[1] // 32 + 1] * 32.0
    page = Page(
        pixels=taken, photo_x=x.astype(np.float32), photo_y=y.astype(np.float32), mesh_step=32
    )

    def misread_sideways(pixels: NDArray[np.uint8]) -> tuple[PrintedLabel, ...]:
        wrong = label(Lead.V2, 40.0, 60.0)
        return (label(Lead.II, 40.0, 60.0),) if pixels.shape[1] > pixels.shape[0] else (wrong,)

    _, turned, labels = turn_upright(Photo(pixels=taken), page, misread_sideways, across)
    assert turned.pixels.shape == strip.shape
    assert [name.lead for name in labels] == [Lead.II]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_page_is_turned_upright_and_still_points_to_its_photo(turns: int) -> None:
    upright = np.zeros((320, 480, 3), np.uint8)
    upright[20, 30] = 255
    taken = np.ascontiguousarray(np.rot90(upright, -turns))
    y, x = np.mgrid[0 : taken.shape[0] // 32 + 1, 0 : taken.shape[1] // 32 + 1] * 32.0
    page = Page(
        pixels=taken, photo_x=x.astype(np.float32), photo_y=y.astype(np.float32), mesh_step=32
    )
    photo, turned, labels = turn_upright(Photo(pixels=taken), page, names_when_upright, nowhere)
    assert len(labels) == 3
    np.testing.assert_array_equal(photo.pixels, upright)
    np.testing.assert_array_equal(turned.pixels, upright)
    at = photo_positions(turned, np.array([30.0]), np.array([20.0]))
    assert np.allclose(at, [[30.0], [20.0]], atol=0.5)  # half a pixel at the rim of the mesh


def test_without_names_the_page_stays_as_it_is() -> None:
    taken = np.zeros((320, 480, 3), np.uint8)
    y, x = np.mgrid[0:11, 0:16] * 32.0
    page = Page(
        pixels=taken, photo_x=x.astype(np.float32), photo_y=y.astype(np.float32), mesh_step=32
    )
    _, turned, labels = turn_upright(Photo(pixels=taken), page, names_when_upright, nowhere)
    assert turned is page
    assert labels == ()


def test_time_that_is_up_is_a_refusal_with_a_code() -> None:
    Deadline().check("page")
    with pytest.raises(TimeLimitError) as refusal:
        Deadline(seconds=0.0, began=-1.0).check("rows")
    assert refusal.value.code == "time-limit"
    assert refusal.value.hint
