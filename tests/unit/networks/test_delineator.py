"""The network of wave bounds: what it reads, and that it answers for any number of leads."""

from __future__ import annotations

import numpy as np
import pytest

from cardioalert.networks.delineator import BOUNDS, SAMPLES, beat_view, delineate_beat

R_INDEX = 275


def drawn_beat(leads: int = 12) -> np.ndarray:
    """P from 100 to 150, QRS from 255 to 297, T until about 440 samples at 500 Hz."""
    clock = np.arange(676)
    beat = (
        0.12 * np.exp(-(((clock - 190) / 12) ** 2) / 2)
        + 1.0 * np.exp(-(((clock - R_INDEX) / 6) ** 2) / 2)
        + 0.3 * np.exp(-(((clock - 410) / 22) ** 2) / 2)
    )
    return np.linspace(0.4, 1.2, leads)[:, None] * beat


def test_the_view_does_not_depend_on_the_gain() -> None:
    one = beat_view(drawn_beat(), r_index=R_INDEX, step=2)
    other = beat_view(3.0 * drawn_beat(), r_index=R_INDEX, step=2)
    assert one.shape == (12, 5, SAMPLES)
    assert one == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize("leads", [1, 2, 12])
def test_the_bounds_are_in_order_and_near_the_waves(leads: int) -> None:
    found = delineate_beat(drawn_beat(leads), r_index=R_INDEX, sampling_rate=500.0)
    assert found.place.shape == (leads, len(BOUNDS))
    for place in (*found.place, found.place_of_all):
        assert (np.diff(place) > 0).all()
        assert abs(place[2] - 257) < 12
        assert abs(place[3] - 293) < 12
    assert (found.doubt_of_all > 0).all()


def test_unknown_stretches_and_flat_leads_give_numbers() -> None:
    beat = drawn_beat()
    beat[3, :240] = np.nan
    beat[4] = np.nan
    beat[5] = 0.0
    found = delineate_beat(beat, r_index=R_INDEX, sampling_rate=500.0)
    assert np.isfinite(found.place).all()
    assert np.isfinite(found.doubt).all()
