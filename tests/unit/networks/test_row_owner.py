"""Ink that stands between two rows is given to the row it belongs to."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from cardioalert.digitize.following import follow_rows
from cardioalert.networks.row_owner import (
    ANSWERS,
    MULTIPLE,
    PLANES,
    WIDEST,
    doubtful_columns,
    owner_planes,
    row_owners,
)
from tests.unit.digitize.drawn import heart_curve, ink_of

WIDTH = 900
BASES = np.array([200.0, 330.0])
BEATS = range(60, WIDTH, 160)
APART = 4  # px between the tips of the two rows, and from foot to tip


def _side_by_side() -> tuple[np.ndarray, np.ndarray]:
    """Draw an upper row with deep S, and a lower row with R that reach over it just before."""
    upper, lower = np.full(WIDTH, BASES[0]), np.full(WIDTH, BASES[1])
    columns = np.arange(WIDTH)
    for beat in BEATS:
        first = np.clip(1.0 - np.abs(columns - beat) / APART, 0.0, None)
        second = np.clip(1.0 - np.abs(columns - beat - APART) / APART, 0.0, None)
        upper += 100.0 * second - 30.0 * first
        lower -= 150.0 * first + 45.0 * second
    return upper, lower


def test_s_of_one_row_and_r_of_the_next_stay_with_their_rows() -> None:
    """Without the network a path strays by 26 px."""
    curves = _side_by_side()
    for row, curve in zip(follow_rows(ink_of(curves, 520), BASES), curves, strict=True):
        assert np.abs(row.path + row.top - curve).max() < 20.0


def test_only_ink_of_the_other_row_is_denied() -> None:
    curves = [heart_curve(WIDTH, BASES[0], size_px=20), heart_curve(WIDTH, BASES[1], size_px=110)]
    owners = row_owners(ink_of(curves, 520), BASES, 130.0)
    upper, lower = (owners.share(row, top=-20, heights=560).T for row in (0, 1))
    assert upper.shape == (560, WIDTH)
    assert (upper[:20] == 1.0).all()  # beyond the page
    r_waves = 20 + 250, np.arange(112, WIDTH, 160)
    assert (upper[r_waves] < 0.5).all()
    assert (lower[r_waves] > 0.9).all()
    assert (upper[20 + 200] > 0.9).mean() > 0.95  # its own base line


def test_rows_apart_need_no_network() -> None:
    maps = ink_of([heart_curve(WIDTH, base, size_px=20) for base in BASES], 520)
    assert row_owners(maps, BASES, 130.0).pieces == ()


def test_pieces_cover_the_doubtful_columns_and_are_not_wide() -> None:
    trace = np.zeros((500, 3000), np.float32)
    trace[240:260, 1001:2500] = 1.0
    pieces = doubtful_columns(trace, np.array([100.0, 400.0]), 300.0)
    assert pieces[0][0] <= 1001
    assert pieces[-1][1] >= 2500
    assert all(left % 2 == 0 and 0 < right - left <= WIDEST for left, right in pieces)
    assert all(one[1] == other[0] for one, other in pairwise(pieces))


@pytest.mark.parametrize("shape", [(64, 96), (65, 33)])
def test_planes_say_where_the_base_lines_are(shape: tuple[int, int]) -> None:
    blank = np.zeros(shape, np.float32)
    planes = owner_planes(blank, blank, np.array([20.0, 50.0]), 30.0)
    assert planes.shape[0] == PLANES
    assert planes.shape[1] % (MULTIPLE // 2) == planes.shape[2] % (MULTIPLE // 2) == 0
    above, below = planes[8, :, 0], planes[9, :, 0]
    assert above[15] == pytest.approx((30.5 - 20.0) / 30.0, abs=1e-4)
    assert below[15] == pytest.approx((50.0 - 30.5) / 30.0, abs=1e-4)
    assert above[0] == below[-1] == 3.0  # no base line there
    assert len(ANSWERS) == 4
