"""The parts of the segmenter's training, on made-up arrays."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.segmenter.dataset import CropSource, centre_map, layer_targets  # noqa: E402
from training.segmenter.evaluate import dice, false_share, ridge_errors  # noqa: E402
from training.segmenter.losses import column_loss, segmentation_loss  # noqa: E402
from training.segmenter.network import Segmenter  # noqa: E402


def test_ridge_is_highest_on_the_line():
    line = np.full(40, 12.0, np.float32)
    ridge = centre_map(line[None], height=30)
    assert (ridge.argmax(axis=0) == 12).all()
    assert ridge[12].min() == 1.0


def test_column_without_signal_has_no_ridge():
    line = np.full((1, 10), np.nan, np.float32)
    assert centre_map(line, height=20).max() == 0


def test_crossing_lines_keep_both_ridges():
    lines = np.stack([np.linspace(5, 25, 30), np.linspace(25, 5, 30)]).astype(np.float32)
    ridge = centre_map(lines, height=32)
    assert ridge[5, 0] > 0.9
    assert ridge[25, 0] > 0.9


def test_network_keeps_the_size_and_gives_four_maps():
    network = Segmenter().eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 64, 96)).shape == (1, 4, 64, 96)


def test_right_answer_costs_less_than_wrong():
    target = torch.zeros(1, 4, 32, 32)
    target[:, :, 10] = 1.0
    right = (target * 2 - 1) * 8
    even = torch.ones(1, 32)
    assert segmentation_loss(right, target, even) < segmentation_loss(-right, target, even)
    assert column_loss(right[:, 0], target[:, 0], even) < 0.1


def test_perfect_maps_measure_perfect():
    lines = np.full((1, 50), 20.3, np.float32)
    ridge = centre_map(lines, height=40)
    errors, found = ridge_errors(ridge, lines)
    assert found.all()
    assert np.abs(errors).max() < 0.1  # px, five-point centroid of a Gaussian
    assert false_share(ridge, lines) == 0.0
    assert dice(np.ones((20, 20)), np.ones((20, 20))) == 1.0


def test_crops_come_with_their_targets(tmp_path):
    rng = np.random.default_rng(0)
    page = rng.integers(0, 255, (128, 160, 6), dtype=np.uint8)
    np.save(tmp_path / "000001.npy", page)
    np.save(tmp_path / "000001_centre.npy", np.full((1, 160), 60.0, np.float32))
    source = CropSource(tmp_path, 64, rng)
    assert source.refresh() == 1
    pages, targets, importances = source.batch(3)
    assert (importances == 1).all()
    assert pages.shape == (3, 3, 64, 64)
    assert targets.shape == (3, 4, 64, 64)
    assert 0 <= pages.min() <= pages.max() <= 1
    assert layer_targets(page[..., 3:]).shape == (3, 128, 160)
