"""Read a picture of a sheet: JPEG, PNG, BMP, TIFF, WebP, HEIC and PDF pages become RGB pixels.

Whatever the file claims, it is refused before its pixels are unpacked when there are too many of
them, and a large picture is made smaller strip by strip, so that memory stays under a gigabyte.
"""

from __future__ import annotations

import io
import math
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from cardioalert.domain.imaging import Photo
from cardioalert.errors import (
    CardioAlertError,
    CorruptFileError,
    PictureSizeError,
    UnknownFormatError,
)
from cardioalert.files import FileContent, load, picture_format
from cardioalert.i18n import translate as _
from cardioalert.units import MILLIMETERS_PER_INCH

MIN_PIXELS: Final = 100_000
MIN_SIDE: Final = 200  # pixels
MAX_PIXELS: Final = 120_000_000
KEPT_PIXELS: Final = 16_000_000  # more detail than any print holds: A4 at 400 dpi

PDF_PIXELS_PER_POINT: Final = 300 / 72
PDF_MIN_PIXELS: Final = 8_000_000  # A4 at 300 dpi; small pages are photos saved as PDF
PDF_MAX_PIXELS: Final = 25_000_000

_WHITE: Final = (255, 255, 255)
_STRIP_PIXELS: Final = 4_000_000
_EXIF_ORIENTATION: Final = 0x0112
_pdfium = threading.Lock()  # pdfium may be used by one thread at a time


def read_photo(
    source: str | os.PathLike[str] | bytes | FileContent | NDArray[np.uint8], *, page: int = 0
) -> Photo:
    """Read a picture file.

    Parameters
    ----------
    source : path, `-` for standard input, bytes, FileContent,
        or uint8 array of shape (height, width[, 3 or 4]), RGB
    page : int
        Which page of a PDF or TIFF, from 0.

    Raises
    ------
    InputError
        One of its kinds; the picture is not even unpacked when it is too large.
    """
    if isinstance(source, np.ndarray):
        return _photo_of_array(source)
    content = load(source)
    kind = picture_format(content.data)
    if kind is None:
        raise UnknownFormatError(_("{name} is not a picture of a known format", name=content.name))
    with _decoder_errors(content, kind):
        if kind == "PDF":
            pixels = _read_pdf(content, page)
        elif kind == "HEIF":
            pixels = _read_heif(content)
        else:
            pixels = _read_picture(content, kind, page)
    height, width = pixels.shape[:2]
    origin = content.source("pdf" if kind == "PDF" else "image", width_px=width, height_px=height)
    return Photo(pixels=pixels, source=origin)


def count_pages(content: FileContent) -> int:
    """Return how many pages a PDF or TIFF holds; other pictures have one.

    Raises
    ------
    InputError
        One of its kinds.
    """
    kind = picture_format(content.data)
    if kind == "PDF":
        with _open_pdf(content) as document:
            return len(document)
    if kind != "TIFF":
        return 1
    with _decoder_errors(content, kind), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as when the picture is read
        with Image.open(io.BytesIO(content.data), formats=[kind]) as picture:
            return int(getattr(picture, "n_frames", 1))


@contextmanager
def _decoder_errors(content: FileContent, kind: str) -> Iterator[None]:
    """Turn whatever a decoder throws at a damaged file into one error of ours."""
    try:
        yield
    except CardioAlertError:
        raise
    except MemoryError as error:
        raise PictureSizeError(
            _("{name} needs more memory than there is", name=content.name)
        ) from error
    except Exception as error:  # decoders raise everything from SyntaxError to struct.error
        raise CorruptFileError(
            _("{name} is a damaged {kind} file: {error}", name=content.name, kind=kind, error=error)
        ) from error


