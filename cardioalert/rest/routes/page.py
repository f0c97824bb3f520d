"""The page for the phone at `/`: its files, and its words in each language.

Nothing of anybody is in them, so they need no session and a browser may keep them; it asks each
time whether they changed.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Final

from fastapi import APIRouter, Request, Response

from cardioalert.errors import NotFoundError
from cardioalert.i18n import LANGUAGES
from cardioalert.i18n import translate as _
from cardioalert.rest.page_words import words
from cardioalert.rest.tags import tag_of, unless_known

router = APIRouter(include_in_schema=False)
KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


@cache
def files() -> dict[str, bytes]:
    """Return the files of the page by their path: only these are ever served."""
    root = resources.files("cardioalert.rest").joinpath("page")
    found = {}
    for folder in ("", "js", "icons"):
        for entry in root.joinpath(folder).iterdir() if folder else root.iterdir():
            ending = "." + entry.name.rpartition(".")[2]
            if entry.is_file() and ending in KINDS:
                found[f"{folder}/{entry.name}".lstrip("/")] = entry.read_bytes()
    return found


def is_file(path: str) -> bool:
    """Whether an address is one of the page's files or words: the same for everybody, and cheap."""
    return path == "/" or path.lstrip("/") in files() or path.startswith("/words/")


@cache
def words_file(language: str) -> bytes:
    """Return the words of a language as a file."""
    return json.dumps(words(language), ensure_ascii=False).encode()


@router.get("/")
def show_page(request: Request) -> Response:
    """Return the page."""
    return kept(request, files()["index.html"], ".html")


@router.get("/words/{name}.json")
def page_words(request: Request, name: str) -> Response:
    """Return the words of the page in a language."""
    if name not in LANGUAGES:
        raise NotFoundError(_("there is no such language"))
    return kept(request, words_file(name), ".json")


@router.get("/page.json")
def page_settings(request: Request) -> dict[str, list[str]]:
    """Tell the page which ways of sending a sign-in code this server has."""
    names = {channel.name for channel in request.app.state.channels}
    return {"codes": sorted(names & {"email", "sms"})}


@router.get("/sw.js")
@router.get("/manifest.webmanifest")
@router.get("/app.css")
@router.get("/js/{name}")
@router.get("/icons/{name}")
def page_file(request: Request) -> Response:
    """Return one file of the page."""
    path = request.url.path.lstrip("/")
    if path not in files():
        raise NotFoundError(_("there is no such file"))
    return kept(request, files()[path], "." + path.rpartition(".")[2])


def kept(request: Request, data: bytes, ending: str) -> Response:
    """Return a file that a browser may keep, or say that the one it has is still good."""
    return unless_known(request, data, tag_of(data), media_type=KINDS[ending])
