"""Write the ONNX files of the members: `python -m training.interpretation.export --help`.

Each file is written at once, after onnxruntime gave the same numbers as the model it was made of.
"""

import argparse
import hashlib
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from cardioalert.networks.features import FEATURES
from training.interpretation.measured_model import TABLE_COLUMNS, Perceptron, Prepared
from training.interpretation.networks import build
from training.interpretation.random_features import (
    FEATURES_OF_KERNEL,
    KINDS_OF_INPUT,
    SHARES,
    TAPS,
    RandomFeatures,
    Ridge,
)

WEIGHTS = Path("cardioalert_models/weights")
OPSET = 17
TOLERANCE = 2e-3
SIDE = 8  # side tasks of a trained network
COLUMNS, LEADS_OF_COLUMN = 4, 3  # of a page


class Statements(nn.Module):
    """A trained network without its side tasks."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, record: Tensor) -> Tensor:
        """Return the logits of the statements."""
        logits: Tensor = self.network(record)[0]
        return logits


class RandomModel(nn.Module):
    """Random features and their ridge head as one module, arranged for speed.

    A kernel looks at the three leads of one column. Convolving in four groups, one for each
    column, leaves out the other nine leads, whose weights are zero. Groups must be of one size:
    smaller ones are filled up with kernels of zeros, which the head does not read.
    """

    def __init__(self, features: RandomFeatures, ridge: Ridge) -> None:
        super().__init__()
        self.features = features
        weights = ridge.weights / ridge.spread[:, None]
        base = ridge.base - ridge.mean @ weights
        self.register_buffer("base", torch.from_numpy(base.astype(np.float32)))
        heads, first = [], 0
        for name in features.names():
            kernels = getattr(features, f"weight_{name}")
            limits = getattr(features, f"limit_{name}")
            order = _by_column(kernels)
            real = order >= 0
            packed = torch.zeros(len(order), LEADS_OF_COLUMN, TAPS)
            for row in torch.nonzero(real)[:, 0].tolist():
                column = row // (len(order) // COLUMNS)
                leads = slice(column * LEADS_OF_COLUMN, (column + 1) * LEADS_OF_COLUMN)
                packed[row] = kernels[order[row], leads]
            bounds = torch.zeros(len(SHARES), len(order), 1)
            bounds[:, real] = limits[:, order[real]]
            self.register_buffer(f"packed_{name}", packed)
            self.register_buffer(f"bounds_{name}", bounds)
            for _feature in range(FEATURES_OF_KERNEL):
                head = np.zeros((len(order), weights.shape[1]), np.float32)
                head[real.numpy()] = weights[first + order[real].numpy()]
                heads.append(head)
                first += len(kernels)
        self.register_buffer("weights", torch.from_numpy(np.concatenate(heads)))

    def forward(self, record: Tensor) -> Tensor:
        """Return the scores of the statements."""
        signals = dict(zip(KINDS_OF_INPUT, self.features.inputs(record), strict=True))
        parts = []
        for name in self.features.names():
            kind, dilation = name.split("_")
            wide = int(dilation)
            kernels = getattr(self, f"packed_{name}")
            out = functional.conv1d(
                signals[kind], kernels, padding=4 * wide, dilation=wide, groups=COLUMNS
            )
            bounds = getattr(self, f"bounds_{name}")
            above = [(out > bounds[k]).to(out.dtype).mean(dim=2) for k in range(len(SHARES))]
            highest = torch.log(torch.clamp(out.amax(dim=2), min=1e-3))
            # The taps of a kernel add up to zero: nothing is lost by squaring before the mean.
            mean = out.mean(dim=2)
            power = torch.clamp((out * out).mean(dim=2) - mean * mean, min=0.0)
            parts += [*above, highest, 0.5 * torch.log(power + 1e-6)]
        scores: Tensor = torch.cat(parts, dim=1) @ self.weights + self.base
        return scores


def _by_column(kernels: Tensor) -> Tensor:
    """Return the kernels in the order of their columns, each column as long; -1 where none is."""
    first_lead = (kernels != 0).any(dim=2).to(torch.int64).argmax(dim=1)
    columns = [torch.nonzero(first_lead // LEADS_OF_COLUMN == k)[:, 0] for k in range(COLUMNS)]
    order = torch.full((COLUMNS, max(len(column) for column in columns)), -1)
    for row, column in zip(order, columns, strict=True):
        row[: len(column)] = column
    return order.flatten()


class Mean(nn.Module):
    """The mean of several perceptrons."""

    def __init__(self, parts: list[Perceptron]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, features: Tensor) -> Tensor:
        """Return the mean logits."""
        return torch.stack([part(features) for part in self.parts]).mean(dim=0)


def export_module(module: nn.Module, example: Tensor, path: Path, *, name: str, free: dict) -> str:
    """Write a torch module whose input is called `name`; `free` names its free dimensions.

    Returns
    -------
    str, the SHA-256 that belongs into the card
    """
    module.eval()
    temporary = path.with_suffix(".tmp.onnx")
    torch.onnx.export(
        module,
        (example,),
        str(temporary),
        opset_version=OPSET,
        dynamo=False,
        input_names=[name],
        output_names=["scores"],
        dynamic_axes={name: free, "scores": {0: free[0]}},
    )
    with torch.no_grad():
        return _keep(temporary, path, {name: example.numpy()}, module(example).numpy())


def export_trees(
    prepared: Prepared, forests: dict[int, lightgbm.Booster], statements: int, path: Path
) -> str:
    """Write boosted trees as one ensemble that sees what `Prepared.for_trees` makes."""
    base = np.full(statements, -5.0, np.float32)
    attributes = _tree_attributes(forests, base)
    split = np.array([TABLE_COLUMNS, len(FEATURES) - TABLE_COLUMNS], np.int64)
    initial = [
        numpy_helper.from_array(prepared.axes.numpy(), "axes"),
        numpy_helper.from_array(np.array([0.0], np.float32), "zero"),
        numpy_helper.from_array(split, "split"),
        numpy_helper.from_array(base, "base"),
    ]
    nodes = [
        helper.make_node("Split", ["features", "split"], ["table", "beats"], axis=1),
        helper.make_node("IsNaN", ["beats"], ["unknown"]),
        helper.make_node("Where", ["unknown", "zero", "beats"], ["known"]),
        helper.make_node("MatMul", ["known", "axes"], ["components"]),
        helper.make_node("Concat", ["table", "components"], ["seen"], axis=1),
        helper.make_node(
            "TreeEnsembleRegressor",
            ["seen"],
            ["sums"],
            domain="ai.onnx.ml",
            n_targets=statements,
            aggregate_function="SUM",
            **attributes,
        ),
        helper.make_node("Add", ["sums", "base"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "trees",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["records", len(FEATURES)])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["records", statements])],
        initial,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    temporary = path.with_suffix(".tmp.onnx")
    onnx.save(model, str(temporary))
    rng = np.random.default_rng(0)
    example = rng.normal(size=(8, len(FEATURES))).astype(np.float32)
    example[rng.random(example.shape) < 0.1] = np.nan
    seen = prepared.for_trees(torch.from_numpy(example)).numpy()
    expected = np.tile(np.full(statements, -5.0, np.float32), (len(example), 1))
    for column, forest in forests.items():
        expected[:, column] = forest.predict(seen, raw_score=True)
    return _keep(temporary, path, {"features": example}, expected)


def export_plain_trees(
    forest: lightgbm.Booster, columns: int, path: Path, *, offset: float = 0.0, slope: float = 1.0
) -> str:
    """Write one forest that sees its features as they are; return its SHA-256.

    Its scores are `offset + slope * logit of the forest`.
    """
    attributes = _tree_attributes({0: forest}, np.zeros(1, np.float32))
    attributes["target_weights"] = [slope * weight for weight in attributes["target_weights"]]
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["scores"],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        base_values=[offset],
        **attributes,
    )
    graph = helper.make_graph(
        [node],
        "trees",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["records", columns])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["records", 1])],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)]
    temporary = path.with_suffix(".tmp.onnx")
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(temporary))
    example = np.random.default_rng(0).normal(size=(8, columns)).astype(np.float32)
    expected = offset + slope * forest.predict(example, raw_score=True)[:, None]
    return _keep(temporary, path, {"features": example}, expected)


def _tree_attributes(forests: dict[int, lightgbm.Booster], base: NDArray) -> dict[str, list]:
    """Return the nodes of all trees of all forests, numbered through; sets `base` to 0 for them."""
    names = [
        "treeids",
        "nodeids",
        "featureids",
        "values",
        "modes",
        "truenodeids",
        "falsenodeids",
        "missing_value_tracks_true",
        "hitrates",
    ]
    out: dict[str, list] = {f"nodes_{name}": [] for name in names}
    out |= {f"target_{name}": [] for name in ("treeids", "nodeids", "ids", "weights")}
    tree_id = 0
    for column, forest in forests.items():
        base[column] = 0.0
        for tree in forest.dump_model()["tree_info"]:
            _add_node(out, tree["tree_structure"], tree_id, column, [0])
            tree_id += 1
    return out


def _add_node(out: dict[str, list], node: dict, tree: int, column: int, counter: list[int]) -> int:
    """Append a node and those below it; return its number."""
    number = counter[0]
    counter[0] += 1
    place = len(out["nodes_nodeids"])
    leaf = "leaf_value" in node
    for name, value in {
        "treeids": tree,
        "nodeids": number,
        "featureids": 0 if leaf else node["split_feature"],
        "values": 0.0 if leaf else float(np.clip(node["threshold"], -3e38, 3e38)),
        "modes": "LEAF" if leaf else "BRANCH_LEQ",
        "truenodeids": 0,
        "falsenodeids": 0,
        "missing_value_tracks_true": 0 if leaf else _missing_goes_left(node),
        "hitrates": 1.0,
    }.items():
        out[f"nodes_{name}"].append(value)
    if leaf:
        for name, value in {
            "treeids": tree,
            "nodeids": number,
            "ids": column,
            "weights": float(node["leaf_value"]),
        }.items():
            out[f"target_{name}"].append(value)
    else:
        left = _add_node(out, node["left_child"], tree, column, counter)
        out["nodes_truenodeids"][place] = left
        right = _add_node(out, node["right_child"], tree, column, counter)
        out["nodes_falsenodeids"][place] = right
    return number


def _missing_goes_left(node: dict) -> int:
    """Tell where NaN goes: LightGBM reads it as 0 in columns that never lacked a value."""
    if node["missing_type"] == "None":
        return int(node["threshold"] >= 0)
    return int(node["default_left"])


def _keep(temporary: Path, path: Path, inputs: dict[str, NDArray], expected: NDArray) -> str:
    """Compare with what is expected, put the file in its place and return its SHA-256."""
    session = onnxruntime.InferenceSession(str(temporary), providers=["CPUExecutionProvider"])
    difference = float(np.abs(session.run(None, inputs)[0] - expected).max())
    if not difference <= TOLERANCE:
        raise RuntimeError(f"{path.name} differs from what it was made of by {difference}")
    temporary.replace(path)
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, difference {difference:.1e}")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def export_network(kind: str, weights: Path, statements: int, path: Path) -> str:
    """Write a trained network."""
    network, length = build(kind, statements, SIDE)
    network.load_state_dict(torch.load(weights, weights_only=True))
    example = torch.randn(3, 24, length) * 0.3
    return export_module(
        Statements(network.eval()), example, path, name="record", free={0: "windows"}
    )


def export_random(
    features: Path, ridge: Ridge, *, kernels: int, samples: int, seed: int, path: Path
) -> str:
    """Write random features with one of their heads, which reads so many kernels of each group."""
    module = RandomFeatures(seed)
    module.load_state_dict(torch.load(features, weights_only=True))
    module.keep(kernels)
    example = torch.randn(1, 12, samples) * 0.3
    free = {0: "records", 2: "samples"}
    return export_module(RandomModel(module, ridge), example, path, name="record", free=free)


def main() -> None:
    """Export one trained network and print its SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--statements", type=int, default=71)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    print(export_network(options.kind, options.weights, options.statements, options.out))


if __name__ == "__main__":
    main()
