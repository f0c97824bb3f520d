"""Languages: choosing one, messages with values and plurals, numbers and dates, Uzbek letters."""

from __future__ import annotations

import threading
from datetime import date, datetime

import pytest

from cardioalert import i18n
from cardioalert.i18n import catalogs, ngettext, number, pgettext, translate, use_language

PO = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=3; plural=n % 10 == 1 && n % 100 != 11 ? 0 : n % 10 >= 2 && n % 10 <= 4 &&"
" (n % 100 < 12 || n % 100 > 14) ? 1 : 2;\n"

msgid "{width:.1f} mm wide"
msgstr "ширина {width:.1f} мм"

msgid "{count} beat"
msgid_plural "{count} beats"
msgstr[0] "{count} сокращение"
msgstr[1] "{count} сокращения"
msgstr[2] "{count} сокращений"

msgctxt "axis"
msgid "left"
msgstr "влево"
"""


@pytest.fixture
def russian(tmp_path, monkeypatch):
    """A small Russian catalog in place of the real one."""
    folder = tmp_path / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "cardioalert.po").write_text(PO, encoding="utf-8")
    monkeypatch.setattr(catalogs, "FOLDER", tmp_path)
    catalogs.catalog.cache_clear()
    with use_language("ru"):
        yield folder
    catalogs.catalog.cache_clear()


def test_english_needs_no_catalog():
    assert translate("{count} of {all}", count=1, all=2) == "1 of 2"


def test_a_value_gets_the_decimal_sign_of_the_language(russian):
    assert translate("{width:.1f} mm wide", width=12.5) == "ширина 12,5 мм"


@pytest.mark.parametrize(
    ("count", "word"),
    [
        (1, "сокращение"),
        (2, "сокращения"),
        (5, "сокращений"),
        (11, "сокращений"),
        (21, "сокращение"),
        (22, "сокращения"),
        (101, "сокращение"),
    ],
)
def test_russian_has_three_plural_forms(russian, count, word):
    assert ngettext("{count} beat", "{count} beats", count) == f"{count} {word}"


def test_a_word_is_translated_by_its_context(russian):
    assert pgettext("axis", "left") == "влево"
    assert pgettext("hand", "left") == "left"


def test_a_missing_translation_is_english(russian):
    assert translate("never seen") == "never seen"
    assert translate("") == ""


def test_a_newer_source_is_compiled_again(russian):
    mo = russian / "cardioalert.mo"
    mo.write_bytes(catalogs.compile_catalog(russian / "cardioalert.po"))
    source = russian / "cardioalert.po"
    source.write_text(PO.replace("влево", "налево"), encoding="utf-8")
    stamp = mo.stat().st_mtime + 10
    __import__("os").utime(source, (stamp, stamp))
    catalogs.catalog.cache_clear()
    assert pgettext("axis", "left") == "налево"


def test_only_a_compiled_catalog_is_needed(russian):
    source = russian / "cardioalert.po"
    (russian / "cardioalert.mo").write_bytes(catalogs.compile_catalog(source))
    source.unlink()
    catalogs.catalog.cache_clear()
    assert pgettext("axis", "left") == "влево"


def test_the_language_belongs_to_the_thread():
    seen = []
    with use_language("uz"):
        thread = threading.Thread(target=lambda: seen.append(i18n.language()))
        thread.start()
        thread.join()
    assert seen == ["en"]
    assert i18n.language() == "en"


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="fr"):
        i18n.set_language("fr")


@pytest.mark.parametrize(
    ("code", "value", "decimals", "text"),
    [
        ("en", 1234567.5, None, "1,234,567.5"),
        ("ru", 1234567.89, None, "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567,89"),
        ("uz", 1234567.89, None, "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567,89"),
        ("en", 1500, None, "1500"),
        ("ru", 0.125, 2, "0,13"),  # half up, not half to even
        ("en", -0.04, 1, "0.0"),
        ("uz", 72, 0, "72"),
    ],
)
def test_numbers_follow_the_language(code, value, decimals, text):
    with use_language(code):
        assert number(value, decimals) == text


def test_a_sign_is_written_when_wanted():
    assert number(0.1, 2, signed=True) == "+0.10"
    assert number(-0.1, 2, signed=True) == "-0.10"


@pytest.mark.parametrize(
    ("code", "long"),
    [("en", "July 1, 2026"), ("ru", "1 июля 2026 г."), ("uz", "1-iyul, 2026")],
)
def test_dates_follow_the_language(code, long):
    with use_language(code):
        assert i18n.date_text(date(2026, 7, 1)).replace("\u202f", " ") == long
        assert i18n.datetime_text(datetime(2026, 7, 1, 14, 30), "short") == "01.07.2026, 14:30"


def test_percentages_follow_the_language():
    assert i18n.percent(0.971, 1) == "97.1%"
    with use_language("ru"):
        assert i18n.percent(0.971, 1) == "97,1\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize("typed", ["Oʻzbek", "O'zbek", "o‘zbek", "O’ZBEK", "Özbek", "Ўзбек"])
def test_a_name_is_found_however_it_was_typed(typed):
    assert i18n.fold(typed) == i18n.fold("Oʻzbek")


def test_disguise_keeps_what_is_the_same_in_every_language():
    with use_language(i18n.PSEUDO):
        text = translate("Try {name} --help or cardioalert demo", name="x")
    assert text.startswith("⟦Trý x --help ")
    assert "cardioalert demo" in text
    assert text.endswith("⟧")
