"""Run the shipped networks."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from cardioalert_models.zoo import ModelFileProblem, open_network
from numpy.typing import NDArray

from cardioalert.errors import ModelFileError

SMALL: Final = 500_000  # bytes of an input: of these a network may keep its memory
NO_MEMORY: Final = "allocate memory"  # in what onnxruntime says; its errors have no kinds


def run_network(name: str, **inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first output of a network.

    Raises
    ------
    ModelFileError
        The file is missing or not the one its card describes.
    MemoryError
        The process may not take as much memory as the network needs.
    """
    try:
        network = open_network(name)
    except ModelFileProblem as problem:
        raise ModelFileError(str(problem)) from problem
    large = any(each.nbytes > SMALL for each in inputs.values())
    try:
        return network.run(None, dict(inputs), _tidy() if large else None)[0]
    except Exception as problem:
        if NO_MEMORY in str(problem):
            raise MemoryError(f"the network {name} found too little memory") from problem
        raise


@cache
def _tidy() -> Any:
    """Return the wish that a run gives its memory back: the next page may have another size."""
    import onnxruntime  # noqa: PLC0415 - half a second, and many uses open no network

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options