def _check_size(width: float, height: float) -> None:
    """Refuse pictures too small to read or too large to unpack."""
    if min(width, height) < MIN_SIDE or width * height < MIN_PIXELS:
        raise PictureSizeError(
            _(
                "the picture has {width:.0f} x {height:.0f} pixels, expected at least {min_side} "
                "on each side and {min_pixels} megapixels",
                width=width,
                height=height,
                min_side=MIN_SIDE,
                min_pixels=MIN_PIXELS / 1e6,
            )
        )
    if width * height > MAX_PIXELS:
        raise PictureSizeError(
            _(
                "the picture has {width:.0f} x {height:.0f} pixels ({megapixels:.0f} megapixels), "
                "at most {limit:.0f} are read",
                width=width,
                height=height,
                megapixels=width * height / 1e6,
                limit=MAX_PIXELS / 1e6,
            )
        )


# ---- Pictures that Pillow reads ----------------------------------------------------------------


def _read_picture(content: FileContent, kind: str, page: int) -> NDArray[np.uint8]:
    """Decode everything that Pillow knows by itself."""
    with warnings.catch_warnings():
        # Pillow warns from 89 megapixels on; the limit here is ours. Odd metadata is no concern.
        warnings.simplefilter("ignore")
        try:
            picture = Image.open(io.BytesIO(content.data), formats=[kind])
        except Image.DecompressionBombError:
            raise PictureSizeError(
                _(
                    "the picture has more than {limit:.0f} megapixels",
                    limit=MAX_PIXELS / 1e6,
                )
            ) from None
        with picture:
            _turn_to_page(picture, page)
            _check_size(*picture.size)
            if picture.width * picture.height > 2 * KEPT_PIXELS:
                _draft(picture)
            picture.load()
            orientation = _orientation(picture)
            pixels = _shrink(
                lambda top, bottom: picture.crop((0, top, picture.width, bottom)), *picture.size
            )
    return _turn_upright(pixels, orientation)


def _turn_to_page(picture: ImageFile.ImageFile, page: int) -> None:
    """Go to a page of a TIFF; other pictures have one."""
    if page == 0:
        return
    try:
        picture.seek(page)
    except EOFError:
        raise CorruptFileError(_("the picture has no page {page}", page=page)) from None


def _draft(picture: ImageFile.ImageFile) -> None:
    """Let a JPEG decode itself at half its size or less, while enough pixels remain."""
    scale = math.sqrt(KEPT_PIXELS / (picture.width * picture.height))
    wanted = (math.ceil(picture.width * scale), math.ceil(picture.height * scale))
    picture.draft(None, wanted)


