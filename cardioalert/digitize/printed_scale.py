"""Read what the page itself says about speed and gain: `25 mm/s  10 mm/mV`, in either alphabet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.domain.imaging import InkMaps
from cardioalert.networks.curve_reader import brightest_color
from cardioalert.networks.line_reader import (
    HEIGHT,
    INK_HEIGHT,
    MARGIN,
    NARROWEST,
    ReadLine,
    read_line,
)

Value = TypeVar("Value")
Box = tuple[float, float, float, float]

SPEEDS: Final = {"12.5": 12.5, "25": 25.0, "25.0": 25.0, "50": 50.0, "50.0": 50.0}  # mm/s
GAINS: Final = {
    "2.5": 2.5,
    "5": 5.0,
    "5.0": 5.0,
    "10": 10.0,
    "10.0": 10.0,
    "20": 20.0,
    "20.0": 20.0,
}  # mm/mV
SHORT: Final = 3  # signs of a number from which the end of a longer one may be taken
LETTER_MM: Final = (0.5, 6.0)  # least and greatest height of a connected part of print
LINE_MM: Final = (1.1, 6.5)  # least and greatest height of a line
SHORTEST_MM: Final = 5.0  # of a line that can say `25mm/s`
GAP_MM: Final = 2.6  # between words of one line
LONGEST_MM: Final = 90.0  # longer lines are cut: only a part of them matters
MOST_LINES: Final = 14
CERTAIN: Final = 0.6  # probability of each sign of a number that counts
DONE: Final = 0.9  # certainty of both, after which no more lines are read
DRAWN_OUT: Final = 40.0  # times as long as high: rules and fine print, slow to read

# `mm` of blurred or Cyrillic print is read as many things, `/s` and `/mV` hardly.
_MILLIMETERS: Final = r"[mMnNHAri]{1,4}"
_SPEED: Final = re.compile(rf"([\d.,Oo]+) ?{_MILLIMETERS} ?/ ?[sScC]")
_GAIN: Final = re.compile(rf"([\d.,Oo]+) ?{_MILLIMETERS} ?/ ?[mMnNri]{{0,3}}[vVB]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedScale:
    """What is printed; None where nothing was read.

    Attributes
    ----------
    speed : float, mm/s
    gain : float, mm/mV
    chest_gain : float, mm/mV
        A second gain behind the first, as in `Limb 10 mm/mV Chest 5 mm/mV`.
    speed_certainty, gain_certainty : float, 0-1
    """

    speed: float | None = None
    gain: float | None = None
    chest_gain: float | None = None
    speed_certainty: float = 0.0
    gain_certainty: float = 0.0


def read_printed_scale(pixels: NDArray[np.uint8], maps: InkMaps) -> PrintedScale:
    """Read speed and gain from all printed lines of a page.

    Where lines contradict each other nothing is taken: the page may hold two ECGs, or a remark.
    """
    lightness = brightest_color(pixels)
    speeds: dict[float, float] = {}
    gains: dict[tuple[float, float | None], float] = {}
    for left, top, right, bottom in text_lines(maps):
        line = read_line(cut_line(lightness, left=left, top=top, right=right, bottom=bottom))
        for value, sure in numbers_in(line, _SPEED, SPEEDS):
            speeds[value] = max(sure, speeds.get(value, 0.0))
        found = list(numbers_in(line, _GAIN, GAINS))
        if found:
            (first, sure), *others = found
            second = others[0][0] if others and others[0][0] != first else None
            gains[first, second] = max(sure, gains.get((first, second), 0.0))
        if min(max(speeds.values(), default=0.0), max(gains.values(), default=0.0)) > DONE:
            break
    speed, speed_sure = _only(speeds) or (None, 0.0)
    gain, gain_sure = _only(gains) or (None, 0.0)
    return PrintedScale(
        speed=speed,
        gain=gain[0] if gain is not None else None,
        chest_gain=gain[1] if gain is not None else None,
        speed_certainty=speed_sure,
        gain_certainty=gain_sure,
    )


def cut_line(
    lightness: NDArray[np.uint8], *, left: float, top: float, right: float, bottom: float
) -> NDArray[np.uint8]:
    """Cut one line out of a page, its letters `INK_HEIGHT` high.

    Parameters
    ----------
    lightness : uint8 array, shape (height, width)
        The brightest color channel, where colored grids are palest.
    left, top, right, bottom : page pixels, around the letters

    Returns
    -------
    uint8 array, shape (HEIGHT, width)
    """
    zoom = INK_HEIGHT / max(bottom - top, 1.0)
    width = max(int((right - left) * zoom + 2 * MARGIN), NARROWEST)
    shift_y = HEIGHT / 2 - (top + bottom) / 2.0 * zoom
    matrix = np.array([[zoom, 0.0, MARGIN - left * zoom], [0.0, zoom, shift_y]])
    line = cv2.warpAffine(
        lightness, matrix, (width, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(line, dtype=np.uint8)


def _only(values: dict[Value, float]) -> tuple[Value, float] | None:
    """Return the only value, or the one that is much surer than all others."""
    ranked = sorted(values.items(), key=lambda item: -item[1])
    if not ranked or (len(ranked) > 1 and ranked[1][1] > 0.5 * ranked[0][1]):
        return None
    return ranked[0]


def numbers_in(
    line: ReadLine, unit: re.Pattern[str], known: dict[str, float]
) -> Iterator[tuple[float, float]]:
    """Yield the known numbers before a unit, with the probability of their weakest sign.

    Spaces are often lost: the end of `AC5025` is 25, but the end of `15` is not 5.
    """
    for match in unit.finditer(line.text):
        digits = match.group(1).replace("O", "0").replace("o", "0").replace(",", ".").lstrip(".")
        ends = [text for text in known if digits.endswith(text)]
        number = max(ends, key=len, default="")
        if not number or (number != digits and len(number.replace(".0", "")) < SHORT - 1):
            continue
        stop = match.end(1)
        sure = min(line.certainty[stop - len(number) : stop])
        sure *= 1.0 if number == digits else 0.9
        if sure >= CERTAIN:
            yield known[number], sure


def text_lines(maps: InkMaps) -> list[Box]:
    """Return left, top, right, bottom (page pixels) of what looks like printed lines.

    Letters are small connected marks side by side; separators and pulses are too tall.
    """
    mm = PAGE_PIXELS_PER_MM
    ink = (maps.marks > 0.5).astype(np.uint8)
    count, labels, stats, _centers = cv2.connectedComponentsWithStats(ink)
    height = stats[:, cv2.CC_STAT_HEIGHT]
    letter = (height > LETTER_MM[0] * mm) & (height < LETTER_MM[1] * mm)
    letter[0] = False
    letters = letter[labels].astype(np.uint8)
    reach = np.ones((3, int(GAP_MM * mm) | 1), np.uint8)
    count, _labels, stats, _centers = cv2.connectedComponentsWithStats(
        cv2.morphologyEx(letters, cv2.MORPH_CLOSE, reach)
    )
    lines: list[Box] = []
    for left, top, width, tall, _area in stats[1:count]:
        if LINE_MM[0] * mm < tall < LINE_MM[1] * mm and width > max(SHORTEST_MM * mm, 2 * tall):
            lines += _pieces(float(left), float(top), float(left + width), float(top + tall))
    middle = ink.shape[0] / 2.0
    lines.sort(key=lambda line: -abs(line[1] - middle))  # header and footer first
    return sorted(lines[:MOST_LINES], key=_is_drawn_out)


def _is_drawn_out(line: Box) -> bool:
    """Tell whether a line is much longer than speed and gain would be at its height."""
    left, top, right, bottom = line
    return right - left > DRAWN_OUT * (bottom - top)


def _pieces(left: float, top: float, right: float, bottom: float) -> list[Box]:
    """Cut a long line into overlapping pieces."""
    longest = LONGEST_MM * PAGE_PIXELS_PER_MM
    step = 0.7 * longest
    starts = np.arange(left, max(right - 0.3 * longest, left + 1.0), step)
    return [(float(x), top, min(float(x) + longest, right), bottom) for x in starts]
