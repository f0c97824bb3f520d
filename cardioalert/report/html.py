"""The report as one HTML file: no script, nothing fetched, readable in any browser and on paper."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from cardioalert.report.content import Picture, ReportContent

FONTS: Final = (
    ("Noto Sans", 400, "NotoSans-Regular.ttf"),
    ("Noto Sans", 700, "NotoSans-Bold.ttf"),
    ("Noto Sans Math", 400, "NotoSansMath-Regular.ttf"),
    ("Noto Sans Symbols2", 400, "NotoSansSymbols2-Regular.ttf"),
)
_SVG_START: Final = re.compile(r"^<svg ")


def render_html(content: ReportContent) -> str:
    """Return the report as HTML; every text in it is escaped, whatever it holds."""
    page = _environment().get_template("report.html.j2")
    return page.render(report=content, words=content.words, fonts=_fonts(), css=_css())


@cache
def _environment() -> Environment:
    """Return the templates, with escaping on for all of them."""
    environment = Environment(
        loader=PackageLoader("cardioalert.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = _drawing
    environment.filters["decorative"] = _decorative
    return environment


def _drawing(picture: Picture) -> Markup:
    """Return a picture of ours as markup, with its name for those who cannot see it."""
    named = Markup('<svg role="img" aria-label="{}" ').format(picture.alt)
    return Markup(_SVG_START.sub(lambda _found: named, picture.svg, count=1))


def _decorative(svg: str, alt: str) -> Markup:
    """Return a small picture of ours with its name."""
    named = Markup('<svg role="img" aria-label="{}" ').format(escape(alt))
    return Markup(_SVG_START.sub(lambda _found: named, svg, count=1))


@cache
def _css() -> Markup:
    """Return the style of the page; it is ours and holds no text of others."""
    folder = resources.files("cardioalert.report").joinpath("templates")
    return Markup(folder.joinpath("report.css").read_text(encoding="utf-8"))


@cache
def _fonts() -> Markup:
    """Return the embedded fonts as style rules."""
    folder = resources.files("cardioalert.report").joinpath("fonts")
    rules = []
    for family, weight, name in FONTS:
        data = base64.b64encode(folder.joinpath(name).read_bytes()).decode("ascii")
        rules.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};'
            f'src:url("data:font/ttf;base64,{data}") format("truetype")}}'
        )
    return Markup("\n".join(rules))
