"""Ink is shared out among rows that cross, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.networks import row_separator
from cardioalert.networks.row_separator import REACH, separate_rows
from tests.unit.digitize.drawn import heart_curve, ink_of

WIDTH, SPACING = 640, 160


def bands(sizes: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    bases = np.array([300.0, 300.0 + SPACING])
    curves = [
        heart_curve(WIDTH, base, size_px=size, every=190.0)
        for base, size in zip(bases, sizes, strict=True)
    ]
    half = int(REACH * SPACING)
    ink = ink_of(curves, 800).trace
    padded = np.pad(ink, ((half, half), (0, 0)))
    cut = [padded[int(base) : int(base) + 2 * half + 1].T for base in bases]
    return np.stack(cut), bases, curves


def test_rows_that_stay_apart_keep_their_ink(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked where no rows meet")

    monkeypatch.setattr(row_separator, "run_network", unwanted)
    cut, bases, _ = bands((40.0, 40.0))
    assert (separate_rows(cut, bases, SPACING) == 1.0).all()


def test_a_tall_wave_belongs_to_the_row_that_it_rises_from() -> None:
    cut, bases, curves = bands((40.0, 250.0))
    shares = separate_rows(cut, bases, SPACING)
    half = int(REACH * SPACING)
    peak = int(np.argmin(curves[1]))
    column = slice(peak - 2, peak + 3)
    tip = int(curves[1][peak]) + 8
    of_upper = shares[0, column, tip - int(bases[0]) + half].max()
    of_lower = shares[1, column, tip - int(bases[1]) + half].max()
    assert of_lower > of_upper
