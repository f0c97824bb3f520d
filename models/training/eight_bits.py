"""Let a network of 2-D convolutions count in 8 bits: `python -m training.eight_bits --help`.

Weights and activations become integers but for the last convolutions, whose answers are read to a
hundredth. How large the activations get is seen on pages that the network learned from. Products
of 7-bit weights fit the 16-bit sums of processors without 8-bit instructions, so that all give the
same answers.
"""

import argparse
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from cardioalert.digitize.following import row_spacing
from cardioalert.digitize.tracing import find_rows
from cardioalert.errors import TraceNotFoundError
from cardioalert.networks.row_owner import owner_planes
from cardioalert.networks.segmenter import segment_page
from training.drawn_pages import page_stems, read_page
from training.wave_reader.train import Windows

FOLDER = Path("cardioalert_models")
SEED = 1
WINDOW = 64  # packed bins of the windows looked at
AT_ONCE = 4  # such windows
Floats = NDArray[np.float32]


def row_inputs(folder: Path) -> Iterator[Floats]:
    """Yield what the row owner is asked of whole pages with several rows."""
    for stem in np.random.default_rng(SEED).permutation(np.array(page_stems(folder), object)):
        maps = segment_page(read_page(stem)[0])
        try:
            base_lines = find_rows(maps)
        except TraceNotFoundError:
            continue
        if len(base_lines) > 1:
            spacing = row_spacing(base_lines, maps.centre.shape[0])
            yield owner_planes(maps.centre, maps.trace, base_lines, spacing)[None]


def wave_inputs(folder: Path) -> Iterator[Floats]:
    """Yield what the wave reader is asked, a few windows at a time."""
    rng = np.random.default_rng(SEED)
    pages = sorted(folder.glob("[0-9]*[0-9].npz"))
    windows = Windows([pages[k] for k in rng.permutation(len(pages))[: len(pages) // 8]])
    while True:
        chosen = rng.integers(len(windows.maps[WINDOW]), size=AT_ONCE)
        yield np.stack([windows.window(WINDOW, int(k))[0] for k in chosen])


# The inputs of each network, and the last convolutions that stay exact. The segmenter is not among
# them: prints of LUDB lost 0.2 dB, a page drawn by a program up to 2.
NETWORKS: dict[str, tuple[Callable[[Path], Iterator[Floats]], int]] = {
    "row_owner": (row_inputs, 0),
    "wave_reader": (wave_inputs, 1),
}


class Examples(CalibrationDataReader):
    """The first inputs of a network, one after the other."""

    def __init__(self, name: str, inputs: Iterator[Floats], count: int) -> None:
        self.parts = ({name: planes} for planes, _ in zip(inputs, range(count), strict=False))

    def get_next(self) -> dict[str, Floats] | None:
        """Return the next input."""
        return next(self.parts, None)


def in_eight_bits(weights: Path, inputs: Iterator[Floats], *, count: int, exact: int) -> None:
    """Replace a network's file by one that counts in 8 bits, at once.

    Parameters
    ----------
    weights : an exported network with one input
    inputs : what it may be asked, all of one shape
    count : of these that are looked at
    exact : last convolutions that keep their floating point, and all that follows them

    Raises
    ------
    ValueError
        The file is one already.
    """
    folded, done = weights.with_suffix(".folded.onnx"), weights.with_suffix(".tmp.onnx")
    quant_pre_process(str(weights), str(folded), skip_symbolic_shape=True)
    graph = onnx.load(str(folded)).graph
    if any(node.op_type == "QuantizeLinear" for node in graph.node):
        folded.unlink()
        raise ValueError(f"{weights} counts in 8 bits already: export it again")
    names = [node.name for node in graph.node]
    convolutions = [k for k, node in enumerate(graph.node) if node.op_type == "Conv"]
    kept = names[convolutions[-exact] :] if exact else []
    quantize_static(
        str(folded),
        str(done),
        Examples(graph.input[0].name, inputs, count),
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        calibrate_method=CalibrationMethod.Percentile,
        nodes_to_exclude=kept,
    )
    folded.unlink()
    done.replace(weights)


def stamp(card: Path, weights: Path) -> None:
    """Write the new SHA-256 into the card of a network that has one."""
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    text = re.sub(r'(?m)^sha256 = ".*"$', f'sha256 = "{digest}"', card.read_text("utf-8"))
    card.write_text(text, "utf-8")


def main() -> None:
    """Turn the shipped file of a network into 8 bits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=sorted(NETWORKS))
    parser.add_argument(
        "--pages", type=Path, required=True, help="segmenter pages; for wave_reader: its windows"
    )
    parser.add_argument("--count", type=int, default=24, help="inputs that are looked at")
    options = parser.parse_args()
    inputs, exact = NETWORKS[options.network]
    weights = FOLDER / "weights" / f"{options.network}.onnx"
    in_eight_bits(weights, inputs(options.pages), count=options.count, exact=exact)
    stamp(FOLDER / "cards" / f"{options.network}.toml", weights)


if __name__ == "__main__":
    main()
