from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cardioalert.digitize import one_thread
from cardioalert.digitize.one_thread import one_blas_thread


def counts() -> list[int]:
    return [get() for get, _set in one_thread._libraries()]


@pytest.fixture(autouse=True)
def two_threads():
    if not counts():
        pytest.skip("this BLAS is not OpenBLAS from the wheels of numpy and scipy")
    before = counts()
    one_thread._use([2] * len(before))
    yield
    one_thread._use(before)


def test_one_thread_inside_and_as_many_as_before_after_it():
    with one_blas_thread():
        assert set(counts()) == {1}
    assert set(counts()) == {2}


def test_an_error_restores_them_too():
    with pytest.raises(ValueError, match="broken"), one_blas_thread():
        raise ValueError("broken")
    assert set(counts()) == {2}


def test_pages_beside_each_other_restore_what_the_first_one_found():
    both_inside, first_out = Barrier(2), Barrier(2)

    def page(number: int) -> None:
        with one_blas_thread():
            both_inside.wait(10)
            if number == 1:
                first_out.wait(10)
                assert set(counts()) == {1}
        if number == 0:
            first_out.wait(10)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(page, range(2)))
    assert set(counts()) == {2}
