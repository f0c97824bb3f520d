"""The networks that ship, their cards, and what happens when files are missing or changed."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from cardioalert_models.zoo import (
    ModelFileProblem,
    cards,
    check,
    open_network,
    read_card,
    read_weights,
)


@pytest.fixture
def folder(tmp_path):
    """A folder with one card and weights that are no network."""
    (tmp_path / "cards").mkdir()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "made_up.onnx").write_bytes(b"not a network")
    digest = hashlib.sha256(b"not a network").hexdigest()
    text = f'file = "made_up.onnx"\nsha256 = "{digest}"\n'
    (tmp_path / "cards" / "made_up.toml").write_text(text)
    return tmp_path


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.name)
def test_shipped_weights_are_the_ones_on_their_card(card):
    assert card.file in check(card)


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.name)
def test_shipped_card_says_where_the_network_comes_from(card):
    for key in ("name", "task", "licence", "date", "input", "output", "training", "metrics"):
        assert card.content[key]
    assert card.content["name"] == card.name


def test_label_reader_answers_one_cell_per_millimetre():
    planes = np.ones((1, 12, 40, 80), np.float32)
    (maps,) = open_network("label_reader").run(["maps"], {"planes": planes})
    assert maps.shape == (1, 18, 10, 20)


def test_network_is_opened_once():
    assert open_network("label_reader") is open_network("label_reader")


def test_unchanged_weights_are_read(folder):
    assert read_weights(read_card("made_up", folder=folder), folder=folder) == b"not a network"


def test_changed_weights_are_refused(folder):
    (folder / "weights" / "made_up.onnx").write_bytes(b"something else")
    with pytest.raises(ModelFileProblem, match="SHA-256"):
        open_network("made_up", folder=folder)


def test_missing_weights_are_named(folder):
    (folder / "weights" / "made_up.onnx").unlink()
    with pytest.raises(ModelFileProblem, match=r"made_up\.onnx"):
        check(read_card("made_up", folder=folder), folder=folder)


def test_missing_card_is_named(folder):
    with pytest.raises(ModelFileProblem, match=r"other\.toml"):
        open_network("other", folder=folder)


def test_card_without_a_digest_is_refused(folder):
    (folder / "cards" / "made_up.toml").write_text('file = "made_up.onnx"\n')
    with pytest.raises(ModelFileProblem, match="sha256"):
        read_card("made_up", folder=folder)


def test_card_that_is_not_toml_is_refused(folder):
    (folder / "cards" / "made_up.toml").write_text("file = ")
    with pytest.raises(ModelFileProblem, match=r"made_up\.toml"):
        read_card("made_up", folder=folder)


def test_weights_that_are_no_network_are_refused(folder):
    with pytest.raises(ModelFileProblem, match="cannot be started"):
        open_network("made_up", folder=folder)
