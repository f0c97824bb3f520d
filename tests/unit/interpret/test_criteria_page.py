"""The generated page of the criteria."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from cardioalert.interpret.criteria import criteria

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_what_the_tables_say():
    spec = importlib.util.spec_from_file_location(
        "generate_criteria", DOCS / "generate_criteria.py"
    )
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    written = (DOCS / "reference" / "criteria.md").read_text(encoding="utf-8")
    assert written == generator.page(), "run python docs/generate_criteria.py"
    for row in criteria():
        assert f"| {row.id} |" in written
