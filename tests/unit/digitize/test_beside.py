from __future__ import annotations

import threading

import cv2
import pytest

from cardioalert.digitize.beside import beside


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest):
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield request.param
    cv2.setNumThreads(before)


def test_two_threads_only_where_opencv_may_use_them(threads: int):
    with beside() as start:
        other = start(threading.get_ident)
        assert (other() != threading.get_ident()) is (threads == 2)


def test_errors_reach_whoever_asks(threads: int):
    def fail() -> None:
        raise ValueError("broken")

    with beside() as start:
        result = start(fail)
        with pytest.raises(ValueError, match="broken"):
            result()


def test_no_thread_is_left_behind(threads: int):
    before = set(threading.enumerate())
    with beside() as start:
        start(threading.get_ident)
    assert set(threading.enumerate()) <= before
