"""The process behind `IsolatedCall`: answers messages on standard input until that ends."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Final

from cardioalert.errors import CardioAlertError, MemoryLimitError
from cardioalert.isolation import Message, receive, send

ADDRESS_SPACE_AT_START: Final = 4_000_000_000  # bytes that libraries map and never touch


def main() -> None:
    """Answer; arguments: `module:function`, processor seconds for each call, and MB of memory."""
    target, seconds, megabytes = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries that print must not disturb
    limit_memory(megabytes * 1_000_000)
    module_name, _, name = target.partition(":")
    module = import_module(module_name)  # after the memory was limited
    if hasattr(module, "prepare"):
        module.prepare()
    work: Callable[[dict[str, object], bytes], Message] = getattr(module, name)
    send(answers, ({"ready": True}, b""))
    while True:
        try:
            values, data = receive(sys.stdin.buffer)
        except EOFError:
            return
        limit_time(seconds)
        answer = answered(work, values, data)
        try:
            send(answers, answer)
        except BrokenPipeError:  # whoever asked is gone
            os._exit(0)


def answered(
    work: Callable[[dict[str, object], bytes], Message], values: dict[str, object], data: bytes
) -> Message:
    """Return what came of one call; whatever goes wrong becomes a code."""
    try:
        answer, made = work(values, data)
    except CardioAlertError as error:
        return {"error": [error.code, error.message, error.hint]}, b""
    except MemoryError:
        return {"error": [MemoryLimitError.code, "it needs more memory than one file may take",
                          MemoryLimitError.hint]}, b""  # fmt: skip
    except Exception as error:  # a fault of ours must not cost the other files
        return {"error": ["internal-error", type(error).__name__, ""]}, b""
    return {"answer": answer}, made


def limit_time(seconds: float) -> None:
    """End this process when it has used so many more seconds of the processor."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    limit = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def limit_memory(limit: int) -> None:
    """Let the operating system refuse more memory than `limit` bytes, where it can."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    address_space = limit + ADDRESS_SPACE_AT_START
    resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_AS, (address_space, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
