"""Telegram, by the Bot API."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from cardioalert.notify.channel import BusyError, Letter, judge

TIMEOUT = 20.0  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramChannel:
    """One bot; people start it themselves, which gives us their chat."""

    token: str = field(repr=False)
    url: str = "https://api.telegram.org"
    name: str = "telegram"

    def send(self, letter: Letter) -> str:
        """Send one message as plain text: no markup, so that no value can be markup."""
        body = {
            "chat_id": letter.address,
            "text": f"{letter.title}\n{letter.text}",
            "protect_content": True,
            "disable_notification": False,
        }
        try:
            answer = httpx.post(
                f"{self.url}/bot{self.token}/sendMessage", json=body, timeout=TIMEOUT
            )
        except httpx.HTTPError as error:
            raise BusyError(f"telegram-{type(error).__name__}") from None
        # 403: the person has stopped the bot, which is for good.
        judge(410 if answer.status_code == 403 else answer.status_code)
        try:
            return str(answer.json()["result"]["message_id"])
        except (ValueError, KeyError):
            raise BusyError("telegram-answer") from None
