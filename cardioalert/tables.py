"""Read the tables of published numbers that stand beside the code.

A table row becomes a frozen dataclass by `Row(**row)`, so that a missing or unknown key fails when
the table is loaded, not when a patient needs it.
"""

from __future__ import annotations

import csv
import tomllib
from importlib import resources
from typing import Any


def read_toml(package: str, name: str) -> dict[str, Any]:
    """Return the content of `package`/tables/`name` (for example `criteria.toml`)."""
    text = resources.files(package).joinpath("tables", name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def read_csv(package: str, name: str) -> list[dict[str, str]]:
    """Return the rows of `package`/tables/`name`; lines starting with # are comments."""
    text = resources.files(package).joinpath("tables", name).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return list(csv.DictReader(lines))
