"""Export a network to ONNX, and check that it is still the network that was trained."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch

OPSET = 17
TOLERANCE = 1e-3  # largest difference between torch and onnxruntime


def export_rows(
    network: torch.nn.Module, path: Path, *, names: tuple[str, str], shape: tuple[int, ...]
) -> None:
    """Write a network whose rows and columns may be any number, at once and checked.

    Parameters
    ----------
    names : of the input and of the output
    shape : of an input; its first and last side may vary, as may those of the output, which has
        three
    """
    network = network.eval()
    given, found = names
    temporary = path.with_suffix(".tmp.onnx")
    torch.onnx.export(
        network,
        (torch.rand(shape),),
        str(temporary),
        opset_version=OPSET,
        dynamo=False,
        input_names=[given],
        output_names=[found],
        dynamic_axes={
            given: {0: "rows", len(shape) - 1: "columns"},
            found: {0: "rows", 2: "columns"},
        },
    )
    check_same(network, temporary, shape=(3, *shape[1:-1], 2 * shape[-1]), names=names)
    temporary.replace(path)


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
