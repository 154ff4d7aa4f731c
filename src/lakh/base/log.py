"""Structured logs on standard error, one line each, never blocking the loop.

A full pipe must not stop a gateway: lines that cannot be written at once are dropped and counted.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import structlog

_REDACTED = frozenset({"password", "secret", "secretkey", "secret_key", "apikey", "api_key", "sessionkey", "signature"})

dropped_lines = 0


class _Unblocking:
    """File-like over descriptor 2 that drops what a full pipe would block on."""

    def write(self, text: str) -> None:
        global dropped_lines
        try:
            os.write(2, text.encode())
        except (BlockingIOError, BrokenPipeError):
            dropped_lines += 1

    def flush(self) -> None:
        return None


def _hide_secrets(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for key in event:
        if key.lower() in _REDACTED:
            event[key] = "***"
    return event


def configure(level: str = "info", process: str = "lakh") -> None:
    """Sets up logging for this process. `level` is debug, info, warning or error."""
    number = getattr(logging, level.upper(), None)
    if not isinstance(number, int):
        raise ValueError(f"log level {level!r}: one of debug, info, warning, error")
    people = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _hide_secrets,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=_Unblocking()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one module, lazily bound so that import order does not matter."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return bound
