"""What an installation may set by environment variables; read by the command line and REST only.

Functions of the library take arguments and never look here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The values of `CARDIOALERT_...` variables; a wrong one is an error when it is read.

    Attributes
    ----------
    lang : language of all texts, as `ru` or `ru_RU.UTF-8`; None leaves it to the locale
    data_dir : folder of the embedded database, the keys and the stored ECG files
    database_url : `sqlite:///file` or `postgresql://...`; None: `care.db` in `data_dir`
    smtp_..., eskiz_..., telegram_token, apns_..., apprise_url : channels of notifications;
        one that is not set is not used
    key_file : the encryption keys, readable by nobody else; None: `keys.json` in `data_dir`
    """

    model_config = SettingsConfigDict(env_prefix="CARDIOALERT_", frozen=True)

    lang: Literal["en", "ru", "uz"] | None = None
    data_dir: Path = Path("~/.local/share/cardioalert")
    database_url: str | None = None
    key_file: Path | None = None
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_sender: str = "cardioalert@localhost"
    eskiz_email: str = ""
    eskiz_password: SecretStr = SecretStr("")
    eskiz_sender: str = "4546"
    telegram_token: SecretStr = SecretStr("")
    apns_key_file: Path | None = None
    apns_key_id: str = ""
    apns_team_id: str = ""
    apns_topic: str = ""
    apns_url: str = "https://api.push.apple.com"
    apprise_url: SecretStr = SecretStr("")

    @field_validator("lang", mode="before")
    @classmethod
    def _language_of_locale(cls, value: object) -> object:
        """Take the language out of a locale name; an empty variable counts as none."""
        return (value[:2].lower() or None) if isinstance(value, str) else value

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url or f"sqlite:///{self.data_dir.expanduser() / 'care.db'}"

    @property
    def keys(self) -> Path:
        """The file of encryption keys."""
        return self.key_file or self.data_dir.expanduser() / "keys.json"


@cache
def settings() -> Settings:
    """Return the settings, read once."""
    return Settings()
