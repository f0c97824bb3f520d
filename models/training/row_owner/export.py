"""Write the ONNX file of a checkpoint: `python -m training.row_owner.export --help`."""

import argparse
from pathlib import Path

import torch

from cardioalert.networks.row_owner import PLANES
from training.onnx_check import OPSET, check_same
from training.row_owner.network import RowAnswers, row_owner

WEIGHTS = Path("cardioalert_models/weights/row_owner.onnx")


def main() -> None:
    """Export the averaged weights of a run, after checking that onnxruntime says the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    state = torch.load(options.run / "checkpoint.pt", weights_only=True)["average"]
    state.pop("n_averaged")
    network = row_owner()
    network.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})
    answers = RowAnswers(network.eval()).eval()
    temporary = options.out.with_suffix(".tmp.onnx")
    sides = {2: "rows", 3: "columns"}
    torch.onnx.export(
        answers,
        (torch.rand(1, PLANES, 48, 64),),
        str(temporary),
        opset_version=OPSET,
        dynamo=False,
        input_names=["planes"],
        output_names=["owners"],
        dynamic_axes={"planes": sides, "owners": sides},
    )
    check_same(answers, temporary, shape=(1, PLANES, 80, 112), names=("planes", "owners"))
    temporary.replace(options.out)


if __name__ == "__main__":
    main()
