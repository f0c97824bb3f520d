"""The parts of the curve reader's training, on made-up strips."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.curve_reader.network import CurveAnswers, CurveReader  # noqa: E402
from training.curve_reader.train import (  # noqa: E402
    CROP,
    Strip,
    back_to_front,
    crop,
    curve_loss,
    upside_down,
)

from cardioalert.networks.curve_reader import FEATURES, SCALE, curve_features  # noqa: E402


def described(curve: np.ndarray, height: int = 120) -> np.ndarray:
    rows = np.arange(height)[None, :]
    centre = np.exp(-0.5 * (rows - curve[:, None]) ** 2).astype(np.float32)
    ink = np.clip(2.5 - np.abs(rows - curve[:, None]), 0, 1).astype(np.float32)
    return curve_features(centre, ink, 1 - ink, np.round(curve).astype(np.intp))


def test_mirrored_features_are_those_of_the_mirrored_curve():
    curve = 60 + 12 * np.sin(np.arange(80) / 6)
    features = described(curve)
    calm = slice(2, -2)
    mirrored = described(119 - curve)
    assert upside_down(features)[:, calm] == pytest.approx(mirrored[:, calm], abs=1e-4)
    turned = described(curve[::-1])
    assert back_to_front(features)[:, calm] == pytest.approx(turned[:, calm], abs=1e-4)


def test_true_heights_cost_least():
    offsets = torch.randn(2, 40)
    pairs = offsets.reshape(2, -1, 2).transpose(1, 2) / SCALE
    sure = torch.full((2, 1, 20), 6.0)
    right = torch.cat([pairs, sure], dim=1)
    wrong = torch.cat([pairs + 1.0, sure], dim=1)
    assert curve_loss(right, offsets) < curve_loss(wrong, offsets)
    unknown = torch.full_like(offsets, float("nan"))
    assert torch.isfinite(curve_loss(right, unknown))


def test_crops_have_two_heights_per_column():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(FEATURES, 400)).astype(np.float16)
    strip = Strip(features=features, offsets=np.zeros(800, np.float32))
    piece, offsets = crop([strip], rng)
    assert piece.shape == (FEATURES, CROP)
    assert offsets.shape == (2 * CROP,)
    with torch.no_grad():
        assert CurveAnswers(CurveReader())(torch.from_numpy(piece)[None]).shape == (1, 3, CROP)
