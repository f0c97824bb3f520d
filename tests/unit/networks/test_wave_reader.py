"""Windows around waves show what is there, and tall waves are read as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.networks.wave_reader import (
    BIN,
    COLUMNS,
    FAR,
    MAPS,
    PACKED,
    SIZES,
    Surroundings,
    same_planes,
    window_maps,
)

HEIGHT, WIDTH, BASE = 300, 200, 140


def surroundings(**changes) -> Surroundings:
    flat = np.full(WIDTH, BASE)
    known = {
        "page": tuple(np.zeros((HEIGHT, WIDTH), np.float32) for _ in range(4)),
        "others": np.zeros((WIDTH, HEIGHT), np.bool_),
        "passed": (flat - 4, flat + 4),
        "top": 0,
        "base": BASE,
        "above": FAR,
        "below": 1.0,
        "spacing": 160.0,
        "stroke": 4.0,
    }
    return Surroundings(**{**known, **changes})


def test_ink_stands_in_its_bin_and_paper_is_not_dark():
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    ink[BASE - 40 : BASE - 38, 100] = 1.0
    page = (ink, ink, 0.9 - 0.8 * ink, np.zeros_like(ink))
    maps = window_maps(surroundings(page=page), 90, SIZES[0])
    assert maps.shape == (MAPS, COLUMNS, PACKED * SIZES[0])
    at = SIZES[0] * PACKED // 2 - 40 // BIN
    expected = np.zeros(maps.shape[1:])
    expected[10, at] = 0.5
    assert maps[0] == pytest.approx(expected)
    assert maps[2] == pytest.approx(1.6 * expected, abs=1e-5)


def test_a_window_over_the_edge_of_the_page_shows_nothing_there():
    white = tuple(np.full((HEIGHT, WIDTH), value, np.float32) for value in (1, 1, 0.5, 1))
    maps = window_maps(surroundings(page=white), WIDTH - 10, SIZES[2])
    assert (maps[:2, :10].max(axis=2) == 1.0).all()
    assert not maps[:2, 10:].any()
    assert not maps[2].any()
    beyond = SIZES[2] * PACKED // 2 - BASE // BIN
    assert not maps[0, :, : beyond - 1].any()


def test_paths_are_told_and_a_shift_moves_everything():
    others = np.zeros((WIDTH, HEIGHT), np.bool_)
    others[:, BASE + 80 : BASE + 88] = True
    around = surroundings(others=others)
    maps = window_maps(around, 50, SIZES[0])
    middle = SIZES[0] * PACKED // 2
    assert (maps[4, :, middle + 20 : middle + 22] == 1.0).all()
    assert maps[4].sum() == 2 * COLUMNS
    assert maps[5].sum() * BIN == pytest.approx(9 * COLUMNS)
    moved = window_maps(around, 50, SIZES[0], shift=BIN)
    assert (moved[4, :, middle + 21 : middle + 23] == 1.0).all()


def test_base_lines_are_told_in_row_spacings():
    same = same_planes(surroundings(), SIZES[1])
    bin_of_next = SIZES[1] // 2 + 160 // (BIN * PACKED)
    assert abs(same[2, bin_of_next]) < 0.05
    assert same[0, bin_of_next] == pytest.approx(1.0, abs=0.05)
    assert (same[1, same[0] > 0] == FAR).all()
