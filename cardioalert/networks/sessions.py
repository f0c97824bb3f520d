"""Run the shipped networks."""

from __future__ import annotations

import numpy as np
from cardioalert_models.zoo import ModelFileProblem, open_network
from numpy.typing import NDArray

from cardioalert.errors import ModelFileError


def run_network(name: str, **inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first output of a network.

    Raises
    ------
    ModelFileError
        The file is missing or not the one its card describes.
    """
    try:
        network = open_network(name)
    except ModelFileProblem as problem:
        raise ModelFileError(str(problem)) from problem
    return network.run(None, dict(inputs))[0]
