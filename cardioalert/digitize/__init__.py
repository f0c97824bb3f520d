"""From photo to record: one file per stage; `cardioalert.pipeline` knows their order.

This package has the name of the library call `cardioalert.digitize(photo)`. Python binds a package
to its parent once any module of it is loaded, so the package itself is callable: the call means the
same whether or not somebody has imported a stage before.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cardioalert.domain.imaging import Digitized


class _CallableStages(ModuleType):
    """The package as a function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Digitized:
        """Run `cardioalert.pipeline.digitize`."""
        from cardioalert.pipeline import digitize  # noqa: PLC0415 - it imports the stages

        return digitize(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableStages
