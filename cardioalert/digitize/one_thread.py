"""Keep OpenBLAS to the calling thread while a page is read.

The matrices of a page are small. On them the threads of OpenBLAS gain nothing, but each of a few
thousand products wakes them, and they turn idly until the next one: that doubled the work of a page
on a quiet machine, and tripled it on a busy one. Their number is one setting of the process, which
only a function of the library itself changes once it is loaded. threadpoolctl changes it too, but
for one thread (3.8): of two that read pages beside each other the second one's wish is ignored, and
so is what the last one out restores.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import scipy

FOLDERS: Final = ("{package}.libs", "{package}/.dylibs")  # beside the packages of their wheels
SPELLINGS: Final = (
    "scipy_openblas_{verb}_num_threads64_",
    "scipy_openblas_{verb}_num_threads",
    "openblas_{verb}_num_threads64_",
    "openblas_{verb}_num_threads",
)

_lock = threading.Lock()
_inside = 0  # how many threads of ours are reading a page
_before: list[int] = []


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let OpenBLAS use one thread; another BLAS, whose functions are unknown here, stays as it is.

    Pages may be read beside each other: the last one out restores what the first one found.
    """
    global _inside  # noqa: PLW0603 - the setting belongs to the process, and so does its count
    with _lock:
        if _inside == 0:
            _before[:] = [get() for get, _set in _libraries()]
            _use([1] * len(_before))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _use(_before)


def _use(counts: list[int]) -> None:
    """Set the number of threads of each library."""
    for (_get, set_count), count in zip(_libraries(), counts, strict=True):
        set_count(count)


@cache
def _libraries() -> tuple[tuple[Callable[[], int], Callable[[int], None]], ...]:
    """Return how to ask for and how to set the threads of each OpenBLAS: scipy has its own."""
    found = []
    for package in (np, scipy):
        site = Path(str(package.__file__)).parent.parent
        for folder in FOLDERS:
            for path in (site / folder.format(package=package.__name__)).glob("*openblas*"):
                functions = _functions(path)
                if functions is not None:
                    found.append(functions)
    return tuple(found)


def _functions(path: Path) -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Return the two functions of a library that is loaded already, None where it has none."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError:
        return None
    for spelling in SPELLINGS:
        try:
            get, set_count = (
                getattr(library, spelling.format(verb=verb)) for verb in ("get", "set")
            )
        except AttributeError:
            continue
        set_count.restype = None
        set_count.argtypes = (ctypes.c_int,)
        return get, set_count
    return None
