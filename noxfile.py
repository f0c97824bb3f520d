"""All checks of the project: `nox` runs them, and `.ci/run` uses the same sessions.

`nox --no-venv --no-install` runs a session in the environment it is called from.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.options.sessions = ["lint", "tests", "wheel", "examples", "docs"]
nox.options.error_on_missing_interpreters = False

HERE = Path(__file__).parent
PHOTO = HERE / "examples" / "ecg_photo.jpg"
LINT = (
    ("ruff", "check", "--output-format", "concise", "."),
    ("ruff", "format", "--check", "--output-format", "concise", "."),
    ("mypy",),
    ("lint-imports", "--no-cache"),
)


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and the direction of imports; all of them, whichever fails first."""
    session.install("-e", ".[lint,test]")
    failed = []
    for command in LINT:
        try:
            session.run(*command)
        except CommandFailed:
            failed.append(command[0])
    if failed:
        session.error(f"not clean: {', '.join(failed)}")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it elsewhere, leave the checkout and run the command."""
    folder = Path(session.create_tmp())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    session.run("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(HERE))
    (built,) = folder.glob("cardioalert-*.whl")
    session.install(str(built))
    session.chdir(folder)
    session.run("cardioalert", "--version")
    session.run("cardioalert", "analyze", str(PHOTO))
    session.run("cardioalert", "demo")


@nox.session
def examples(session: nox.Session) -> None:
    """Run every example script."""
    session.install("-e", ".[test]")
    for script in sorted((HERE / "examples").glob("[0-9]*.py")):
        session.run("python", str(script))


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a broken link is an error. The site is in `site/`."""
    session.install("-e", ".[docs]")
    session.run("python", "docs/generate.py", "--check")
    session.run("mkdocs", "build", "--strict", "--quiet")
