"""Do two independent parts of a page beside each other, where one page may use two cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

import cv2

Result = TypeVar("Result")


class Start(Protocol):
    """Begin some work."""

    def __call__(self, work: Callable[[], Result], /) -> Callable[[], Result]:
        """Return what waits for the result, or raises what the work raised."""
        ...


@contextmanager
def beside() -> Iterator[Start]:
    """Offer one more thread, which has ended when the block ends.

    Where OpenCV was told to use one thread, as in the workers of an archive, each of which has a
    core, the work is done when its result is asked for.
    """
    if cv2.getNumThreads() < 2:
        yield _later
        return
    with ThreadPoolExecutor(max_workers=1) as pool:

        def start(work: Callable[[], Result], /) -> Callable[[], Result]:
            return pool.submit(work).result

        yield start


def _later(work: Callable[[], Result], /) -> Callable[[], Result]:
    """Leave the work to whoever asks for its result."""
    return work
