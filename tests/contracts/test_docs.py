"""What is written about the program is what the program does."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cardioalert import errors
from cardioalert.errors import CardioAlertError


@pytest.fixture(scope="module")
def generator(checkout: Path) -> ModuleType:
    """The script that writes the generated pages."""
    spec = importlib.util.spec_from_file_location("generate", checkout / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page",
    [
        "reference/errors.md",
        "reference/formats.md",
        "reference/command_line.md",
        "reference/glossary.md",
    ],
)
def test_generated_page_is_up_to_date(page: str, generator: ModuleType, checkout: Path) -> None:
    expected = generator.GENERATED + generator.PAGES[page]()
    assert (checkout / "docs" / page).read_text(encoding="utf-8") == expected


def test_every_error_has_a_code_of_its_own_and_stands_in_the_tree(generator: ModuleType) -> None:
    kinds = list(generator.error_classes())
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert errors.__doc__ is not None
    for kind in kinds:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
        assert kind.__name__ in errors.__doc__
        assert issubclass(kind, CardioAlertError)


def test_links_lead_somewhere(checkout: Path) -> None:
    pages = [checkout / "README.md", *(checkout / "docs").rglob("*.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_in_the_navigation(checkout: Path) -> None:
    navigation = (checkout / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (checkout / "docs").rglob("*.md"):
        assert page.relative_to(checkout / "docs").as_posix() in navigation


def test_ci_runs_the_commands_of_the_readme(checkout: Path) -> None:
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    script = (checkout / ".ci" / "run").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m venv .*$", readme, re.MULTILINE)
    assert len(commands) == 2
    assert "analyze examples/ecg_photo.jpg" in commands[0]
    assert "analyze examples/ecg_photo.jpg" in script
    assert commands[1].endswith("pytest")
    assert "$bin/pytest" in script


def test_the_site_builds_without_a_broken_link(checkout: Path, tmp_path: Path) -> None:
    pytest.importorskip("material", reason="pip install 'cardioalert[docs]' builds the site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)],
        cwd=checkout,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "explanation" / "limits" / "index.html").is_file()
