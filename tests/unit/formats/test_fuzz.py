"""Damaged files: whatever was broken, the answer is a record or an error with a code."""

from __future__ import annotations

import io
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cardioalert.digitize.reading import read_photo
from cardioalert.errors import InputError
from cardioalert.formats.registry import FORMATS, read_record, write_record
from tests.unit.formats.made_records import made_record

SUFFIXES = sorted(form.suffixes[0] for form in FORMATS if form.can_write)
PICTURES = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "PDF")
HEADER = 3000  # bytes; most of what can go wrong stands at the beginning


@cache
def record_file(suffix: str) -> tuple[bytes, bytes]:
    """A good file of each format, and its signal file if it has one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"ecg{suffix}"
        write_record(made_record(seconds=0.6), path)
        signal = path.with_suffix(".dat")
        return path.read_bytes(), signal.read_bytes() if signal.exists() else b""


@cache
def picture_file(kind: str) -> bytes:
    """A good picture of each format."""
    pixels = np.random.default_rng(0).integers(0, 255, (320, 330, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels // 64 * 64).save(buffer, format=kind)
    return buffer.getvalue()


@st.composite
def damage(draw: st.DrawFn) -> tuple[str, float, bytes]:
    """How to damage a file: what to do, where (as a share of the file), and with what bytes."""
    return (
        draw(st.sampled_from(["replace", "insert", "delete", "cut", "zero"])),
        draw(st.floats(0, 1)),
        draw(
            st.binary(min_size=1, max_size=12) | st.sampled_from([b"9" * 9, b"-1", b"nan", b"\0"])
        ),
    )


def damaged(data: bytes, kind: str, share: float, new: bytes) -> bytes:
    """Damage a file, its beginning more often than its end."""
    position = int(share * min(len(data), HEADER) if share < 0.8 else share * len(data))
    if kind == "replace":
        return data[:position] + new + data[position + len(new) :]
    if kind == "insert":
        return data[:position] + new + data[position:]
    if kind == "delete":
        return data[:position] + data[position + len(new) :]
    if kind == "cut":
        return data[:position]
    return data[:position] + b"\0" * 50 + data[position + 50 :]


def check_record(path: Path) -> None:
    with suppress(InputError):  # anything else that is raised fails the test
        assert read_record(path).signal.shape[1] <= 200_000


@settings(max_examples=300)
@given(suffix=st.sampled_from(SUFFIXES), harms=st.lists(damage(), min_size=1, max_size=4))
def test_damaged_records(suffix: str, harms: list[tuple[str, float, bytes]]) -> None:
    data, signal = record_file(suffix)
    for kind, share, new in harms:
        data = damaged(data, kind, share, new)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"ecg{suffix}"
        path.write_bytes(data)
        if signal:
            path.with_suffix(".dat").write_bytes(signal)
        check_record(path)


@settings(max_examples=100)
@given(kind=st.sampled_from(PICTURES), harms=st.lists(damage(), min_size=1, max_size=3))
def test_damaged_pictures(kind: str, harms: list[tuple[str, float, bytes]]) -> None:
    data = picture_file(kind)
    for harm, share, new in harms:
        data = damaged(data, harm, share, new)
    with suppress(InputError):
        assert read_photo(data).pixels.ndim == 3


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_prefix_of_a_file(suffix: str, tmp_path: Path) -> None:
    data, signal = record_file(suffix)
    path = tmp_path / f"ecg{suffix}"
    path.with_suffix(".dat").write_bytes(signal)
    for length in np.linspace(0, len(data) - 1, 40).astype(int):
        path.write_bytes(data[:length])
        check_record(path)


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(InputError):
        read_record(data)
