"""From scores to probabilities and verdicts."""

import numpy as np
import pytest

from cardioalert.networks.calibration import read_calibration
from cardioalert.networks.classifier import form_opinion, gather


def table(**outcome):
    first = {
        "code": "AFIB",
        "slope": 2.0,
        "intercept": -2.0,
        "present_from": 0.7,
        "possible_from": 0.4,
        "absent_below": 0.1,
        **outcome,
    }
    rare = {"code": "WPW", "slope": 1.0, "intercept": 0.0, "listed": False}
    group = {"code": "either", "members": ["AFIB", "WPW"], "slope": 1.0, "intercept": 0.0}
    member = {"weight": [1.0, 1.0], "mean": [0.0, 1.0], "spread": [1.0, 2.0]}
    return {
        "statements": ["AFIB", "WPW"],
        "digital": {
            "most_disagreement": 0.5,
            "member": [{"name": "a", **member}, {"name": "b", **member}],
            "outcome": [first, rare, group],
        },
    }


KNOWN = read_calibration(table(), "digital")


def scores(first, second=None):
    return {"a": np.array(first), "b": np.array(first if second is None else second)}


def test_a_score_becomes_the_probability_of_the_table():
    opinion = form_opinion(scores([1.0, 1.0]), KNOWN, kind="digital")
    assert opinion.statements == {"AFIB": pytest.approx(0.5)}


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(1.5, "present"), (1.0, "possible"), (0.4, "undecided"), (-1.0, "absent")],
)
def test_verdicts_follow_their_limits(score, verdict):
    opinion = form_opinion(scores([score, 1.0]), KNOWN, kind="digital")
    assert opinion.calls["AFIB"].verdict == verdict


def test_a_rare_danger_is_never_listed_nor_called():
    opinion = form_opinion(scores([0.0, 50.0]), KNOWN, kind="digital")
    assert set(opinion.statements) == {"AFIB"}
    assert set(opinion.calls) == {"AFIB"}


def test_a_group_is_at_least_as_probable_as_its_members():
    found = KNOWN.probabilities(KNOWN.blend(scores([1.0, 1.0])))
    assert found["either"] == pytest.approx(0.75)


def test_members_far_apart_silence_the_networks():
    opinion = form_opinion(scores([2.0, 1.0], [-2.0, 1.0]), KNOWN, kind="digital")
    assert opinion.silence == "unlike-training"
    assert not opinion.statements
    assert opinion.disagreement == pytest.approx(2.0)


def test_a_score_that_is_no_number_silences_too():
    opinion = form_opinion(scores([float("nan"), 1.0]), KNOWN, kind="digital")
    assert opinion.silence == "unlike-training"


def test_one_ectopic_beat_is_not_averaged_away():
    logits = np.array([[0.0, 0.0], [0.0, 0.0], [6.0, 6.0]])
    assert gather(logits, np.array([1])).tolist() == [2.0, 4.0]


def test_a_member_without_weight_does_not_count():
    given = table()
    given["digital"]["member"][1]["weight"] = [0.0, 1.0]
    known = read_calibration(given, "digital")
    assert known.blend(scores([1.0, 1.0], [9.0, 1.0]))[0] == pytest.approx(1.0)
