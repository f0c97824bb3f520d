"""Write pictures the user asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cardioalert.i18n import translate as _
from cardioalert_cli.problems import CannotWriteError, UsageProblemError

if TYPE_CHECKING:
    from cardioalert.domain.imaging import Digitized


def check_writable(target: Path | None) -> None:
    """Refuse a target that cannot be written, before the work is done for nothing."""
    if target is None:
        return
    folder = target if target.is_dir() else target.parent
    if not folder.is_dir():
        raise UsageProblemError(
            _("the folder {folder} does not exist", folder=folder),
            hint=_("Create it first, or name another."),
        )
    if not os.access(folder, os.W_OK):
        raise CannotWriteError(_("{folder} cannot be written to", folder=folder))


def overlay_path(target: Path, source: str) -> Path:
    """Return where the overlay of an input goes: `target`, or a file in it when it is a folder."""
    if not target.is_dir():
        return target
    name = "stdin" if source == "-" else Path(source).stem
    return target / f"{name}_overlay.png"


def write_overlay(digitized: Digitized, path: Path) -> None:
    """Draw the traces on the photo and save it."""
    from cardioalert.report.drawing import save_picture  # noqa: PLC0415 - heavy
    from cardioalert.report.overlay import draw_overlay  # noqa: PLC0415 - heavy

    try:
        save_picture(draw_overlay(digitized), path)
    except OSError as error:
        raise CannotWriteError(
            _("{path} could not be written: {reason}", path=path, reason=error)
        ) from error
