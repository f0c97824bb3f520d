"""What the pages of docs/accuracy keep of earlier runs."""

from __future__ import annotations

from pathlib import Path

OLDER = "*From an earlier run, of an earlier version; unmarked sections are newer.*"


def older_sections(target: Path, text: str) -> str:
    """Return the sections of the page that this run did not measure, marked as such."""
    if not target.exists():
        return ""
    kept = []
    for section in target.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _newline, rest = section.partition("\n")
        if f"\n## {heading}\n" not in text:
            rest = rest.replace(OLDER, "").strip()
            kept.append(f"\n## {heading}\n\n{OLDER}\n\n{rest}\n")
    return "".join(kept)
