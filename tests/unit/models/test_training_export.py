"""From a training run to a checked ONNX file, with a tiny network."""

import hashlib

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")

from training.onnx_check import check_same, export_checked  # noqa: E402
from training.running import Run, averaged  # noqa: E402

# torch warns of the exporter we use, and of its own parts inside it.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SIDES = {"rows": {0: "rows", 2: "columns"}, "answers": {0: "rows", 2: "columns"}}
SHAPES = {"shape": (1, 2, 8), "checked": (3, 2, 16)}


def tiny():
    return torch.nn.Sequential(torch.nn.Conv1d(2, 3, 3, padding=1), torch.nn.BatchNorm1d(3))


def test_the_averaged_weights_of_a_checkpoint_are_those_of_the_run(tmp_path):
    run = Run(tiny(), tmp_path, rate=0.1, weight_decay=0.0, average=0.5, warm_up=1)
    for _ in range(3):
        run.descend(run.network(torch.rand(4, 2, 8)).square().mean(), progress=0.0)
    run.save()
    network = averaged(tiny(), tmp_path / "checkpoint.pt")
    assert not network.training
    expected = run.average.module.state_dict()
    assert all(torch.equal(each, expected[name]) for name, each in network.state_dict().items())
    assert not torch.equal(network[0].weight, run.network[0].weight)


def test_an_exported_network_answers_the_same_on_any_size(tmp_path):
    path = tmp_path / "new" / "tiny.onnx"
    network = tiny()
    sha256 = export_checked(network, path, **SHAPES, sides=SIDES)
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(path.parent.iterdir()) == [path]
    given = np.random.default_rng(0).random((5, 2, 11), dtype=np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network(torch.from_numpy(given)).numpy()
    assert session.run(["answers"], {"rows": given})[0] == pytest.approx(expected, abs=1e-5)


def test_another_network_than_the_exported_one_is_refused(tmp_path):
    path = tmp_path / "tiny.onnx"
    network = tiny()
    export_checked(network, path, **SHAPES, sides=SIDES)
    with torch.no_grad():
        network[0].bias += 1.0
    with pytest.raises(RuntimeError, match="differs from torch"):
        check_same(network, path, shape=(1, 2, 8), names=("rows", "answers"))
