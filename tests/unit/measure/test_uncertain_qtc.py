"""A QTc whose error reaches over a limit of the normal range is none, once that error is large."""

from __future__ import annotations

import pytest

from cardioalert.domain.clinical import Measured
from cardioalert.measure.intervals import QTC_FORMULAS, corrected_qt

ONE_SECOND = Measured(value=1.0, unit="s", uncertainty=0.0)  # where all formulas return QT itself


@pytest.mark.parametrize(
    ("qt_ms", "error_ms", "known"),
    [
        (487, 189, False),
        (431, 57, False),
        (431, 44, True),  # as large as half of the normal range
        (405, 44, True),
        (405, 46, False),  # the middle of the range: both limits are as near as the error
        (560, 100, True),  # long whatever the error
        (500, 60, False),
        (250, 100, True),  # short whatever the error
    ],
)
def test_only_an_error_that_decides_withdraws_a_corrected_qt(qt_ms, error_ms, known):
    qt = Measured(value=qt_ms / 1000, unit="s", uncertainty=error_ms / 1000)
    for found in corrected_qt(qt, ONE_SECOND, rr_variation=0.0).values():
        assert (found.value is not None) is known
        assert found.reason == ("" if known else "bounds-uncertain")


def test_every_formula_is_withdrawn_on_its_own():
    """At a high rate Bazett makes a QT surely long that the others leave open."""
    qt = Measured(value=0.38, unit="s", uncertainty=0.05)
    rr = Measured(value=0.45, unit="s", uncertainty=0.0)
    found = corrected_qt(qt, rr, rr_variation=0.0)
    known = {name for name in QTC_FORMULAS if found[name].value is not None}
    assert known == {"qtc_bazett"}
