"""The translations hold what the program says, and nothing that would mislead or break it."""

from __future__ import annotations

import pytest

from catalogs import check, extract, glossary, update


@pytest.mark.parametrize("code", update.TRANSLATED)
def test_nothing_is_wrong_in_what_is_translated(code):
    assert not list(check.problems(code))


@pytest.mark.parametrize("code", update.TRANSLATED)
def test_every_text_is_translated_and_no_translation_is_left_over(code):
    assert not list(check.untranslated(code))
    assert not list(check.unused(code))


def test_every_kind_of_text_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "ROOT", tmp_path)
    module = tmp_path / "some.py"
    module.write_text(
        'A = N_("marked")\n_("said {x}", x="no text")\nngettext("one", "many", 2)\n'
        'pgettext("where", "word")\nraise Error(_("wrong"), hint="do this")\n'
        'class E:\n    hint = "try that"\n    code = "no-text"\n',
        encoding="utf-8",
    )
    found = [(text.context, text.message) for text in extract.python_texts(module)]
    assert found == [
        ("", "marked"),
        ("", "said {x}"),
        ("", ("one", "many")),
        ("where", "word"),
        ("", "do this"),
        ("", "wrong"),
        ("", "try that"),
    ]
    table = tmp_path / "some.toml"
    table.write_text(
        '[[row]]\ncode = "no-text"\ntext = "shown"\n[reasons]\nwhy-not = "because"\n',
        encoding="utf-8",
    )
    assert [text.message for text in extract.table_texts(table)] == ["shown", "because"]


def test_an_f_string_cannot_be_translated(tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "ROOT", tmp_path)
    module = tmp_path / "some.py"
    module.write_text('_(f"{x} leads")\n', encoding="utf-8")
    with pytest.raises(ValueError, match="f-string"):
        list(extract.python_texts(module))


def test_every_text_of_the_program_can_be_extracted():
    texts = list(extract.all_texts())
    assert len(texts) > 700
    assert {text.file.partition("/")[0] for text in texts} == {"cardioalert", "cli"}


@pytest.mark.parametrize(
    ("code", "text", "wrong"),
    [
        ("ru", "сердцe", ["сердцe"]),  # the last letter is Latin
        ("ru", "отведение V1 и QRS", []),
        ("uz", "yurаk", ["yurаk"]),  # the a is Cyrillic
        ("uz", "сердце", ["сердце"]),
        ("uz", "oʻrtacha", []),
    ],
)
def test_letters_that_only_look_right_are_found(code, text, wrong):
    assert list(check.mixed_words(text, code)) == wrong


def test_placeholders_are_compared_by_name():
    assert check.placeholders("{a:.1f} of {b}") == {"a", "b"}
    assert check.placeholders("{a} and {") == {"unbalanced braces"}


def test_every_term_of_the_glossary_has_a_source_and_fits_its_stems():
    for term in glossary.terms():
        assert term.source, term.en
        assert any(stem in term.ru.lower() for stem in term.stems("ru")), term.en
        assert any(stem in term.uz.lower() for stem in term.stems("uz")), term.en
