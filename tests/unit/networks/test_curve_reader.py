"""Heights are read where the signal is, not where the ink ends."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.networks.curve_reader import (
    FEATURES,
    curve_features,
    ink_run,
    page_brightness,
    read_curves,
)
from tests.unit.digitize.drawn import heart_curve, ink_of

WIDTH, HEIGHT = 640, 400


def test_edges_of_ink_are_read_to_a_fraction_of_a_pixel() -> None:
    ink = np.zeros((5, 40), np.float32)
    ink[:, 10:15] = 1.0
    ink[:, 9] = 0.25
    upper, lower = ink_run(ink, np.full(5, 12))
    assert upper == pytest.approx(np.full(5, 9 + 1 / 3))
    assert lower == pytest.approx(np.full(5, 14.5))


def test_path_beside_the_ink_has_no_edges() -> None:
    upper, lower = ink_run(np.zeros((5, 40), np.float32), np.full(5, 12))
    assert np.isnan(upper).all()
    assert np.isnan(lower).all()


def test_brightness_ignores_a_colored_grid_and_sees_ink() -> None:
    colors = np.array([[[255, 120, 130], [20, 20, 25]]], np.uint8)
    assert page_brightness(colors)[0].tolist() == pytest.approx([1.0, 25 / 255])


def test_drawn_curve_is_read_where_it_was_drawn() -> None:
    curve = heart_curve(WIDTH, 200.0, size_px=60)
    maps = ink_of([curve], HEIGHT)
    path = np.round(curve).astype(np.intp)
    features = curve_features(maps.centre.T, maps.trace.T, 1.0 - 0.9 * maps.trace.T, path)
    assert features.shape == (FEATURES, WIDTH)
    offsets, confidence = read_curves(features[None])
    read = offsets[0].reshape(-1, 2).mean(axis=1) + path
    slow = np.abs(np.gradient(curve)) < 2
    assert np.median(np.abs(read - curve)[slow]) < 0.4
    assert np.median(confidence) > 0.5
    nothing = np.zeros_like(maps.centre.T)
    blank = curve_features(nothing, nothing, nothing + 1.0, path)
    assert read_curves(blank[None])[1].max() < 0.3
