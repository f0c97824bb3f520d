"""The parts of the label reader's training."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("matplotlib")

from synthesis.recordings import made_up_recording  # noqa: E402
from training.label_reader.dataset import make_targets  # noqa: E402
from training.label_reader.lettering import (  # noqa: E402
    FONTS,
    NAMES,
    NameStyle,
    draw_name,
    spelling,
)
from training.label_reader.network import CELL, OUTPUTS, LabelReader  # noqa: E402
from training.label_reader.patches import random_patch  # noqa: E402
from training.label_reader.train import reader_loss  # noqa: E402

from cardioalert.networks import label_reader  # noqa: E402

BOX = np.array([[7, 50.0, 30.0, 80.0, 46.0]], np.float32)


def perfect_answers(targets):
    """What a network would say that learned its targets by heart."""
    names = np.eye(len(NAMES), dtype=np.float32)[np.maximum(targets.name, 0)]
    presence = targets.presence * (targets.name >= 0)
    parts = [presence[None], names.transpose(2, 0, 1), targets.box]
    return np.concatenate(parts)


def test_library_and_training_agree_on_names_and_cells():
    spelled = [("-" if inverted else "") + lead.value for lead, inverted in label_reader.NAMES]
    assert tuple(spelled) == NAMES
    assert label_reader.CELL == CELL


def test_targets_read_back_are_the_printed_name():
    targets = make_targets(BOX, shape=(80, 160))
    (label,) = label_reader.decode(perfect_answers(targets))
    assert label.lead.value == NAMES[7]
    found = [label.left, label.top, label.right, label.bottom]
    assert found == pytest.approx(BOX[0, 1:], abs=1e-3)
    assert label.confidence > 0.99


def test_nothing_is_asked_about_a_name_cut_in_half():
    targets = make_targets(BOX, shape=(80, 64))
    assert (targets.name == -1).all()
    assert targets.asked[4, 6] == 0


def test_right_answer_costs_less_than_wrong():
    targets = make_targets(BOX, shape=(80, 160))
    batch = type(targets)(
        presence=targets.presence[None],
        asked=targets.asked[None],
        name=targets.name[None],
        box=targets.box[None],
    )
    right = torch.from_numpy(perfect_answers(targets))[None]
    right[:, : 1 + len(NAMES)] = 12 * right[:, : 1 + len(NAMES)] - 6
    for good, bad in zip(reader_loss(right, batch), reader_loss(-right, batch), strict=True):
        assert good < bad


def test_network_answers_once_per_cell():
    with torch.no_grad():
        out = LabelReader().eval()(torch.rand(1, 3, 64, 96))
    assert out.shape == (1, OUTPUTS, 64 // CELL, 96 // CELL)


@pytest.mark.parametrize("font", ["", FONTS[0]])
def test_capitals_have_the_height_asked_for(font):
    style = NameStyle(font=font, cap_height=3.0, boldness=0.2 if not font else 0.0)
    patch = draw_name("V", style, scale=20.0)
    assert patch.shape[0] == pytest.approx(60, abs=8)  # px; a pen adds its width


def test_spellings():
    plain = {"font": "", "cap_height": 2.0}
    assert spelling("-aVR", NameStyle(**plain, capitals=True)) == "-AVR"
    assert spelling("aVF", NameStyle(**plain, bare=True)) == "VF"
    assert spelling("V4", NameStyle(**plain, cyrillic=True)) == "C4"
    assert spelling("III", NameStyle(**plain, cyrillic=True, small=True)) == "III"


def test_patch_is_the_same_for_the_same_seed():
    recordings = [made_up_recording()]
    first, names = random_patch(recordings, 3)
    again, same_names = random_patch(recordings, 3)
    assert (first == again).all()
    assert names == same_names


def test_most_patches_hold_names_inside_the_picture():
    drawn = [random_patch([made_up_recording()], seed) for seed in range(6)]
    assert sum(len(names) > 0 for _, names in drawn) >= 4
    for rgb, names in drawn:
        for box in names:
            assert -20 < box.left < box.right < rgb.shape[1] + 20  # names may be cut at the rim
