"""A few of the pictures of benchmarks/fuzz_pages.py: an answer or a refusal, never a crash."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(
    "CARDIOALERT_FUZZ" not in os.environ, reason="takes a minute; set CARDIOALERT_FUZZ=1"
)
pytest.importorskip("matplotlib", reason="the synthesiser of pages needs matplotlib's fonts")

from benchmarks.fuzz_pages import answer, mutated, pictures  # noqa: E402


def test_harmed_pages_are_answered_or_refused() -> None:
    said = {seed: answer(picture) for seed, picture in pictures(0, 3, [])}
    assert not [text for text in said.values() if text.startswith("CRASH")]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    height=st.integers(1, 450),
    width=st.integers(1, 450),
    seed=st.integers(0, 2**31),
    pitch=st.integers(3, 60),
)
def test_lattices_of_any_size_are_answered_or_refused(
    height: int, width: int, seed: int, pitch: int
) -> None:
    picture = np.full((height, width, 3), 240, np.uint8)
    picture[::pitch] = picture[:, ::pitch] = (230, 120, 130)
    assert not answer(mutated(picture, np.random.default_rng(seed))).startswith("CRASH")
