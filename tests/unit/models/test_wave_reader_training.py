"""The parts of the wave reader's training, on made-up windows."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.wave_reader.network import WaveAnswers, WaveReader  # noqa: E402
from training.wave_reader.train import UNIT, Windows, wave_loss  # noqa: E402

from cardioalert.networks.wave_reader import (  # noqa: E402
    BIN,
    CHANNELS,
    COLUMNS,
    MAPS,
    PACKED,
    SAME,
    SIZES,
    window_planes,
)

SIZE = SIZES[0]


def kept_page(folder, rng):
    maps = rng.integers(0, 128, (1, MAPS, COLUMNS, PACKED * SIZES[1])).astype(np.uint8)
    same = rng.normal(size=(1, SAME, SIZES[1])).astype(np.float32)
    heights = {name: rng.uniform(-90, 90, (1, COLUMNS, 2)) for name in ("wanted", "read")}
    sure = rng.random((1, COLUMNS))
    page = folder / "000001.npz"
    np.savez(
        page,
        maps=maps,
        same=same,
        sure=sure.astype(np.float32),
        **{name: each.astype(np.float32) for name, each in heights.items()},
    )
    return page, maps[0], heights["wanted"][0]


def test_a_window_is_kept_in_the_smallest_size_that_holds_its_curve(tmp_path):
    page, maps, wanted = kept_page(tmp_path, np.random.default_rng(0))
    windows = Windows([page])
    assert [len(windows.maps[size]) for size in SIZES] == [1, 0, 0]
    planes, aim = windows.window(SIZE, 0)
    assert planes.shape == (CHANNELS, COLUMNS, SIZE)
    assert aim == pytest.approx(wanted, rel=1e-5)
    cut = (SIZES[1] - SIZE) // 2 * PACKED
    seen = planes[: PACKED * MAPS].reshape(MAPS, PACKED, COLUMNS, SIZE).transpose(0, 2, 3, 1)
    inner = maps[:, :, cut : cut + PACKED * SIZE] / UNIT
    assert seen.reshape(MAPS, COLUMNS, -1) == pytest.approx(inner, abs=1e-5)


def test_upside_down_twice_is_the_same_and_so_is_back_to_front(tmp_path):
    windows = Windows([kept_page(tmp_path, np.random.default_rng(1))[0]])
    planes, aim = windows.window(SIZE, 0)
    turned, turned_aim = windows.window(SIZE, 0, down=True)
    told = PACKED * MAPS
    heights = planes[:told].reshape(MAPS, PACKED, COLUMNS, SIZE)
    down = turned[:told].reshape(MAPS, PACKED, COLUMNS, SIZE)
    assert down[:, ::-1, :, ::-1] == pytest.approx(heights)
    assert turned_aim == pytest.approx(-aim)
    back, back_aim = windows.window(SIZE, 0, back=True)
    assert back[:told, ::-1] == pytest.approx(planes[:told])
    assert back_aim == pytest.approx(aim[::-1, ::-1])


def test_true_heights_cost_least_and_unknown_ones_nothing():
    wanted = torch.full((2, COLUMNS, 2), 10.0)
    tops = (torch.arange(PACKED * SIZE) - SIZE) * BIN
    below = 4.0 * torch.sign(10.0 - tops).expand(2, COLUMNS, 2, PACKED * SIZE)
    assert wave_loss(below, wanted) < wave_loss(-below, wanted)
    assert wave_loss(below, torch.full_like(wanted, float("nan"))) == 0.0


def test_a_network_that_learned_nothing_repeats_the_curve_reader():
    read = np.linspace(-60.0, 60.0, 2 * COLUMNS, dtype=np.float32).reshape(COLUMNS, 2)
    planes = window_planes(
        np.zeros((MAPS, COLUMNS, PACKED * SIZE), np.float32),
        read,
        np.ones(COLUMNS, np.float32),
        np.zeros((SAME, SIZE), np.float32),
    )
    network = WaveReader()
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.zeros_(network.head.bias)
    with torch.no_grad():
        answer = WaveAnswers(network.eval())(torch.from_numpy(planes)[None])[0].numpy()
    assert answer.shape == (2, COLUMNS, 2)
    assert BIN * (answer[0] - SIZE) == pytest.approx(read, abs=1.0)
    assert (answer[1] < 1.0).all()