def _orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 where there is none or it cannot be read."""
    try:
        value = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # a broken EXIF block must not cost the picture
        return 1
    return value if value in range(1, 9) else 1


def _turn_upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo the EXIF orientation (1 to 8; 5 to 8 swap the axes)."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


# ---- HEIC ------------------------------------------------------------------------------------


def _read_heif(content: FileContent) -> NDArray[np.uint8]:
    """Decode a HEIC photo; its library turns it upright by itself."""
    import pillow_heif  # noqa: PLC0415 - only iPhone photos need it

    picture = pillow_heif.open_heif(io.BytesIO(content.data), convert_hdr_to_8bit=True)
    _check_size(*picture.size)
    array = np.asarray(picture)
    return _shrink(lambda top, bottom: Image.fromarray(array[top:bottom]), *picture.size)


# ---- PDF -------------------------------------------------------------------------------------


@contextmanager
def _open_pdf(content: FileContent) -> Iterator[Any]:
    """Open a PDF while no other thread has one open."""
    import pypdfium2  # noqa: PLC0415 - only PDF files need it

    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(content.data)
        except pypdfium2.PdfiumError as error:
            raise CorruptFileError(
                _("{name} cannot be opened as PDF: {error}", name=content.name, error=error),
                hint="If it asks for a password, save it without one; otherwise export it again.",
            ) from error
        try:
            yield document
        finally:
            document.close()


def _read_pdf(content: FileContent, page: int) -> NDArray[np.uint8]:
    """Render one page, an A4 page at 300 dots per inch."""
    with _open_pdf(content) as document:
        return _render(document, page)


def _render(document: Any, page: int) -> NDArray[np.uint8]:
    """Render one page of an open document."""
    import pypdfium2.raw as pdfium_c  # noqa: PLC0415 - only PDF files need it

    if len(document) == 0:
        raise CorruptFileError(_("the PDF has no pages"))
    if not 0 <= page < len(document):
        raise CorruptFileError(
            _(
                "the PDF has no page {page}, only 0 to {document_count}",
                page=page,
                document_count=len(document) - 1,
            )
        )
    sheet = document[page]
    width, height = sheet.get_size()  # points
    for picture in sheet.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]):
        across, down = picture.get_px_size()
        if across * down > MAX_PIXELS:
            _check_size(across, down)
    scale = _pdf_scale(width, height)
    bitmap = sheet.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
    pixels = bitmap.to_numpy()
    return _rgb_array(np.array(pixels, copy=True))


def _pdf_scale(width: float, height: float) -> float:
    """Choose the pixels per point for a page of `width` by `height` points."""
    if not (width >= 1.0 and height >= 1.0 and max(width, height) / min(width, height) <= 100.0):
        raise CorruptFileError(
            _(
                "the PDF page is {width:.1f} by {height:.1f} mm, which is no sheet of paper",
                width=width / 72 * MILLIMETERS_PER_INCH,
                height=height / 72 * MILLIMETERS_PER_INCH,
            )
        )
    pixels = width * height * PDF_PIXELS_PER_POINT**2
    wanted = min(max(pixels, PDF_MIN_PIXELS), PDF_MAX_PIXELS)
    return PDF_PIXELS_PER_POINT * math.sqrt(wanted / pixels)


# ---- Pixels ----------------------------------------------------------------------------------


def _photo_of_array(array: NDArray[np.uint8]) -> Photo:
    """Accept pixels that somebody else read."""
    if array.dtype != np.uint8 or array.ndim not in (2, 3):
        raise TypeError(
            f"a picture is a uint8 array of shape (height, width[, 3 or 4]), "
            f"not {array.dtype} {array.shape}"
        )
    height, width = array.shape[:2]
    _check_size(width, height)
    whole = Image.fromarray(np.ascontiguousarray(array))
    pixels = _shrink(lambda top, bottom: whole.crop((0, top, width, bottom)), width, height)
    return Photo(pixels=pixels)


def _rgb_array(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an array of grey, RGB or RGBA pixels as RGB."""
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, :3])


def _shrink(strip: Callable[[int, int], Image.Image], width: int, height: int) -> NDArray[np.uint8]:
    """Convert a picture to RGB of at most KEPT_PIXELS, one strip of rows after the other.

    Parameters
    ----------
    strip : function of (top, bottom), the rows to return
    width, height : int, pixels
    """
    scale = min(1.0, math.sqrt(KEPT_PIXELS / (width * height)))
    across, down = max(1, math.floor(width * scale)), max(1, math.floor(height * scale))
    result = np.empty((down, across, 3), dtype=np.uint8)
    rows_at_once = max(1, int(_STRIP_PIXELS * scale / width))
    for first in range(0, down, rows_at_once):
        last = min(first + rows_at_once, down)
        top, bottom = first * height / down, last * height / down
        whole_top, whole_bottom = math.floor(top), min(math.ceil(bottom), height)
        part = _to_rgb(strip(whole_top, whole_bottom))
        if scale < 1.0:
            box = (0.0, top - whole_top, float(width), bottom - whole_top)
            part = part.resize((across, last - first), Image.Resampling.BOX, box=box)
        result[first:last] = np.asarray(part)
    return result


def _to_rgb(picture: Image.Image) -> Image.Image:
    """Convert any mode: transparency onto white, deep grey to 8 bits."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return _deep_grey(picture)
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, _WHITE)
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    return picture.convert("RGB")


def _deep_grey(picture: Image.Image) -> Image.Image:
    """Bring grey of more than 8 bits to 8; integers are taken as 16 bits, floats as 0 to 1."""
    values = np.asarray(picture).astype(np.float32)
    full = 1.0 if picture.mode == "F" and np.nanmax(values, initial=0.0) <= 1.0 else 65535.0
    grey = np.clip(np.nan_to_num(values) * (255.0 / full) + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")
