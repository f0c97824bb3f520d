"""What an installation may set by environment variables; read by the command line and REST only.

Functions of the library take arguments and never look here.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The values of `CARDIOALERT_...` variables; a wrong one is an error when it is read.

    Attributes
    ----------
    lang : language of all texts, as `ru` or `ru_RU.UTF-8`; None leaves it to the locale
    """

    model_config = SettingsConfigDict(env_prefix="CARDIOALERT_", frozen=True)

    lang: Literal["en", "ru", "uz"] | None = None

    @field_validator("lang", mode="before")
    @classmethod
    def _language_of_locale(cls, value: object) -> object:
        """Take the language out of a locale name; an empty variable counts as none."""
        return (value[:2].lower() or None) if isinstance(value, str) else value


@cache
def settings() -> Settings:
    """Return the settings, read once."""
    return Settings()
