"""The channels the settings name, ready to send."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardioalert.care.desk import Desk
    from cardioalert.notify.channel import Channel
    from cardioalert.notify.worker import Worker
    from cardioalert.settings import Settings


def configured(settings: Settings) -> list[Channel]:
    """Return every channel that has its settings."""
    channels: list[Channel] = []
    if settings.apns_key_file:
        from cardioalert.notify.apns import ApnsChannel  # noqa: PLC0415 - only when it is set up

        channels.append(
            ApnsChannel(
                key=settings.apns_key_file.read_text(encoding="ascii"),
                key_id=settings.apns_key_id,
                team_id=settings.apns_team_id,
                topic=settings.apns_topic,
                url=settings.apns_url,
            )
        )
    if token := settings.telegram_token.get_secret_value():
        from cardioalert.notify.telegram import TelegramChannel  # noqa: PLC0415

        channels.append(TelegramChannel(token=token))
    if settings.eskiz_email:
        from cardioalert.notify.eskiz import EskizChannel  # noqa: PLC0415

        channels.append(
            EskizChannel(
                email=settings.eskiz_email,
                password=settings.eskiz_password.get_secret_value(),
                sender=settings.eskiz_sender,
            )
        )
    if settings.smtp_host:
        from cardioalert.notify.mail import MailChannel  # noqa: PLC0415

        channels.append(
            MailChannel(
                host=settings.smtp_host,
                port=settings.smtp_port,
                user=settings.smtp_user,
                password=settings.smtp_password.get_secret_value(),
                sender=settings.smtp_sender,
            )
        )
    if url := settings.apprise_url.get_secret_value():
        from cardioalert.notify.other import AppriseChannel  # noqa: PLC0415

        channels.append(AppriseChannel(url=url))
    return channels


def make_worker(desk: Desk, channels: list[Channel]) -> Worker:
    """Return a sender of the outbox."""
    from cardioalert.care import reaching  # noqa: PLC0415 - `--help` must stay fast
    from cardioalert.notify.worker import Readers, Worker  # noqa: PLC0415

    readers = Readers(
        addresses=partial(reaching.addresses, desk),
        consents=reaching.allowed_channels,
        values=reaching.values,
    )
    return Worker(store=desk.store, channels=channels, readers=readers, now=desk.now)
