"""Export a network to ONNX, and check that it is still the network that was trained."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
import torch

OPSET = 17
TOLERANCE = 1e-3  # largest difference between torch and onnxruntime


def export_checked(
    network: torch.nn.Module,
    path: Path,
    *,
    shape: tuple[int, ...],
    checked: tuple[int, ...],
    sides: Mapping[str, Mapping[int, str]],
) -> str:
    """Write a network at once, after checking that onnxruntime gives the same answer.

    Parameters
    ----------
    shape : of the input that the network is exported with
    checked : shape of the input that the answers are compared on, best another one
    sides : names of the sides that may vary, by axis, of the input and of the output

    Returns
    -------
    str, the SHA-256 that belongs into the card
    """
    network = network.eval()
    given, found = sides
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp.onnx")
    torch.onnx.export(
        network,
        (torch.rand(shape),),
        str(temporary),
        opset_version=OPSET,
        dynamo=False,
        input_names=[given],
        output_names=[found],
        dynamic_axes=sides,
    )
    check_same(network, temporary, shape=checked, names=(given, found))
    temporary.replace(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_same(
    network: torch.nn.Module, path: Path, *, shape: tuple[int, ...], names: tuple[str, str]
) -> None:
    """Compare torch and onnxruntime on a random input.

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
