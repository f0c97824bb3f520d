"""Bad input: a clear error with a code, in seconds and in little memory, never a hang or a guess.

Each case runs in a process of its own. The time is that of the processor, imports included, so that
a busy machine fails no test.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

MAX_SECONDS = 5.0
CORES = 2  # of the machine the promise is made for; networks use all of them
MAX_BYTES = 1_000_000_000

READ = """
import json, sys, time
from pathlib import Path
from cardioalert import errors
def rss():
    # Not ru_maxrss: a child inherits there what its parent once used.
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
try:
    import cardioalert
    from cardioalert.formats.registry import is_picture
    path = sys.argv[1]
    {call}
    code = "none"
except errors.CardioAlertError as error:
    code = error.code
    assert error.message and error.hint, "an error needs a message and a hint"
print(json.dumps({{"code": code, "seconds": time.process_time(), "bytes": rss()}}))
"""
OPEN = "cardioalert.read_photo(path) if is_picture(path) else cardioalert.read_record(path)"
DIGITIZE = "cardioalert.digitize(path)"


def outcome(path: Path, call: str = OPEN) -> dict[str, object]:
    """Run one call on a file in a fresh process; return its error code, time and memory."""
    done = subprocess.run(
        [sys.executable, "-c", READ.format(call=call), str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def png_of_zeros(width: int, height: int) -> bytes:
    """A valid grey PNG of any size in a few hundred kilobytes: the bomb."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    packer = zlib.compressobj(9)
    row = b"\0" * (width + 1)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def save_picture(path: Path, picture: Image.Image) -> Path:
    picture.save(path)
    return path


def holiday(path: Path) -> Path:
    """Sky, sea, sun and a beach umbrella: nothing of it is an ECG."""
    height, width = 900, 1200
    down = np.linspace(0, 1, height)[:, None, None]
    sky, sea = np.array([120, 180, 250]), np.array([230, 210, 160])
    pixels = np.broadcast_to((1 - down) * sky + down * sea, (height, width, 3)).astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((850, 80, 1000, 230), fill=(255, 240, 120))
    draw.rectangle((0, 420, width, 560), fill=(40, 110, 170))
    draw.pieslice((200, 350, 600, 750), 180, 360, fill=(210, 40, 60))
    draw.line((400, 550, 400, 850), fill=(120, 80, 40), width=12)
    return save_picture(path, picture)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def truncated_png(path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (600, 800), dtype=np.uint8)
    save_picture(path, Image.fromarray(noise))
    return written(path, path.read_bytes()[:50_000])


PAGELESS_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n"
    b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n99\n%%EOF\n"
)
WORDS = b"Dear colleague,\nthe ECG of our patient is attached.\nKind regards\n"

CASES = {
    "empty.jpg": ("empty-file", lambda p: written(p, b"")),
    "text.jpg": ("unknown-format", lambda p: written(p, WORDS * 50)),
    "pixel.png": ("picture-size", lambda p: save_picture(p, Image.new("RGB", (1, 1)))),
    "bomb.png": ("picture-size", lambda p: written(p, png_of_zeros(20_000, 10_000))),
    "truncated.png": ("corrupt-file", truncated_png),
    "pageless.pdf": ("corrupt-file", lambda p: written(p, PAGELESS_PDF)),
    "words.csv": ("corrupt-file", lambda p: written(p, WORDS)),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_file_has_a_code(name: str, tmp_path: Path) -> None:
    code, make = CASES[name]
    path = make(tmp_path / name)
    assert path.stat().st_size < 1_000_000
    result = outcome(path)
    assert result["code"] == code
    assert float(str(result["seconds"])) < MAX_SECONDS
    assert int(str(result["bytes"])) < MAX_BYTES


def test_missing_file_has_a_code(tmp_path: Path) -> None:
    call = "cardioalert.read_photo(path)"
    assert outcome(tmp_path / "nowhere.jpg", call)["code"] == "file-not-found"


@pytest.mark.skipif(find_spec("cardioalert.pipeline") is None, reason="no pipeline yet")
@pytest.mark.parametrize("name", CASES)
def test_analyze_gives_the_same_code(name: str, tmp_path: Path) -> None:
    code, make = CASES[name]
    result = outcome(make(tmp_path / name), "cardioalert.analyze(path)")
    assert result["code"] == code
    assert float(str(result["seconds"])) < MAX_SECONDS
    assert int(str(result["bytes"])) < MAX_BYTES


@pytest.mark.skipif(find_spec("cardioalert.pipeline") is None, reason="no pipeline yet")
def test_holiday_photo_is_no_ecg(tmp_path: Path) -> None:
    result = outcome(holiday(tmp_path / "holiday.jpg"), DIGITIZE)
    assert result["code"] in {"grid-not-found", "trace-not-found", "layout-not-found"}
    assert float(str(result["seconds"])) < MAX_SECONDS * CORES
    assert int(str(result["bytes"])) < MAX_BYTES


@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
def test_largest_accepted_picture_stays_in_memory(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"large.{kind}"
    if kind == "png":
        written(path, png_of_zeros(12_000, 9_900))
    else:
        options = {"compression": "tiff_lzw"} if kind == "tif" else {}
        Image.new("RGB", (12_000, 9_900), (250, 230, 230)).save(path, **options)
    result = outcome(path)
    assert result["code"] == "none"
    assert int(str(result["bytes"])) < MAX_BYTES
