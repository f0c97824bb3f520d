"""Every other service, by Apprise: one address such as `matrix://...` or `slack://...`."""

from __future__ import annotations

from dataclasses import dataclass, field

from cardioalert.errors import MissingLibraryError
from cardioalert.i18n import translate as _
from cardioalert.notify.channel import BusyError, Letter, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseChannel:
    """Services of the clinic's own staff, such as a duty room; the same address for everybody."""

    url: str = field(repr=False)
    name: str = "other"

    def send(self, letter: Letter) -> str:
        """Send to the configured address."""
        try:
            import apprise  # noqa: PLC0415 - optional, and large
        except ImportError:
            raise MissingLibraryError(
                _("the library apprise is not installed"), hint="pip install 'cardioalert[notify]'"
            ) from None
        service = apprise.Apprise()
        if not service.add(self.url):
            raise RefusedError("apprise-address")
        if not service.notify(title=letter.title, body=letter.text):
            raise BusyError("apprise-failed")
        return ""
