"""Pixels regrouped for the networks, and put together again."""

from __future__ import annotations

import numpy as np

from cardioalert.networks.planes import page_map, page_planes


def test_each_pixel_of_a_square_has_its_channel():
    pixels = np.random.default_rng(3).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    planes = page_planes(pixels)
    assert planes.shape == (1, 12, 3, 4)
    for color, row, column in np.ndindex(3, 2, 2):
        seen = planes[0, 4 * color + 2 * row + column]
        assert np.allclose(seen, pixels[row::2, column::2, color] / 255 * 4 - 2, atol=1e-6)


def test_black_and_white_are_the_ends_of_the_range():
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    pixels[0] = 255
    assert page_planes(pixels)[0, :, 0, 0].tolist() == [2, 2, -2, -2] * 3


def test_a_map_goes_back_to_where_its_channels_came_from():
    whole = np.random.default_rng(4).random((6, 10), dtype=np.float32)
    parts = np.stack([whole[row::2, column::2] for row in (0, 1) for column in (0, 1)])
    assert np.array_equal(page_map(parts), whole)
