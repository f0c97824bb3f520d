"""Which beats are premature: early ones of the usual shape, or of a shape that is early itself."""

from __future__ import annotations

import numpy as np

from cardioalert.domain.clinical import BeatClass
from cardioalert.measure.beats import Shapes
from cardioalert.measure.preparation import WORKING_RATE
from cardioalert.measure.rhythm import beat_classes

RR = 0.4  # s
NARROW = np.array([0.09, 0.09, 0.09])  # s, by shape


def classes(shape: list[int], early: set[int]) -> tuple[BeatClass, ...]:
    """Classes of beats `RR` apart, the early ones at 60 % of it."""
    rr = [RR * (0.6 if beat in early else 1.0) for beat in range(len(shape))]
    shapes = Shapes(r=np.cumsum(rr) * WORKING_RATE, shape=np.array(shape))
    return beat_classes(shapes, np.ones(len(shape) - 1, dtype=np.bool_), NARROW)


def test_an_early_beat_of_another_narrow_shape_is_premature():
    found = classes([0, 0, 0, 0, 1, 0, 0, 0, 0, 0], early={4})
    assert found[4] is BeatClass.ECTOPIC_NARROW
    assert BeatClass.ECTOPIC_NARROW not in (*found[:4], *found[5:])


def test_the_first_beat_of_a_column_with_another_shape_is_not_premature():
    """Columns of a page that lag behind its rhythm strip change shape and place of the beats."""
    found = classes([0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0], early={5})
    assert BeatClass.ECTOPIC_NARROW not in found
    assert found[5] is BeatClass.OTHER


def test_an_early_beat_of_the_usual_shape_is_premature():
    assert classes([0] * 10, early={6})[6] is BeatClass.ECTOPIC_NARROW
