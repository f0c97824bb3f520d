"""Check that an exported network is the network that was trained."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch

TOLERANCE = 1e-3  # largest difference between torch and onnxruntime


def check_same(maps: torch.nn.Module, path: Path) -> None:
    """Compare torch and onnxruntime on a page of a size other than the exported one.

    Raises
    ------
    RuntimeError
        Their maps differ by more than TOLERANCE.
    """
    page = np.random.default_rng(0).random((1, 3, 160, 224), dtype=np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = maps(torch.from_numpy(page)).numpy()
    difference = float(np.abs(session.run(["maps"], {"page": page})[0] - expected).max())
    if difference > TOLERANCE:
        raise RuntimeError(f"the ONNX file differs from torch by {difference}")
