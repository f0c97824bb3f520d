"""Read a printed line.

The network is the recognition network of PP-OCRv4 (PaddleOCR, Apache-2.0), of which only the
answers for ASCII were kept (`models/training/line_reader`). It gives, for every eighth pixel of a
line, the probability of each sign, and the text is what remains when repeats and blanks are dropped
(connectionist temporal classification, Graves et al., ICML 2006). Cyrillic letters come out as the
Latin ones that look like them; spaces are often lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.networks.sessions import run_network

ALPHABET: Final = "".join(chr(code) for code in range(33, 127)) + " "  # answer 0: nothing new
HEIGHT: Final = 48  # px of a line
INK_HEIGHT: Final = 34  # px of its letters
MARGIN: Final = 10  # px before and after its letters
NARROWEST: Final = 64  # px

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    """One printed line.

    Attributes
    ----------
    text : in the signs of `ALPHABET`
    certainty : probability of each sign of the text, 0-1
    """

    text: str
    certainty: tuple[float, ...]


def read_line(line: NDArray[np.uint8]) -> ReadLine:
    """Read one line, uint8 of shape (HEIGHT, width).

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    scaled = line.astype(np.float32) / 127.5 - 1.0
    batch = np.repeat(scaled[None, None], 3, axis=1)
    return decode(run_network("line_reader", x=batch)[0])


def decode(probabilities: Floats) -> ReadLine:
    """Take the likeliest sign of each step, and drop repeats and blanks.

    Parameters
    ----------
    probabilities : float32 array, shape (steps, 1 + signs)
    """
    best = probabilities.argmax(axis=1)
    text, certainty = "", []
    previous = 0
    for sign, sure in zip(best, probabilities.max(axis=1), strict=True):
        if sign > 0 and sign != previous:
            text += ALPHABET[sign - 1]
            certainty.append(float(sure))
        elif sign > 0:
            certainty[-1] = max(certainty[-1], float(sure))
        previous = int(sign)
    return ReadLine(text=text, certainty=tuple(certainty))
