"""Check that an exported network is the network that was trained."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch

TOLERANCE = 1e-3  # largest difference between torch and onnxruntime


def check_same(
    network: torch.nn.Module,
    path: Path,
    *,
    shape: tuple[int, ...] = (1, 3, 160, 224),
    names: tuple[str, str] = ("page", "maps"),
) -> None:
    """Compare torch and onnxruntime on an input of a size other than the exported one.

    Parameters
    ----------
    network, path : the network and its exported file
    shape : of the input
    names : of the input and the output

    Raises
    ------
    RuntimeError
        Their answers differ by more than TOLERANCE.
    """
    example = np.random.default_rng(0).random(shape, dtype=np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network(torch.from_numpy(example)).numpy()
    answer = session.run([names[1]], {names[0]: example})[0]
    difference = float(np.abs(answer - expected).max())
    if difference > TOLERANCE:
        raise RuntimeError(f"the ONNX file differs from torch by {difference}")
