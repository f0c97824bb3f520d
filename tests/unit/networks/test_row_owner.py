"""Ink that stands between two rows is given to the row it belongs to."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from cardioalert.digitize.following import follow_rows
from cardioalert.digitize.tracing import find_rows
from cardioalert.domain.imaging import InkMaps
from cardioalert.networks.row_owner import (
    ANSWERS,
    MARGIN,
    MOST_PIXELS,
    MULTIPLE,
    PLANES,
    WHOLE,
    WIDEST,
    doubtful_columns,
    joined_views,
    owner_planes,
    row_owners,
)
from cardioalert.networks.segmenter import segment_page
from tests.built_ecg import built_record
from tests.unit.digitize.drawn import heart_curve, ink_of

WIDTH = 900
BASES = np.array([200.0, 330.0])
MM = 8  # px
SPACING = 15 * MM  # of twelve rows on A4


@pytest.fixture(scope="module")
def sheet() -> tuple[InkMaps, np.ndarray]:
    """Print twelve leads so close that QRS of V1 to V4 run into each other; read the ink of it."""
    signal = built_record(noise=0.005).signal[:, :4900]
    bases = 100.0 + SPACING * np.arange(len(signal))
    page = np.full((int(bases[-1]) + 168, 2016, 3), 252, np.uint8)
    for step in (1, 5):
        color = (252, 220, 225) if step == 1 else (245, 170, 185)
        page[:: step * MM] = color
        page[:, :: step * MM] = color
    x = 16.0 + np.arange(signal.shape[1]) * 25.0 * MM / 500.0
    truth = []
    for base, row in zip(bases, signal, strict=True):
        y = base - 10.0 * MM * row
        points = np.round(16.0 * np.stack([x, y], axis=1)).astype(np.int32)
        cv2.polylines(page, [points[:, None]], False, (50, 25, 30), 3, cv2.LINE_AA, 4)
        truth.append(np.interp(np.arange(page.shape[1]), x, y, left=np.nan, right=np.nan))
    return segment_page(page), np.array(truth)


def test_rows_that_run_into_each_other_are_followed(sheet: tuple[InkMaps, np.ndarray]) -> None:
    """Without the network 3.5 % of the columns of the worst row are lost."""
    maps, truth = sheet
    rows = follow_rows(maps, find_rows(maps))
    assert len(rows) == len(truth)
    for row, line in zip(rows, truth, strict=True):
        around = np.stack([line, np.roll(line, 1), np.roll(line, -1)])
        path = row.path + row.top
        off = np.maximum(np.fmin.reduce(around) - path, path - np.fmax.reduce(around))
        assert np.nanmean(off > 12.0) < 0.02


def test_a_row_may_claim_its_own_ink_and_loses_that_of_others(
    sheet: tuple[InkMaps, np.ndarray],
) -> None:
    maps, truth = sheet
    bases = find_rows(maps)
    owners = row_owners(maps, bases, float(SPACING))
    v4, v3 = 9, 8  # R of V4 reaches over the base line of V3
    columns = np.flatnonzero(truth[v4] < bases[v3] + 0.4 * SPACING)
    heights = np.round(truth[v4, columns]).astype(int)
    assert len(columns) > 20
    (own, surely), (other, _) = (
        owners.claims(row, top=0, heights=len(maps.trace)) for row in (v4, v3)
    )
    assert other.shape == (maps.trace.shape[1], maps.trace.shape[0])
    assert np.mean(own[columns, heights] > 0.8 * WHOLE) > 0.9
    assert np.mean(other[columns, heights] < 0.5 * WHOLE) > 0.6
    assert np.mean(surely[columns, heights] > 0.3 * WHOLE) > 0.6


def test_beyond_the_page_nothing_is_denied_and_nothing_sure(
    sheet: tuple[InkMaps, np.ndarray],
) -> None:
    maps, _ = sheet
    owners = row_owners(maps, find_rows(maps), float(SPACING))
    share, own = owners.claims(0, top=-20, heights=300)
    assert (share[:, :20] == WHOLE).all()
    assert (own[:, :20] == 0).all()


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


def test_pieces_whose_margins_meet_are_seen_at_once() -> None:
    near, apart = 300 + 2 * MARGIN, 600 + 4 * MARGIN
    pieces = [(100, 300), (near, near + 100), (apart, apart + 50)]
    views = joined_views(pieces, width=apart + 60, height=1000)
    assert views == [
        ((100 - MARGIN, near + 100 + MARGIN), pieces[:2]),
        ((apart - MARGIN, apart + 60), pieces[2:]),
    ]


def test_tall_pages_are_seen_in_parts() -> None:
    pieces = [(left, left + WIDEST) for left in range(0, 8 * WIDEST, WIDEST)]
    views = joined_views(pieces, width=8 * WIDEST, height=3000)
    assert len(views) > 4
    assert [piece for _seen, inside in views for piece in inside] == pieces
    assert all((last - first) * 3000 <= MOST_PIXELS for (first, last), _inside in views)


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
