"""Tell what is wrong in a translation: placeholders, plural forms, letters, glossary terms."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator
from typing import Final

from babel.messages.catalog import Message

from catalogs.glossary import wrong_terms
from catalogs.update import is_translated, read, template

PLURAL_FORMS: Final = {"ru": 3, "uz": 2}
WRONG_APOSTROPHES: Final = "'’‘`´"
_WORD: Final = re.compile(r"[^\W\d_]+")
_OPTION: Final = re.compile(r"(?<![\w-])--[a-z][\w-]*|`[^`]*`")


def problems(code: str) -> Iterator[str]:
    """Yield what is wrong with the translations that are there."""
    catalog = read(code)
    for message in catalog:
        if not message.id or not is_translated(message.string):
            continue
        name = _name(message)
        if message.fuzzy:
            yield f"fuzzy: {name}"
        for wrong in _wrong(message, code):
            yield f"{wrong}: {name}"
    yield from (f"obsolete: {_name(message)}" for message in catalog.obsolete.values())


def untranslated(code: str) -> Iterator[str]:
    """Yield the texts of the program that have no translation, or stand in no catalog."""
    catalog = read(code)
    for wanted in template():
        if wanted.id:
            found = catalog.get(wanted.id, context=wanted.context)
            if found is None or not is_translated(found.string):
                yield _name(wanted)


def unused(code: str) -> Iterator[str]:
    """Yield the translations of texts that the program no longer has."""
    texts = template()
    for message in read(code):
        if message.id and texts.get(message.id, context=message.context) is None:
            yield _name(message)


def _wrong(message: Message, code: str) -> Iterator[str]:
    """Yield what is wrong with one translation."""
    forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    sources = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    if len(sources) > 1 and len(forms) != PLURAL_FORMS[code]:
        yield f"{len(forms)} plural forms, expected {PLURAL_FORMS[code]}"
    for form in forms:
        if placeholders(form) != placeholders(sources[-1]):
            yield f"placeholders {sorted(placeholders(form))}"
        if sorted(_OPTION.findall(form)) != sorted(_OPTION.findall(sources[-1])):
            yield "options or code differ"
        if sources[-1][-1:] in tuple(".:?!") and form[-1:] != sources[-1][-1:]:
            yield "ends differently"
        if form != unicodedata.normalize("NFC", form):
            yield "not NFC"
        if mixed := sorted(set(mixed_words(form, code))):
            yield f"letters of another alphabet in {', '.join(mixed)}"
        if code == "uz" and any(
            sign in WRONG_APOSTROPHES for sign in _without_code(form, sources[-1])
        ):
            yield "an apostrophe that is neither ʻ nor ʼ"
        yield from wrong_terms(sources[-1], form, code)


def placeholders(text: str) -> frozenset[str]:
    """Return the names of the values that are put into a text."""
    try:
        return frozenset(
            name for _text, name, _spec, _conv in string.Formatter().parse(text) if name
        )
    except ValueError:
        return frozenset(("unbalanced braces",))


def mixed_words(text: str, code: str) -> Iterator[str]:
    """Yield words with letters of two alphabets, and in Uzbek (Latin) every Cyrillic word."""
    for word in _WORD.findall(text):
        alphabets = {_alphabet(letter) for letter in word} - {""}
        if len(alphabets) > 1 or (code == "uz" and "CYRILLIC" in alphabets):
            yield word


def _alphabet(letter: str) -> str:
    """Return LATIN or CYRILLIC; empty for what belongs to neither, such as ʻ or µ."""
    name = unicodedata.name(letter, "").partition(" ")[0]
    return name if name in ("LATIN", "CYRILLIC") else ""


def _without_code(text: str, source: str) -> str:
    """Return a text without code and quoted words of the source, in which ASCII signs are right."""
    plain = re.sub(r"`[^`]*`|\{[^{}]*\}", "", text)
    for quoted in re.findall(r"'\S+'", re.sub(r"\{[^{}]*\}", "", source)):
        plain = plain.replace(quoted, "")
    return plain


def _name(message: Message) -> str:
    """Return the beginning of a message, to find it by."""
    source = message.id if isinstance(message.id, str) else message.id[0]
    return repr(source[:90])
