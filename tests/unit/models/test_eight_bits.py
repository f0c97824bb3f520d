"""A network that counts in 8 bits answers nearly as before, and is not rounded twice."""

import hashlib

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")

from training.eight_bits import in_eight_bits, stamp  # noqa: E402
from training.onnx_check import export_checked  # noqa: E402

# torch warns of the exporter we use; onnx of its own helpers.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SIDES = {"planes": {2: "rows", 3: "columns"}, "maps": {2: "rows", 3: "columns"}}


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(2, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 1, 3, padding=1),
    )
    path = tmp_path / "tiny.onnx"
    export_checked(network, path, shape=(1, 2, 16, 16), checked=(1, 2, 8, 24), sides=SIDES)
    return path


def inputs():
    rng = np.random.default_rng(1)
    while True:
        yield rng.random((1, 2, 16, 16), dtype=np.float32)


def answers(path):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = np.random.default_rng(2).random((1, 2, 24, 40), dtype=np.float32)
    return session.run(None, {"planes": given})[0]


def kinds(path):
    return [node.op_type for node in onnx.load(str(path)).graph.node]


def test_answers_change_by_a_hundredth_of_their_range(weights):
    before = answers(weights)
    in_eight_bits(weights, inputs(), count=4, exact=0)
    after = answers(weights)
    assert np.abs(after - before).max() < 0.05 * np.ptp(before)
    assert (after != before).any()
    assert list(weights.parent.iterdir()) == [weights]


def test_the_last_convolutions_stay_exact(weights):
    in_eight_bits(weights, inputs(), count=4, exact=1)
    after_last_rounding = kinds(weights)[::-1]
    assert after_last_rounding.index("Conv") < after_last_rounding.index("DequantizeLinear")


def test_a_network_is_not_rounded_twice(weights):
    in_eight_bits(weights, inputs(), count=4, exact=0)
    once = weights.read_bytes()
    with pytest.raises(ValueError, match="8 bits already"):
        in_eight_bits(weights, inputs(), count=4, exact=0)
    assert weights.read_bytes() == once


def test_the_card_is_given_the_new_digest_and_nothing_else(tmp_path):
    weights, card = tmp_path / "tiny.onnx", tmp_path / "tiny.toml"
    weights.write_bytes(b"rounded")
    card.write_text('name = "tiny"\nsha256 = "old"\ntask = "sha256 = of"\n', "utf-8")
    stamp(card, weights)
    digest = hashlib.sha256(b"rounded").hexdigest()
    assert card.read_text("utf-8") == f'name = "tiny"\nsha256 = "{digest}"\ntask = "sha256 = of"\n'
