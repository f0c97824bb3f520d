"""The HTML report in a real browser: accessible by axe-core, and true to scale when printed.

Needs Chromium, and axe-core for the first half: `.ci/run` installs both. CARDIOALERT_AXE may name
the file axe.min.js.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest

from cardioalert.i18n import use_language
from cardioalert.report.make import render, report_of_document
from tests.made_report import DOTS_PER_MM, built_document, heavy_lines, pdf_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const result = document.createElement("pre");
  result.id = "axe-result";
  result.textContent = JSON.stringify({
    passes: found.passes.map(rule => rule.id),
    violations: found.violations.map(rule => [rule.id, rule.nodes[0].html.slice(0, 200)]),
  });
  document.body.appendChild(result);
});
"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def axe(checkout: Path) -> str:
    installed = checkout / "tests" / "peers" / "node_modules" / "axe-core" / "axe.min.js"
    path = Path(os.environ.get("CARDIOALERT_AXE", installed))
    if not path.is_file():
        pytest.skip(f"axe-core is not at {path}: npm ci --prefix tests/peers")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> str:
    document = built_document()
    return render(report_of_document(document, previous=document), ".html").decode("utf-8")


def run_browser(browser: str, page: str, folder: Path, *words: str) -> str:
    """Open a page without network and return what the browser wrote."""
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder / 'profile'}",
            *words,
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return done.stdout


def checked(browser: str, axe: str, page: str, folder: Path) -> dict[str, Any]:
    """Return what axe-core says of a page; the page's own rule against scripts is lifted for it."""
    open_page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    scripts = "".join(
        "<script>" + code.replace("</script", "<\\/script") + "</script>" for code in (axe, RUN)
    )
    shown = run_browser(
        browser,
        open_page.replace("</body>", f"{scripts}</body>"),
        folder,
        "--virtual-time-budget=20000",
        "--dump-dom",
    )
    found = re.search(r'<pre id="axe-result">(.*?)</pre>', shown, re.DOTALL)
    assert found is not None, "axe-core did not finish"
    result: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return result


@pytest.mark.parametrize(
    ("language", "medium"), [("en", "screen"), ("en", "print"), ("ru", "screen"), ("uz", "screen")]
)
def test_the_report_is_accessible(browser, axe, tmp_path, language, medium):
    document = built_document(language)
    with use_language(language):
        page = render(report_of_document(document, previous=document), ".html").decode("utf-8")
    assert f'<html lang="{language}">' in page
    shown = page if medium == "screen" else page.replace("@media print", "@media all")
    result = checked(browser, axe, shown, tmp_path)
    assert result["violations"] == []
    assert {"color-contrast", "heading-order", "html-has-lang", "th-has-data-cells"} <= set(
        result["passes"]
    )


def test_the_report_fetches_nothing(page):
    """What a browser loads by itself is inside the file; the policy forbids anything else."""
    assert "default-src 'none'" in page
    loaded = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]{1,40})""", page)
    assert loaded
    assert all(address.startswith(("data:", "#")) for address in loaded), set(loaded)


def test_the_checker_finds_what_is_wrong(browser, axe, page, tmp_path):
    broken = page.replace('<html lang="en">', "<html>").replace("--soft: #4a5560", "--soft: #bbc")
    found = {rule for rule, _where in checked(browser, axe, broken, tmp_path)["violations"]}
    assert {"html-has-lang", "color-contrast"} <= found


def test_a_printed_report_is_true_to_scale(browser, page, tmp_path):
    target = tmp_path / "printed.pdf"
    run_browser(browser, page, tmp_path, f"--print-to-pdf={target}", "--no-pdf-header-footer")
    printed = target.read_bytes()
    sizes = [np.array(sheet.get_size()) for sheet in pypdfium2.PdfDocument(printed)]
    (turned,) = [number for number, (width, height) in enumerate(sizes) if width > height]
    for axis in (0, 1):
        lines = heavy_lines(pdf_page(printed, turned), axis)
        spacing = (lines[-1] - lines[0]) / (len(lines) - 1)
        assert len(lines) > 20
        assert spacing == pytest.approx(5 * DOTS_PER_MM, rel=0.004)
