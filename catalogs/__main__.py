"""`python -m catalogs update|check`."""

from __future__ import annotations

import sys

from catalogs.check import problems, untranslated
from catalogs.update import TRANSLATED, update


def main(words: list[str]) -> int:
    """Run one of the two commands."""
    if words == ["update"]:
        for code, lacking in update().items():
            sys.stdout.write(f"{code}: {lacking} texts to translate\n")
        return 0
    if words == ["check"]:
        found = [f"{code}: {line}" for code in TRANSLATED for line in problems(code)]
        lacking = [
            f"{code}: not translated: {t}" for code in TRANSLATED for t in untranslated(code)
        ]
        sys.stdout.write("".join(f"{line}\n" for line in found + lacking))
        return 1 if found or lacking else 0
    sys.stderr.write("python -m catalogs update|check\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
