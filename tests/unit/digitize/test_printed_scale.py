"""Numbers and units are found in what the line reader makes of print."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cardioalert.digitize.printed_scale import (
    _GAIN,
    _SPEED,
    GAINS,
    SPEEDS,
    numbers_in,
    read_printed_scale,
    text_lines,
)
from cardioalert.domain.imaging import InkMaps
from cardioalert.networks.line_reader import ALPHABET, ReadLine, decode


def line_of(text: str, sure: float = 0.99) -> ReadLine:
    """A line of which every sign is as sure."""
    return ReadLine(text=text, certainty=(sure,) * len(text))


@pytest.mark.parametrize(
    ("text", "speed", "gain"),
    [
        ("25mm/s10mm/mV", 25.0, 10.0),
        ("AC5050mm/sec 20 mm/mV", 50.0, 20.0),
        ("25MM/c 5MM/MB", 25.0, 5.0),  # Cyrillic letters that look Latin
        ("12.5 mm/s", 12.5, None),
        ("25.Omm/s 2,5mm/mV", 25.0, 2.5),
        ("15mm/mV", None, None),  # no known gain, and not 5
        ("105 mm/s", None, None),
        ("QT/QTc 433/25 ms", None, None),
        ("RV5/SV1 1.25/0.50 mV", None, None),
    ],
)
def test_speed_and_gain_are_read(text: str, speed: float | None, gain: float | None) -> None:
    found_speed = [value for value, _ in numbers_in(line_of(text), _SPEED, SPEEDS)]
    found_gain = [value for value, _ in numbers_in(line_of(text), _GAIN, GAINS)]
    assert found_speed == ([] if speed is None else [speed])
    assert found_gain == ([] if gain is None else [gain])


def test_an_unsure_digit_is_no_evidence() -> None:
    assert not list(numbers_in(line_of("25mm/s", sure=0.4), _SPEED, SPEEDS))


def test_repeats_and_blanks_are_dropped() -> None:
    steps = [0, "1", "1", 0, "1", "0", 0]
    probabilities = np.zeros((len(steps), 1 + len(ALPHABET)), np.float32)
    for row, sign in enumerate(steps):
        probabilities[row, 0 if sign == 0 else 1 + ALPHABET.index(str(sign))] = 0.9
    assert decode(probabilities).text == "110"


def printed_page(*lines: str) -> tuple[np.ndarray, InkMaps]:
    """A page with lines of print, as a perfect network would see it."""
    pixels = np.full((700, 900, 3), 255, np.uint8)
    for number, text in enumerate(lines):
        at = (60, 60 + 560 * number)
        cv2.putText(pixels, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 2, cv2.LINE_AA)
    marks = (pixels[..., 0] < 128).astype(np.float32)
    marks[100:600, 300:304] = 1.0  # a separator is no line of print
    blank = np.zeros_like(marks)
    return pixels, InkMaps(centre=blank, trace=blank, marks=marks)


def test_a_drawn_line_is_found_and_read() -> None:
    pixels, maps = printed_page("Name: X Y", "50 mm/s  20 mm/mV  F50")
    assert len(text_lines(maps)) >= 2
    printed = read_printed_scale(pixels, maps)
    assert (printed.speed, printed.gain, printed.chest_gain) == (50.0, 20.0, None)


def test_two_gains_are_limb_and_chest() -> None:
    printed = read_printed_scale(*printed_page("", "Limb 10 mm/mV Chest 5 mm/mV"))
    assert (printed.gain, printed.chest_gain) == (10.0, 5.0)


def test_lines_that_contradict_each_other_are_no_evidence() -> None:
    assert read_printed_scale(*printed_page("25 mm/s", "50 mm/s")).speed is None


def test_rules_are_read_last() -> None:
    """They take as long as all other lines, and say nothing."""
    marks = np.zeros((400, 800), np.float32)
    marks[20:30, 20:720:12] = marks[20:22, 20:720] = 1.0  # a rule with ticks, at the very top
    marks[340:356, 40:200:8] = 1.0
    nothing = np.zeros_like(marks)
    lines = text_lines(InkMaps(centre=nothing, trace=nothing, marks=marks))
    assert [line[1] for line in lines] == [340.0, 20.0]
