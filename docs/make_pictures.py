"""Make the pictures of the documentation from the program itself: run it after the answer changed.

    python docs/make_pictures.py

The terminal picture is an SVG whose characters have fixed places and whose braille dots are drawn
as dots, so that it looks the same whatever fonts a reader has.
"""

from __future__ import annotations

import html
import io
import re
from pathlib import Path

import pypdfium2
from PIL import Image
from rich.console import Console

import cardioalert
from cardioalert.report.look import Look
from cardioalert.report.make import render, report_of_analysis
from cardioalert.report.overlay import draw_overlay
from cardioalert.report.terminal import answer

FOLDER = Path(__file__).parent / "images"
PHOTO = Path(__file__).parents[1] / "examples" / "ecg_photo.jpg"
WIDTH = 88  # characters
OVERLAY_WIDTH = 1200  # pixels
REPORT_SCALE = 1.3  # pixels per point

CHARACTER_WIDTH = 12.2  # of the SVG that rich writes
LINE_HEIGHT = 24.4
DOT_RADIUS = 1.7
DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))  # column, row by bit

TEXT = re.compile(
    r'<text class="(?P<style>[^"]+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" '
    r'textLength="[\d.]+" clip-path="(?P<clip>[^"]+)">(?P<words>[^<]*)</text>'
)
WORD = re.compile("[^ \u2800-\u28ff]{1,8}")  # short, so that no font drifts far
BRAILLE = re.compile("[\u2800-\u28ff]")


def main() -> None:
    """Write all pictures."""
    analysis = cardioalert.analyze(PHOTO)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "answer.svg").write_text(terminal_picture(analysis), encoding="utf-8")
    report = pypdfium2.PdfDocument(render(report_of_analysis(analysis), ".pdf"))
    for number, name in ((0, "report_patient.png"), (1, "report_ecg.png")):
        report[number].render(scale=REPORT_SCALE).to_pil().save(FOLDER / name, optimize=True)
    if analysis.digitized is not None:
        overlay = Image.fromarray(draw_overlay(analysis.digitized))
        overlay.thumbnail((OVERLAY_WIDTH, OVERLAY_WIDTH))
        overlay.save(FOLDER / "overlay.jpg", quality=85)


def terminal_picture(analysis: cardioalert.Analysis) -> str:
    """Return the terminal answer as SVG."""
    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    console.print(answer(analysis, look=Look(width=WIDTH)))
    svg = console.export_svg(title="cardioalert analyze ecg_photo.jpg", unique_id="answer")
    return TEXT.sub(_place, svg)


def _place(match: re.Match[str]) -> str:
    """Give every word of a text its own place; draw braille as dots."""
    left, base = float(match["x"]), float(match["y"])
    words = html.unescape(match["words"]).replace("\xa0", " ")
    attributes = f'class="{match["style"]}" clip-path="{match["clip"]}"'
    texts = "".join(
        f'<text {attributes} x="{left + CHARACTER_WIDTH * word.start():.1f}" y="{base}" '
        f'textLength="{CHARACTER_WIDTH * len(word[0]):.1f}">{html.escape(word[0])}</text>'
        for word in WORD.finditer(words)
    )
    dots = "".join(
        _dots(character[0], left + CHARACTER_WIDTH * character.start(), base)
        for character in BRAILLE.finditer(words)
    )
    return texts + (f"<g {attributes}>{dots}</g>" if dots else "")


def _dots(character: str, left: float, base: float) -> str:
    """Return the dots of one braille character as circles."""
    bits = ord(character) - 0x2800
    top = base - 0.77 * LINE_HEIGHT
    return "".join(
        f'<circle cx="{left + (column + 0.5) * CHARACTER_WIDTH / 2:.1f}" '
        f'cy="{top + (row + 0.5) * LINE_HEIGHT / 4:.1f}" r="{DOT_RADIUS}"/>'
        for bit, (column, row) in enumerate(DOTS)
        if bits >> bit & 1
    )


if __name__ == "__main__":
    main()
