"""Words and fonts of a printed page, and how they are rasterised."""

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_BUNDLED = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
_SYSTEM = Path("/usr/share/fonts/truetype")
_WANTED = (
    "liberation/*.ttf",
    "freefont/*.ttf",
    "roboto/*/Roboto*-Regular.ttf",
    "hack/*.ttf",
    "noto/NotoSans-Regular.ttf",
    "noto/NotoSans-Bold.ttf",
    "noto/NotoSerif-Regular.ttf",
    "noto/NotoSansMono-Regular.ttf",
    "noto/NotoSansDisplay-Regular.ttf",
)


def _find_fonts() -> tuple[str, ...]:
    """List fonts with Cyrillic; matplotlib's own are always there, the rest if installed."""
    bundled = sorted(str(p) for p in _BUNDLED.glob("DejaVuS*.ttf") if "Display" not in p.name)
    system = sorted(str(p) for pattern in _WANTED for p in _SYSTEM.glob(pattern))
    return tuple(bundled + system)


FONT_FILES = _find_fonts()

_HEADER = (
    "Vent. rate {n} BPM",
    "PR interval {n} ms",
    "QRS duration {n} ms",
    "QT/QTc {n}/{n} ms",
    "P-R-T axes {n} {n} {n}",
    "Sinus rhythm",
    "Normal ECG",
    "Abnormal ECG",
    "ID: {n}{n}",
    "Name:",
    "Age: {n} yrs  Sex: Male",
    "Room No.:   Department:",
    "Technician:",
    "Comments:",
    "Report Confirmed by:",
    "*** Poor data quality, interpretation may be adversely affected",
    "Left axis deviation",
    "Nonspecific ST and T wave abnormality",
    "Referred by:",
    "Пациент: ______ {n}",
    "ЧСС {n} уд/мин",
    "Возраст {n} лет  Пол: жен",
    "Интервал PQ {n} мс",
    "QRS {n} мс  QT {n} мс",
    "Заключение: синусовый ритм",
    "Электрическая ось сердца {n}°",
    "Дата: {n}.{n}.20{n}",
    "Отделение кардиологии",
    "Врач: ____________",
    "ЭКГ покоя",
    "Unconfirmed diagnosis",
    "ECG REPORT",
    "Yurak urishi {n} zarba/daq",
    "HR {n}  P {n}  QRS {n}",
)
_FOOTER = (
    "25mm/s  10mm/mV  0.05~35Hz  AC50",
    "25 mm/s 10 mm/mV 100Hz",
    "50 mm/s  10 mm/mV  F50",
    "Speed: 25 mm/sec  Limb: 10 mm/mV  Chest: 10.0 mm/mV",
    "0.67~25Hz AC50 25mm/s SE-3 V1.0",
    "25 мм/с  10 мм/мВ  Фильтр 35 Гц",
    "50 мм/с  10 мм/мВ",
    "Page 1 of 1",
    "SN {n}{n} V{n}.{n}",
    "GE Marquette Medical Systems",
    "009C 12SL {n} CID: {n}",
    "HR={n}  {n}.{n}.20{n} {n}:{n}",
)


def random_header(rng: np.random.Generator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Choose header and footer lines, with made-up numbers."""

    def pick(source: tuple[str, ...], most: int) -> tuple[str, ...]:
        lines = rng.choice(source, int(rng.integers(0, most + 1)), replace=False)
        return tuple(_fill(str(line), rng) for line in lines)

    return pick(_HEADER, 14), pick(_FOOTER, 4)


def _fill(line: str, rng: np.random.Generator) -> str:
    while "{n}" in line:
        line = line.replace("{n}", str(int(rng.integers(1, 500))), 1)
    return line


@lru_cache(maxsize=128)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def draw_text(text: str, *, font: str, height: int, angle: float = 0.0) -> NDArray[np.uint8]:
    """Rasterise one line of text.

    Parameters
    ----------
    height : font size in pixels
    angle : degrees, counter-clockwise

    Returns
    -------
    uint8 array, shape (h, w), coverage 0..255, cropped to the ink (empty text gives 1 x 1)
    """
    face = _font(font, max(height, 5))
    box = face.getbbox(text)
    image = Image.new("L", (int(box[2]) + 4, int(box[3]) + 4), 0)
    ImageDraw.Draw(image).text((0, 0), text, font=face, fill=255)
    if angle:
        image = image.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    ink = image.getbbox()
    return np.asarray(image.crop(ink)) if ink else np.zeros((1, 1), np.uint8)
