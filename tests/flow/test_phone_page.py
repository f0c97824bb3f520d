"""The page for the phone in a real Chromium, against `cardioalert demo --serve` as it is started.

In Uzbek: photo, consent, finding; risk test; booking, ticket, cancel. Then every screen in all
three languages at 360 pixels: nothing untranslated, nothing cut off, and axe-core finds nothing.
Needs Chromium, playwright and axe-core: `.ci/run` installs them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="needs cardioalert[server]")
pytest.importorskip("playwright", reason="needs playwright")

from PIL import Image, ImageFilter
from playwright.sync_api import sync_playwright

from cardioalert import write_record
from cardioalert.i18n import LANGUAGES
from cardioalert.rest.page_words import words
from tests.built_ecg import built_record

pytestmark = pytest.mark.slow
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = {"width": 360, "height": 740}
TASHKENT = {"latitude": 41.30, "longitude": 69.25}
WAIT = 60_000  # ms; the machine may be busy
LONG_WAIT = 300_000  # ms, for a photo to be read
VISIBLE_TEXTS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim();
    const element = walk.currentNode.parentElement;
    const shown = !["NOSCRIPT", "SCRIPT"].includes(element.tagName) && !element.lang;
    if (text && shown) found.push(text);
  }
  for (const element of document.querySelectorAll("[aria-label], [alt]")) {
    found.push(element.getAttribute("aria-label") || element.getAttribute("alt"));
  }
  return found.filter(Boolean);
}"""
# Names that are the same in every language: of the program, of files, of leads and measures.
NAMES = re.compile(
    r"\b(?:CardioAlert|PDF|QTc|QRS|SMS|Telegram|QR|SCORE2|OP|Diabetes|AHA|PREVENT|INTERHEART"
    r"|Framingham|HDL|HbA1c|eGFR|aV[RLF]|III|[a-f0-9]{8}|[A-Z0-9]{4}-[A-Z0-9]{4}-\w)\b"
    r"|\S+@\S+|DEMO:|DEMO\s\S+(?:\s\d)?(?:, [\wʻ]+)?"  # people and addresses of the demo
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A running demo: its address, and who can sign in. It is stopped with Ctrl-C."""
    folder = tmp_path_factory.mktemp("demo")
    code = "from cardioalert_cli.app import main; main(['demo','--serve','--port','0','--json'])"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        assert line, "the demo did not start"
        told = json.loads(line)
        people = {one["role"]: one for one in told["people"]}
        yield told["url"], people
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) in (0, 130)
        assert not list(folder.glob("cardioalert-demo-*")), "the database was to be thrown away"
    finally:
        process.kill()
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as running:
        opened = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def phone(browser, demo):
    """Open a phone of 360 pixels in a language; an error in a script fails the test."""
    opened, wrong = [], []

    def open_one(language):
        context = browser.new_context(
            viewport=SIZE, locale=language, geolocation=TASHKENT, permissions=["geolocation"]
        )
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(demo[0])
        page.wait_for_selector("h1")
        return page

    yield open_one
    for context in opened:
        context.close()
    assert not wrong


@pytest.fixture(scope="module")
def axe(checkout: Path) -> str:
    installed = checkout / "tests" / "peers" / "node_modules" / "axe-core" / "axe.min.js"
    path = Path(os.environ.get("CARDIOALERT_AXE", installed))
    if not path.is_file():
        pytest.skip(f"axe-core is not at {path}: npm ci --prefix tests/peers")
    return path.read_text(encoding="utf-8")


def go(page, place):
    page.evaluate("place => { window.location.hash = place; }", place)


def sign_in(page, person):
    go(page, "#/signin")
    page.click("button.plain")  # with a password
    page.fill("input[autocomplete=username]", person["login"])
    page.fill("input[type=password]", person["password"])
    page.click("button[type=submit]")
    page.wait_for_selector(".take, .on-staff")


def answer_test(page, numbers):
    """Answer the risk test; returns the questions, the first by the name of its answers."""
    page.wait_for_selector("main .primary.big")
    page.click("main .primary.big")
    asked = []
    while True:
        page.wait_for_selector("form.question, main .urgency")
        form = page.query_selector("form.question")
        if form is None:
            return asked
        title = form.query_selector("h2")
        first = form.query_selector("input[value='chest-pain']")
        asked.append("symptoms" if first else title.inner_text())
        if field := form.query_selector("input[type=text]"):
            number = next(numbers, None)
            if number is None:
                form.query_selector(".row button:last-child").click()
            else:
                field.fill(number)
                form.query_selector("[type=submit]").click()
        else:
            boxes = "input[value=none], input[value=no], input[value=male], input[value=never]"
            form.query_selector(boxes).check()
            form.query_selector("[type=submit]").click()
        title.wait_for_element_state("hidden")  # the next question has another heading


def test_a_patient_in_uzbek_sends_a_photo_and_reads_the_result(phone, checkout, tmp_path):
    page, said = phone("uz"), words("uz")
    texts = said["texts"]
    assert page.locator("html").get_attribute("lang") == "uz"
    assert page.inner_text("h1") == texts["home-title"]
    assert page.get_attribute(".emergency a", "href") == "tel:103"
    # A blurred photo is told at once, before anything is sent.
    example = checkout / "examples" / "ecg_photo.jpg"
    blurred = tmp_path / "blurred.jpg"
    with Image.open(example) as photo:
        photo.filter(ImageFilter.GaussianBlur(4)).save(blurred)
    page.set_input_files("input.file", blurred)
    page.wait_for_selector(".advice.doubtful")
    assert page.inner_text(".advice") == texts["photo-blurred"]
    page.set_input_files("input.file", example)
    page.wait_for_selector(".advice.fine")
    # What is felt is asked first, and an emergency is not made to wait for an analysis.
    page.click(".send")
    assert page.inner_text(".error:not([hidden])") == texts["symptoms-needed"]
    page.check("input[value=chest-pain]")
    page.wait_for_selector(".symptoms .urgency.red a[href='tel:103']")
    page.check("input[value=none]")
    assert not page.is_checked("input[value=chest-pain]")
    assert page.locator(".symptoms .urgency").count() == 0
    # Nothing is sent before the patient agrees.
    page.click(".send")
    page.wait_for_selector(".on-start")
    page.click("button[type=submit]")
    assert page.inner_text("[role=alert]") == texts["consent-needed"]
    page.check("input[name=agree]")
    page.fill("input[autocomplete=bday]", "14.05.1968")
    page.check("input[value=male]")
    page.click("button[type=submit]")
    page.wait_for_selector(".advice.fine")
    assert page.is_checked("input[value=none]")
    page.click(".send")
    # The finding, and the curves on the photo.
    page.wait_for_selector("main .urgency", timeout=LONG_WAIT)
    assert said["urgency"]["yellow"]["meaning"] in page.inner_text(".urgency")
    assert page.locator(".finding").count() >= 1
    page.wait_for_selector(".overlay img")
    assert page.evaluate("() => document.querySelector('.overlay img').naturalWidth") > 500
    assert "61" in page.inner_text("table")
    assert "103" in page.inner_text(".advices")
    compare_with_a_second(page, said, tmp_path)


def compare_with_a_second(page, said, folder):
    """Send another ECG, with complaints, and look at what changed."""
    record = folder / "second.csv"
    write_record(built_record(), record)
    go(page, "#/")
    page.set_input_files("input.file", record)
    page.check("input[value=palpitations]")
    page.click(".send")
    page.wait_for_selector("main .urgency", timeout=LONG_WAIT)
    told = {one["value"]: one["text"] for one in said["symptoms"]}
    assert told["palpitations"] in page.inner_text("main")
    page.click(".compare button")
    page.click(".compare p button")
    page.wait_for_selector(".compare .wide tr.changed")
    assert page.locator(".compare .wide").count() == 2
    assert page.evaluate("() => document.documentElement.scrollWidth") <= SIZE["width"]
    with page.expect_download() as report:
        page.click(".report button >> nth=1")
    assert "SHA-256" in report.value.path().read_text()


def test_the_risk_test_asks_symptoms_first_and_goes_back(phone):
    page, texts = phone("uz"), words("uz")["texts"]
    go(page, "#/test")
    asked = answer_test(page, iter(["57", "150", "90", "175", "90"]))
    assert asked[0] == "symptoms"
    assert len(asked) > 8
    assert re.search(r"\d+ %", page.inner_text("main .urgency .level"))
    assert texts["test-not-kept"] in page.inner_text("main")
    page.click("main .row button >> nth=0")
    page.wait_for_selector("form.question")
    # An emergency ends it at once, with the way to 103.
    for _question in asked[1:]:
        heading = page.query_selector("form.question h2")
        page.click("form.question .row button >> nth=0")
        heading.wait_for_element_state("hidden")
    page.check("input[value='chest-pain']")
    page.click("form.question [type=submit]")
    page.wait_for_selector("main .urgency.red a[href='tel:103']")


def test_a_guest_books_gets_a_ticket_and_cancels(phone):
    page, texts = phone("uz"), words("uz")["texts"]
    go(page, "#/clinics")
    page.wait_for_selector(".clinic")
    page.click("main button.primary >> nth=0")
    page.wait_for_selector(".clinic >> text=km")
    assert page.inner_text(".clinic .demo >> nth=0").startswith("DEMO")
    go(page, "#/clinic/demo-tashkent-2")
    choose_time(page)
    page.wait_for_selector(".on-start")  # nobody has agreed yet
    page.check("input[name=agree]")
    page.click("button[type=submit]")
    choose_time(page)
    page.wait_for_selector(".status-line.held")
    page.click("main .primary.big")
    page.wait_for_selector(".status-line.booked")
    page.wait_for_selector(".qr img")
    code = page.inner_text(".ticket-code .code")
    assert code in page.get_attribute(".qr img", "alt")
    with page.expect_download() as calendar:
        page.click(f"text={texts['visit-calendar']}")
    assert "BEGIN:VCALENDAR" in calendar.value.path().read_text()
    page.click(f"text={texts['visit-move']}")
    choose_time(page, number=5)
    page.wait_for_selector(f"text={texts['visit-moved']}")
    assert page.inner_text(".ticket-code .code") == code
    page.click("button.danger")
    page.click("dialog .danger")
    page.wait_for_selector(".status-line.cancelled")
    go(page, "#/visits")
    page.wait_for_selector(f"a[href='#/visit/{code}']")


def choose_time(page, number=2):
    """Choose a time of a later day: today's may be too near to be moved or cancelled again."""
    for index in range(2, 12):  # a holiday, or a day without an opening, is passed over
        page.wait_for_selector(".slots[data-shows]:not([aria-busy])")
        day = page.locator("#day option").nth(index).get_attribute("value")
        page.select_option("#day", day)
        page.wait_for_selector(f".slots[data-shows='ecg {day}']:not([aria-busy])")
        if page.locator(".times li").count() >= number:
            page.click(f".times li:nth-child({number}) button")
            return
    raise AssertionError(f"no day of ten with {number} free times")


def test_times_of_another_day_are_out_of_reach_and_a_late_answer_is_dropped(phone):
    """Whoever taps a time believes that it is of the day that was chosen last."""
    page, late = phone("uz"), []

    def keep_waiting(route):
        late.append(route)

    go(page, "#/clinic/demo-tashkent-2")
    page.wait_for_selector(".times button")
    days = page.locator("#day option")
    first, second = (days.nth(index).get_attribute("value") for index in (3, 4))
    page.route(f"**/slots?day={first}*", keep_waiting)
    page.select_option("#day", first)
    page.wait_for_selector(".slots[aria-busy]")
    assert page.locator(".times button").count() == 0
    page.select_option("#day", second)
    page.wait_for_selector(f".slots[data-shows='ecg {second}']:not([aria-busy])")
    with page.expect_event("requestfinished", lambda request: first in request.url):
        late[0].continue_()
    page.evaluate("() => new Promise(done => setTimeout(done, 100))")  # its script would have run
    assert page.get_attribute(".slots", "data-shows") == f"ecg {second}"
    assert page.locator(".times button").count()


SCREENS = ("#/", "#/photo", "#/start", "#/signin", "#/test", "#/clinics", "#/clinic/demo-nukus-1")
OWN = ("#/ecgs", "main a.card", "#/visits", "main a.card", "#/me")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_accessible_translated_and_fits(phone, demo, axe, language):
    page = phone(language)
    seen = [look_at(page, place, axe, language) for place in SCREENS]
    sign_in(page, demo[1]["patient"])
    seen += [look_at(page, place, axe, language) for place in OWN]
    assert len(set(seen)) == len(seen), "every screen has a title of its own"


def test_a_doctor_sees_the_visits_of_the_clinic_and_their_ecgs(phone, demo, axe):
    page = phone("ru")
    sign_in(page, demo[1]["doctor"])
    look_at(page, "#/staff", axe, "ru")
    assert page.inner_text(".card strong") == "DEMO Bemor"
    page.click("main a.button >> nth=0")
    page.wait_for_selector("main a.card")
    page.click("main a.card")
    page.wait_for_selector(".finding")


def look_at(page, place, axe, language):
    """Open a screen, or click on what leads to it; return its heading."""
    before = page.query_selector("main .screen")
    if place.startswith("#"):
        page.evaluate(
            "place => { if (window.location.hash === place) dispatchEvent(new Event('hashchange'));"
            " else window.location.hash = place; }",
            place,
        )
    else:
        page.click(place)
    before.wait_for_element_state("hidden")
    page.wait_for_selector("main h1")
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= SIZE["width"], place
    found = page.evaluate(
        axe + "; axe.run(document, {resultTypes: ['violations']}).then("
        "found => found.violations.map(rule => [rule.id, rule.nodes[0].html.slice(0, 200)]))"
    )
    assert found == [], place
    assert not untranslated(page.evaluate(VISIBLE_TEXTS), language), place
    return page.inner_text("h1")


def untranslated(texts, language):
    """Return what is in the wrong language on a screen.

    In Russian that is whatever has Latin words, in English whatever has Cyrillic or Uzbek letters,
    and in each language the English of a text of the page that reads differently in it.
    """
    plain = {text: NAMES.sub("", text) for text in texts}
    if language == "en":
        return [text for text in texts if re.search(r"[а-яё]|[oOgG]ʻ", plain[text])]
    english, own = words("en")["texts"], words(language)["texts"]
    known = {text for name, text in english.items() if text != own[name]}
    left = [text for text in texts if text in known]
    if language == "ru":
        left += [text for text in texts if re.search(r"[A-Za-z]{3,}", plain[text])]
    return left


def test_the_page_opens_without_a_connection_and_keeps_nothing_of_anybody(browser, demo):
    context = browser.new_context(viewport=SIZE, locale="ru")
    try:
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(demo[0])
        page.wait_for_selector("h1")
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        sign_in(page, demo[1]["patient"])
        go(page, "#/ecgs")
        page.wait_for_selector("main a.card")
        kept = page.evaluate(
            "async () => { const found = []; for (const name of await caches.keys())"
            " for (const one of await (await caches.open(name)).keys())"
            " found.push(new URL(one.url).pathname); return found; }"
        )
        assert "/words/ru.json" in kept
        assert not [path for path in kept if path.startswith("/v1")]
        context.set_offline(True)
        page.reload()
        page.wait_for_selector("[role=alert]")
        assert page.inner_text("[role=alert]") == words("ru")["errors"]["offline"]
        assert page.get_attribute(".emergency a", "href") == "tel:103"
    finally:
        context.close()


def test_the_demo_says_that_it_is_one(demo):
    with urllib.request.urlopen(f"{demo[0]}v1/clinics") as answer:
        found = json.load(answer)["clinics"]
    assert found
    assert all(clinic["demo"] and clinic["notice"] for clinic in found)
