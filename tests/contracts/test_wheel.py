"""The wheel holds everything the program needs, and nothing else is needed to write a report."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.made_report import pdf_text

CODE = "import sys; from cardioalert_cli.app import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="pip install hatchling builds the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    words = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *words, str(checkout)], check=True, timeout=300
    )
    (built,) = folder.glob("*.whl")
    return built


def test_everything_is_in_the_wheel(wheel: Path, checkout: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for language in ("ru", "uz"):
        assert f"cardioalert/locales/{language}/LC_MESSAGES/cardioalert.mo" in names
    assert not [name for name in names if name.endswith((".po", ".pt", ".pth"))]
    for folder, endings in (
        ("cardioalert", (".toml", ".csv", ".ttf", ".typ", ".j2", ".css")),
        ("models/cardioalert_models", (".onnx", ".toml")),
    ):
        root = (checkout / folder).parent
        wanted = [p for p in (checkout / folder).rglob("*") if p.suffix in endings]
        assert len(wanted) > 10
        missing = [p for p in wanted if p.relative_to(root).as_posix() not in names]
        assert missing == []
    assert "cardioalert/data/ecg_photo.jpg" in names
    assert any(name.endswith("share/man/man1/cardioalert.1") for name in names)


def test_the_wheel_alone_writes_a_report_in_uzbek(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    photo = tmp_path / "site" / "cardioalert" / "data" / "ecg_photo.jpg"
    report = tmp_path / "r.pdf"
    done = subprocess.run(
        [sys.executable, "-c", CODE, "analyze", str(photo), "--report", str(report)],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site"), "CARDIOALERT_LANG": "uz"},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Oʻlchovlar" in done.stdout
    pages = pdf_text(report.read_bytes())
    assert "EKG hisoboti" in pages[0]
