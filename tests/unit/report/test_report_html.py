"""The HTML: one file, nothing fetched, and no text in it ever becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from cardioalert.report.build import Wishes
from cardioalert.report.document import read_document
from cardioalert.report.make import render, report_of_document
from tests.made_report import built_content, built_document

ATTACK = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'--></style><b>&amp;{{7*7}}"
FREE_TEXT = (
    "text",
    "title",
    "path",
    "message",
    "reason",
    "version",
    "name",
    "sha256",
    "disclaimer",
)
FREE_LISTS = ("against", "decided_by")


class Reader(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def poisoned(content: Any, key: str = "") -> Any:
    """Return a document with an attack in every text that is free."""
    if isinstance(content, dict):
        return {name: poisoned(value, name) for name, value in content.items()}
    if isinstance(content, list):
        return [poisoned(each, key) for each in content]
    free = isinstance(content, str) and (key in FREE_TEXT or key in FREE_LISTS)
    return ATTACK if free else content


@pytest.fixture(scope="module")
def page() -> str:
    return render(report_of_document(built_document()), ".html").decode("utf-8")


def test_hostile_texts_stay_texts():
    content = poisoned(built_content())
    content["digitization"] = {
        "layout": ATTACK,
        "paper_speed_mm_s": 25.0,
        "gain_mm_mv": 10.0,
        "leads": {ATTACK: {"start_s": 0.0, "end_s": 1.0, "named_by": ATTACK}},
        "quality": {"grade": "poor", "reasons": [{"code": "x", "message": ATTACK}]},
    }
    content["statements"] = {ATTACK: 0.5}
    document = read_document(content)
    wishes = Wishes(reference=ATTACK, clinic=ATTACK, booking=ATTACK)
    report = report_of_document(document, previous=document, wishes=wishes)
    read = Reader(render(report, ".html").decode("utf-8"))
    assert not {tag for tag, _ in read.tags} & {"script", "iframe", "img", "object", "embed", "b1"}
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on")]
    assert sum("<script>alert(1)</script>" in words for words in read.words) > 10
    assert not any(words.strip()[-2:] == "49" for words in read.words if "alert" in words)


def test_nothing_is_fetched(page):
    read = Reader(page)
    fetched = [
        value
        for _, attributes in read.tags
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "srcset", "action", "data")
    ]
    assert all(value is not None and value.startswith("data:") for value in fetched)
    assert "url(http" not in page
    assert page.count("url(") == page.count('url("data:')
    assert "default-src 'none'" in page


def test_there_is_no_script(page):
    assert "script" not in {tag for tag, _ in Reader(page).tags}


def test_pictures_have_names_and_tables_have_heads(page):
    read = Reader(page)
    pictures = [attributes for tag, attributes in read.tags if tag == "svg"]
    assert len(pictures) >= 3
    assert all(each.get("role") == "img" and each.get("aria-label") for each in pictures)
    tables = sum(tag == "table" for tag, _ in read.tags)
    assert tables == sum(tag == "caption" for tag, _ in read.tags) > 2
    assert all(attributes.get("scope") for tag, attributes in read.tags if tag == "th")


def test_headings_are_one_first_and_no_level_is_left_out(page):
    levels = [int(tag[1]) for tag, _ in Reader(page).tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_it_says_what_it_must(page):
    words = " ".join(Reader(page).words)
    for needed in (
        "Unconfirmed: not yet reviewed by a physician",
        "Call 103 at once",
        "First-degree AV block",
        "PR interval",
        "120–200",
        "Not assessed",
        "Limits of the method",
        "not a medical device",
        "25 mm/s, gain 10 mm/mV",
    ):
        assert needed in words, needed
