"""Uploads: refused or cleaned, whatever they are called."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from PIL import Image

from cardioalert.errors import (
    CorruptFileError,
    EmptyFileError,
    FileTooLargeError,
    PictureSizeError,
    UnknownFormatError,
)
from cardioalert.security.uploads import MOST_FILE_BYTES, clean


def photo(kind="JPEG", size=(40, 20), **options):
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, format=kind, **options)
    return out.getvalue()


def test_place_and_camera_are_gone_and_the_photo_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(0x8825)[2] = (41.0, 18.0, 40.0)  # GPS latitude
    data = photo(exif=exif)
    assert b"CameraMaker" in data
    cleaned = clean(data)
    assert cleaned.kind == "picture"
    picture = Image.open(io.BytesIO(cleaned.data))
    assert picture.size == (20, 40)
    assert dict(picture.getexif()) == {}
    assert b"CameraMaker" not in cleaned.data
    assert b"Exif" not in cleaned.data


def test_what_hides_behind_a_picture_is_gone():
    for kind in ("JPEG", "PNG"):
        hidden = photo(kind) + b"PK\x03\x04<script>alert(1)</script>"
        assert b"script" not in clean(hidden).data


def test_a_png_that_unpacks_to_100_megapixels_is_refused_by_its_header():
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    data += chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    with pytest.raises(PictureSizeError, match="10000 x 10000"):
        clean(data)


def test_archives_and_programs_are_refused():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/passwd", b"\0" * 1_000_000)
    for data in (
        bomb.getvalue(),
        b"\x1f\x8b\x08" + b"x" * 100,
        b"MZ\x90",
        b"\x7fELF",
        b"#!/bin/sh",
    ):
        with pytest.raises(UnknownFormatError):
            clean(data)


def test_empty_large_and_damaged_files_are_refused():
    with pytest.raises(EmptyFileError):
        clean(b"")
    with pytest.raises(FileTooLargeError):
        clean(b"a" * (MOST_FILE_BYTES + 1))
    with pytest.raises(CorruptFileError):
        clean(photo()[:200])


def test_a_record_is_kept_as_it_is():
    data = b"time_s,I\n0,0.1\n"
    assert clean(data).kind == "record"
    assert clean(data).data == data
