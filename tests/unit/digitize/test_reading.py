"""Reading pictures: every kind of file gives the same sheet, and every bad file its own error."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image

from cardioalert.digitize.reading import KEPT_PIXELS, PDF_MAX_PIXELS, read_photo
from cardioalert.errors import (
    CardioAlertError,
    CorruptFileError,
    EmptyFileError,
    FileMissingError,
    FileTooLargeError,
    InputError,
    PictureSizeError,
    UnknownFormatError,
)
from cardioalert.files import FileContent

HEIGHT, WIDTH = 300, 400
QUARTERS = {  # colour of each quarter of the test sheet, so that every turn shows
    "top left": (255, 255, 255),
    "top right": (250, 20, 20),
    "bottom left": (20, 250, 20),
    "bottom right": (20, 20, 250),
}


def sheet(height: int = HEIGHT, width: int = WIDTH) -> Image.Image:
    """A picture of four coloured quarters."""
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    middle, centre = height // 2, width // 2
    pixels[:middle, :centre] = QUARTERS["top left"]
    pixels[:middle, centre:] = QUARTERS["top right"]
    pixels[middle:, :centre] = QUARTERS["bottom left"]
    pixels[middle:, centre:] = QUARTERS["bottom right"]
    return Image.fromarray(pixels)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def assert_is_the_sheet(pixels: NDArray[np.uint8], tolerance: int = 12) -> None:
    """Check the colour in the middle of each quarter."""
    height, width = pixels.shape[:2]
    seen = {
        "top left": pixels[height // 4, width // 4],
        "top right": pixels[height // 4, width * 3 // 4],
        "bottom left": pixels[height * 3 // 4, width // 4],
        "bottom right": pixels[height * 3 // 4, width * 3 // 4],
    }
    for corner, colour in QUARTERS.items():
        assert np.abs(seen[corner].astype(int) - colour).max() <= tolerance, corner


def heic(picture: Image.Image) -> bytes:
    return encoded_heif(pillow_heif.from_pillow(picture))


def encoded_heif(picture: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, quality=90)  # type: ignore[attr-defined]
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "WEBP"])
def test_each_picture_format_gives_the_sheet(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "sheet.dat"  # the name says nothing
    path.write_bytes(encoded(sheet(), kind))
    photo = read_photo(path)
    assert photo.pixels.shape == (HEIGHT, WIDTH, 3)
    assert photo.pixels.dtype == np.uint8
    assert_is_the_sheet(photo.pixels)
    assert (photo.source.kind, photo.source.width_px, photo.source.height_px) == (
        "image",
        WIDTH,
        HEIGHT,
    )


def test_heic_gives_the_sheet() -> None:
    photo = read_photo(heic(sheet()))
    assert photo.pixels.shape == (HEIGHT, WIDTH, 3)
    assert_is_the_sheet(photo.pixels, tolerance=25)


def test_heic_is_turned_upright() -> None:
    lying = sheet().transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to stand upright
    picture = pillow_heif.from_pillow(lying)
    picture.info["exif"] = exif.tobytes()
    assert_is_the_sheet(read_photo(encoded_heif(picture)).pixels, tolerance=25)


TO_UPRIGHT: list[tuple[int, Callable[[Image.Image], Image.Image]]] = [
    (1, lambda p: p),
    (2, lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    (3, lambda p: p.transpose(Image.Transpose.ROTATE_180)),
    (4, lambda p: p.transpose(Image.Transpose.FLIP_TOP_BOTTOM)),
    (5, lambda p: p.transpose(Image.Transpose.TRANSPOSE)),
    (6, lambda p: p.transpose(Image.Transpose.ROTATE_90)),
    (7, lambda p: p.transpose(Image.Transpose.TRANSVERSE)),
    (8, lambda p: p.transpose(Image.Transpose.ROTATE_270)),
]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(("orientation", "turn"), TO_UPRIGHT)
def test_exif_orientation_is_undone(
    orientation: int, turn: Callable[[Image.Image], Image.Image], kind: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = read_photo(encoded(turn(sheet()), kind, exif=exif))
    assert photo.pixels.shape == (HEIGHT, WIDTH, 3)
    assert_is_the_sheet(photo.pixels)


def test_odd_exif_orientation_is_ignored() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert_is_the_sheet(read_photo(encoded(sheet(), "JPEG", exif=exif)).pixels)


def test_transparency_becomes_white_paper() -> None:
    picture = sheet().convert("RGBA")
    picture.putalpha(0)
    assert (read_photo(encoded(picture, "PNG")).pixels == 255).all()


def test_transparent_palette_becomes_white_paper() -> None:
    picture = Image.new("P", (WIDTH, HEIGHT), 1)
    picture.putpalette([0, 0, 0, 200, 0, 0])
    photo = read_photo(encoded(picture, "PNG", transparency=1))
    assert (photo.pixels == 255).all()


def test_palette_picture() -> None:
    assert_is_the_sheet(read_photo(encoded(sheet().quantize(16), "PNG")).pixels)


def test_cmyk_picture() -> None:
    assert_is_the_sheet(read_photo(encoded(sheet().convert("CMYK"), "JPEG")).pixels, tolerance=30)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_brightness(kind: str) -> None:
    values = np.full((HEIGHT, WIDTH), 32896, dtype=np.uint16)  # 128 * 257
    photo = read_photo(encoded(Image.fromarray(values), kind))
    assert (photo.pixels == 128).all()


def test_float_tiff_of_zero_to_one() -> None:
    values = np.full((HEIGHT, WIDTH), 0.5, dtype=np.float32)
    photo = read_photo(encoded(Image.fromarray(values), "TIFF"))
    assert np.abs(photo.pixels.astype(int) - 128).max() <= 1


def test_bilevel_fax() -> None:
    photo = read_photo(encoded(Image.new("1", (WIDTH, HEIGHT), 1), "TIFF", compression="group4"))
    assert (photo.pixels == 255).all()


def test_grey_array_becomes_rgb() -> None:
    photo = read_photo(np.full((HEIGHT, WIDTH), 7, dtype=np.uint8))
    assert photo.pixels.shape == (HEIGHT, WIDTH, 3)
    assert photo.source.kind == "array"


def test_float_array_is_a_programming_mistake() -> None:
    with pytest.raises(TypeError, match="float64"):
        read_photo(np.zeros((HEIGHT, WIDTH)))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_large_picture_is_reduced_without_moving_anything(kind: str) -> None:
    photo = read_photo(encoded(sheet(4500, 8000), kind))  # 36 megapixels
    height, width = photo.pixels.shape[:2]
    assert KEPT_PIXELS * 0.95 < height * width <= KEPT_PIXELS
    assert width / height == pytest.approx(8000 / 4500, rel=1e-3)
    assert_is_the_sheet(photo.pixels)
    middle = photo.pixels[height // 4, :, 1]  # white to red: green falls at the middle column
    edge = int(np.argmax(middle < 128))
    assert abs(edge - width / 2) <= 1


def test_strips_leave_no_seams() -> None:
    ramp = np.linspace(0, 255, 6000).astype(np.uint8)
    picture = Image.fromarray(np.repeat(ramp[:, None], 4000, axis=1))
    photo = read_photo(encoded(picture, "PNG"))
    steps = np.diff(photo.pixels[:, 0, 0].astype(int))
    assert steps.min() >= 0
    assert steps.max() <= 1


def test_source_names_the_file_and_its_hash(tmp_path: Path) -> None:
    data = encoded(sheet(), "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(data)
    source = read_photo(path).source
    assert source.path == str(path)
    assert source.sha256 == hashlib.sha256(data).hexdigest()


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(encoded(sheet(), "PNG")))
    monkeypatch.setattr("sys.stdin", stream)
    photo = read_photo("-")
    assert photo.source.path == "-"
    assert_is_the_sheet(photo.pixels)


def test_content_read_once_can_be_read_again() -> None:
    content = FileContent(data=encoded(sheet(), "PNG"), path="-")
    assert_is_the_sheet(read_photo(content).pixels)
    assert_is_the_sheet(read_photo(content).pixels)


# ---- PDF -------------------------------------------------------------------------------------


def pdf_of(*pages: Image.Image, dpi: float = 72.0) -> bytes:
    return encoded(pages[0], "PDF", save_all=True, append_images=pages[1:], resolution=dpi)


def test_a4_pdf_is_rendered_at_300_dpi() -> None:
    photo = read_photo(pdf_of(sheet(842, 595)))  # points
    height, width = photo.pixels.shape[:2]
    assert abs(height - 842 * 300 / 72) <= 2
    assert abs(width - 595 * 300 / 72) <= 2
    assert photo.source.kind == "pdf"
    assert_is_the_sheet(photo.pixels)


def test_pdf_page_argument() -> None:
    black = Image.new("RGB", (400, 300))
    data = pdf_of(sheet(), black)
    assert_is_the_sheet(read_photo(data, page=0).pixels)
    assert read_photo(data, page=1).pixels.max() < 10
    with pytest.raises(CorruptFileError, match="no page 2"):
        read_photo(data, page=2)


def test_huge_pdf_page_is_rendered_small() -> None:
    photo = read_photo(pdf_of(sheet(), dpi=1.0))  # a sheet of 10 x 14 metres
    assert photo.pixels.shape[0] * photo.pixels.shape[1] <= PDF_MAX_PIXELS * 1.01


def test_tiny_pdf_page_is_rendered_large_enough() -> None:
    photo = read_photo(pdf_of(sheet(), dpi=600.0))  # 17 x 13 mm
    assert photo.pixels.shape[0] * photo.pixels.shape[1] > 5_000_000


def test_pdf_with_a_bomb_picture_is_refused() -> None:
    data = encoded(Image.new("1", (12_000, 12_000)), "PDF", resolution=600)
    with pytest.raises(PictureSizeError, match="144 megapixels"):
        read_photo(data)


PAGELESS_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n"
    b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n99\n%%EOF\n"
)


def test_pdf_without_pages() -> None:
    with pytest.raises(CorruptFileError):
        read_photo(PAGELESS_PDF)


def test_encrypted_pdf_says_how_to_go_on() -> None:
    data = pdf_of(sheet()).replace(
        b"trailer\n<<",
        b"trailer\n<<\n/Encrypt <</Filter/Standard/V 1/R 2/P -44"
        b"/O <" + b"41" * 32 + b">/U <" + b"42" * 32 + b">>>\n/ID[<00><00>]\n",
    )
    assert b"/Encrypt" in data
    with pytest.raises(CorruptFileError) as caught:
        read_photo(data)
    assert "password" in caught.value.hint


# ---- Refusals --------------------------------------------------------------------------------


def png_header(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG that claims a size, whatever its body holds."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


BAD: list[tuple[str, bytes, type[CardioAlertError]]] = [
    ("empty", b"", EmptyFileError),
    ("text", b"this is not a picture\n" * 20, UnknownFormatError),
    ("one pixel", encoded(Image.new("RGB", (1, 1)), "PNG"), PictureSizeError),
    ("narrow", encoded(Image.new("RGB", (100, 5000)), "PNG"), PictureSizeError),
    ("few pixels", encoded(Image.new("RGB", (250, 250)), "PNG"), PictureSizeError),
    ("200 megapixels", png_header(20_000, 10_000), PictureSizeError),
    ("130 megapixels", png_header(13_000, 10_000), PictureSizeError),
    ("4 gigapixels", png_header(65_000, 65_000), PictureSizeError),
    ("no pixels", png_header(400, 300), CorruptFileError),
    ("truncated PNG", encoded(sheet(), "PNG")[:-200], CorruptFileError),
    ("truncated JPEG", encoded(sheet(), "JPEG")[:2000], CorruptFileError),
    ("truncated TIFF", encoded(sheet(), "TIFF")[:2000], CorruptFileError),
    ("truncated WebP", encoded(sheet(), "WEBP", lossless=True)[:60], CorruptFileError),
    ("truncated BMP", encoded(sheet(), "BMP")[:2000], CorruptFileError),
    ("truncated HEIC", heic(sheet())[:400], CorruptFileError),
    ("PDF header only", b"%PDF-1.7\n", CorruptFileError),
    ("JPEG header only", b"\xff\xd8\xff\xe0", CorruptFileError),
    ("GIF", encoded(Image.new("P", (400, 300)), "GIF"), UnknownFormatError),
]


@pytest.mark.parametrize(("data", "error"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_file_gets_its_own_error(data: bytes, error: type[CardioAlertError]) -> None:
    with pytest.raises(error) as caught:
        read_photo(data)
    assert caught.value.hint


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError, match=r"nowhere\.jpg"):
        read_photo(tmp_path / "nowhere.jpg")


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder"):
        read_photo(tmp_path)


def test_null_character_in_a_path() -> None:
    with pytest.raises(InputError):
        read_photo("a\0b.png")


def test_too_many_bytes_are_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    with path.open("wb") as stream:
        stream.truncate(200_000_000)  # sparse: takes no space
    with pytest.raises(FileTooLargeError, match="200 MB"):
        read_photo(path)


@pytest.mark.data
def test_real_pictures_are_read(shared_data: Path) -> None:
    files = sorted((shared_data / "images" / "prints").glob("ecg*"))
    assert files
    for path in files:
        photo = read_photo(path)
        assert photo.pixels.shape == (photo.source.height_px, photo.source.width_px, 3)
