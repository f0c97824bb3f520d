"""Libraries of the extra `hospital`, loaded when they are first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cardioalert.errors import MissingLibraryError
from cardioalert.i18n import translate as _


def library(name: str) -> Any:
    """Import a library of the extra `hospital`.

    Raises
    ------
    MissingLibraryError
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingLibraryError(
            _("the library {name} is not installed", name=error.name or name),
            hint="Install it with: pip install 'cardioalert[hospital]'",
        ) from error
