"""The shipped segmenter is the one its card describes."""

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from cardioalert.networks.planes import page_map, page_planes

FOLDER = Path(__file__).resolve().parents[3] / "models" / "cardioalert_models"
WEIGHTS = FOLDER / "weights" / "segmenter.onnx"
CARD = FOLDER / "cards" / "segmenter.toml"


@pytest.fixture(scope="module")
def card():
    return tomllib.loads(CARD.read_text())


@pytest.fixture(scope="module")
def session():
    return onnxruntime.InferenceSession(str(WEIGHTS), providers=["CPUExecutionProvider"])


def test_checksum_is_the_one_of_the_card(card):
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == card["sha256"]


def test_card_names_data_licences_and_limits(card):
    assert all(data["licence"] and data["source"] for data in card["training"]["data"])
    assert card["limits"]["text"]
    assert card["metrics"]["date"]


def test_file_is_small():
    assert WEIGHTS.stat().st_size < 3e6


def test_names_and_shapes_are_as_described(card, session):
    assert [i.name for i in session.get_inputs()] == [card["input"]["name"]]
    maps = session.run(
        [card["output"]["name"]], {"planes": np.full((1, 12, 32, 80), 1.6, np.float32)}
    )[0]
    assert maps.shape == (1, 4 * len(card["output"]["channels"]), 32, 80)
    assert 0 <= maps.min() <= maps.max() <= 1


def test_a_line_on_grid_paper_is_found(session):
    page = np.full((320, 640, 3), 250, np.uint8)
    page[::8] = page[:, ::8] = (250, 215, 220)
    page[::40] = page[:, ::40] = (240, 150, 160)
    columns = np.arange(640)
    height = 165 + 8 * np.sin(columns / 40) - 80 * np.exp(-(((columns % 150 - 75) / 6) ** 2))
    for shift in (-1, 0, 1):
        page[np.round(height + shift).astype(int), columns] = (20, 20, 20)
    centre = page_map(session.run(["maps"], {"planes": page_planes(page)})[0][0, :4])
    calm = np.abs(np.gradient(height)) < 1
    error = np.abs(centre.argmax(axis=0) - height)[calm]
    assert np.median(error) < 1.0  # px
    assert (error < 2.0).mean() > 0.9
