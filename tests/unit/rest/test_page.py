"""The page for the phone as files: complete, translated, and nothing in it but what is named."""

from __future__ import annotations

import json
import re
import struct
from html.parser import HTMLParser

import pytest

pytest.importorskip("fastapi", reason="needs cardioalert[server]")

from fastapi.testclient import TestClient

from cardioalert.i18n import LANGUAGES
from cardioalert.rest.app import create_app
from cardioalert.rest.page_words import words
from cardioalert.rest.routes.page import files
from cardioalert.tables import read_toml

# Texts that rightly read the same in a language as in English.
SAME = {
    "ru": {"date-week", "result-pdf"},
    "uz": {"job-seconds", "qtc", "result-pdf", "role-auditor"},
}
COMPOSED = ("status-", "role-", "act-", "photo-", "job-", "me-consent-", "sex-")
"""Beginnings of names that the scripts put together from a code."""


@pytest.fixture
def client(sqlite_desk):
    with TestClient(create_app(sqlite_desk)) as made:
        yield made


def scripts():
    return "\n".join(
        data.decode() for path, data in files().items() if path.endswith(".js") and "/" in path
    )


def test_every_file_is_served_and_may_be_kept_until_it_changes(client):
    for path, data in files().items():
        address = "/" if path == "index.html" else f"/{path}"
        answer = client.get(address)
        assert (answer.status_code, answer.content) == (200, data), path
        assert answer.headers["cache-control"] == "no-cache"
        again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_many_phones_behind_one_address_may_open_the_page(client):
    for _phone in range(12):
        for path in ("/", "/words/uz.json", *(f"/{name}" for name in files())):
            if path != "/index.html":
                assert client.get(path).status_code == 200
    assert client.get("/v1/clinics").status_code == 200
    often = [client.get("/health/live").status_code for _request in range(400)]
    assert 429 in often


@pytest.mark.parametrize(
    "path", ["/js/nothing.js", "/js/..%2f..%2fapp.py", "/icons/..%2f..%2fapp.py", "/words/de.json"]
)
def test_nothing_else_is_served(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_page_holds_no_inline_script_or_style(client):
    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            names = dict(attrs)
            assert tag != "style"
            assert tag != "script" or names.get("src", "").startswith("/js/")
            assert "style" not in names
            assert not [name for name in names if name.startswith("on")]

    answer = client.get("/")
    Reader().feed(answer.text)
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", scripts()
    )


def test_the_service_worker_keeps_all_files_of_the_page_and_nothing_of_anybody(client):
    kept = re.findall(r'^  "(/[^"]*)",$', files()["sw.js"].decode(), re.MULTILINE)
    served = {"/" if path == "index.html" else f"/{path}" for path in files()} - {"/sw.js"}
    assert set(kept) == served | {f"/words/{code}.json" for code in LANGUAGES}
    assert not [path for path in kept if path.startswith("/v1") or path == "/page.json"]


def test_it_can_be_installed(client):
    manifest = json.loads(client.get("/manifest.webmanifest").text)
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == (
        "/", "/", "standalone",
    )  # fmt: skip
    for icon in manifest["icons"]:
        data = client.get(icon["src"]).content
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", data[16:24])
            assert f"{width}x{height}" == icon["sizes"]
    assert {"any", "maskable"} == {icon["purpose"] for icon in manifest["icons"]}


def keys(value, path=""):
    if isinstance(value, dict):
        return {name for key, inner in value.items() for name in keys(inner, f"{path}/{key}")}
    return {path}


def test_the_words_of_all_languages_have_the_same_names_and_are_translated():
    english, russian, uzbek = (words(code) for code in LANGUAGES)
    assert keys(english) == keys(russian) == keys(uzbek)
    for code, told in (("ru", russian), ("uz", uzbek)):
        same = {name for name, text in told["texts"].items() if text == english["texts"][name]}
        assert same == SAME[code]
        for subject in ("errors", "notices", "overall", "categories", "messages"):
            for name, text in told[subject].items():
                assert text != english[subject][name], (code, name)
    assert russian["months"][6] == "июля"
    assert uzbek["weekdays"][0].lower().startswith("du")


def test_every_text_is_used_and_every_name_is_known():
    known = set(words("en")["texts"])
    source = scripts()
    quoted = set(re.findall(r"""["'`]([a-z]+(?:-[a-z_]+)*)["'`]""", source))
    asked = set(re.findall(r"""\bt\(\s*["']([a-z-]+)["']""", source))
    assert asked <= known
    assert {name for name in known - quoted if not name.startswith(COMPOSED)} == set()


def test_every_remark_on_a_page_and_every_refusal_of_one_has_a_text(checkout):
    told = words("en")
    for name in ("scale", "quality"):
        source = (checkout / "cardioalert" / "digitize" / f"{name}.py").read_text()
        codes = set(re.findall(r'code="([a-z-]+)"', source))
        assert codes
        assert codes <= set(told["notices"])
    table = read_toml("cardioalert.rest", "page_texts.toml")
    for code in ("grid-not-found", "trace-not-found", "layout-not-found", "time-limit",
                 "slot-taken", "hold-expired", "too-many-requests", "offline"):  # fmt: skip
        assert told["errors"][code] == table["error_texts"][code]


def test_the_page_is_told_which_codes_can_be_sent(client):
    assert client.get("/page.json").json() == {"codes": []}

    class Sms:
        name = "sms"

    client.app.state.channels = (Sms(),)
    assert client.get("/page.json").json() == {"codes": ["sms"]}


def test_the_wheel_holds_the_page(checkout):
    builders = pytest.importorskip("hatchling.builders.wheel", reason="needs hatchling")
    builder = builders.WheelBuilder(str(checkout))
    packed = {
        found.distribution_path
        for found in builder.recurse_included_files()
        if "rest/page/" in found.distribution_path
    }
    assert packed == {f"cardioalert/rest/page/{path}" for path in files()}
