"""E-mail by SMTP, with TLS wherever the server offers it."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate

from cardioalert.notify.channel import BusyError, Letter, RefusedError

TIMEOUT = 20.0  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class MailChannel:
    """One SMTP server."""

    host: str
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = "cardioalert@localhost"
    name: str = "email"

    def send(self, letter: Letter) -> str:
        """Send one e-mail; its Message-ID is the delivery's, so that a second copy is known."""
        message = EmailMessage()
        message["From"], message["To"] = self.sender, letter.address
        message["Subject"] = letter.title
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{letter.id}@{self.sender.partition('@')[2] or 'cardioalert'}>"
        message.set_content(letter.text)
        try:
            with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT) as server:
                if server.has_extn("starttls"):
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            raise _judged(max(code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPResponseException as error:
            raise _judged(error.smtp_code) from None
        except (OSError, smtplib.SMTPException) as error:
            raise BusyError(f"smtp-{type(error).__name__}") from None
        return str(message["Message-ID"])


def _judged(code: int) -> RefusedError | BusyError:
    """5xx is for good, but for wrong passwords, which are the operator's; 4xx is for later."""
    if code >= 500 and code not in (530, 534, 535):
        return RefusedError(f"smtp-{code}")
    return BusyError(f"smtp-{code}")
