"""Logs by allow-list: only known fields are written, and what looks personal is blotted out."""

from __future__ import annotations

import json
import logging
import re
from typing import Final

FIELDS: Final = (
    "request_id", "method", "route", "status", "ms", "code", "channel", "job", "kind", "count",
)  # fmt: skip
"""Everything a log line may hold besides time, level, place and its fixed text."""
_PERSONAL: Final = (
    (re.compile(r"\+?\d[\d\s()-]{7,}\d"), "[number]"),  # phones, PINFL
    (re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+\.[^\s@\"'<>]+"), "[address]"),
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def redact(text: str) -> str:
    r"""Blot out numbers and addresses, and take out line breaks and terminal codes.

    Examples
    --------
    >>> redact("call +998 90 123-45-67\nnow")
    'call [number] now'
    """
    for pattern, word in _PERSONAL:
        text = pattern.sub(word, text)
    return _CONTROL.sub(" ", text)


class JsonLines(logging.Formatter):
    """One JSON object a line. Values of messages and texts of exceptions are never written."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        message = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        line: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "where": record.name,
            "what": redact(message),
        }
        for name in FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                line[name] = redact(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            trace = record.exc_info[2]
            while trace and trace.tb_next:
                trace = trace.tb_next
            if trace:
                line["at_line"] = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
        return json.dumps(line, ensure_ascii=True)


def configure(level: int = logging.INFO) -> None:
    """Send all logs to stderr in this form."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines hold addresses with tokens
