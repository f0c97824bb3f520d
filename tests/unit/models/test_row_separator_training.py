"""The parts of the row separator's training, on a made-up recording."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from synthesis.recordings import made_up_recording  # noqa: E402
from training.row_separator.dataset import HEIGHT, WIDTH, random_bands  # noqa: E402
from training.row_separator.network import RowSeparator  # noqa: E402
from training.row_separator.train import accuracy, ownership_loss  # noqa: E402

from cardioalert.networks import row_separator  # noqa: E402


def test_a_band_holds_the_ink_of_its_row():
    bands = [band for seed in range(3) for band in random_bands([made_up_recording()], seed)]
    for band in bands:
        assert band.seen.shape == (2, HEIGHT, WIDTH)
        assert band.own.shape == (HEIGHT, WIDTH)
    assert sum(float(band.own.sum()) for band in bands) > 0


def test_the_same_seed_gives_the_same_band():
    first, second = (random_bands([made_up_recording()], 5)[0] for _ in range(2))
    assert np.array_equal(first.seen, second.seen)


def test_training_and_use_agree_on_the_size_of_a_band():
    assert HEIGHT == row_separator.HEIGHT
    with torch.no_grad():
        answer = RowSeparator().eval()(torch.rand(2, 2, HEIGHT, 2 * row_separator.MULTIPLE))
    assert answer.shape == (2, HEIGHT, 2 * row_separator.MULTIPLE)


def test_right_owner_costs_less_than_wrong():
    ink = torch.zeros(1, HEIGHT, 16)
    ink[:, 20:30] = 1.0
    ink[:, 90:100] = 1.0
    own = ink.clone()
    own[:, 90:] = 0.0
    right = torch.where(own > 0, 6.0, -6.0)
    assert ownership_loss(right, ink, own) < ownership_loss(-right, ink, own)
    seen = torch.stack([ink, ink], dim=1)
    assert accuracy(torch.sigmoid(right), seen, own) == (1.0, 1.0)
