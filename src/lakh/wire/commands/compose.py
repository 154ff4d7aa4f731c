"""What every command and answer has in common (agent-protocol 2.6, 4.0)."""

from __future__ import annotations

from typing import Any, Final

from lakh.wire import names
from lakh.wire.message import Message
from lakh.wire.objects.data import present

WAIT_SECONDS: Final = {
    names.CHECK_HEALTH: 50,
    names.CHECK_ON_HOST: 20,
    names.CHECK_VIRTUAL_MACHINE: 20,
    names.PING_TEST: 20,
    names.SETUP_KEYSTORE: 60,
    names.SETUP_MS_LIST: 60,
    names.MIGRATE_AGENT_CONNECTION: 60,
    names.MODIFY_STORAGE_POOL: 300,
    names.READY: 60,
}
"""Seconds a command's class waits by itself; 0, for all others, stands for the setting `wait`."""


def command(java_class: str, wait_seconds: int | None = None, **fields: Any) -> Message:
    """A command with its own `fields` (Java names; None is left out) and those of every command.

    `contextMap` must be there: agents read from it, and for classes without a no-arg constructor fail without.
    """
    body = present(fields)
    body["contextMap"] = {}
    body["wait"] = WAIT_SECONDS.get(java_class, 0) if wait_seconds is None else wait_seconds
    body["bypassHostMaintenance"] = False
    return Message(java_class, body)


def answer(request: Message, result: bool = True, details: str | None = None, **fields: Any) -> Message:
    """An agent's answer of the exact class that belongs to `request`; a failed one keeps that class too.

    `fields` carry Java names; None is left out.
    """
    return _answer(names.ANSWER_OF.get(request.java_class, names.ANSWER), result, details, fields)


def plain_answer(result: bool = True, details: str | None = None) -> Message:
    """An answer of the base class, such as for an ISO's AttachCommand."""
    return _answer(names.ANSWER, result, details, {})


def unsupported_answer(request: Message) -> Message:
    """The answer to a command that the agent does not know."""
    text = f"Unsupported command issued: {request.java_class}.  Are you sure you got the right type of server?"
    return _answer(names.UNSUPPORTED_ANSWER, False, text, {})


def stopped_answer() -> Message:
    """The answer to a command behind a failed one of a STOP_ON_ERROR request (agent-protocol 2.2)."""
    return _answer(names.ANSWER, False, "Stopped by previous failure", {})


def group_answer(results: list[str], *, result: bool = True) -> Message:
    """The answer to a router command that configured several items, one text each (agent-protocol 4.8)."""
    return _answer(names.GROUP_ANSWER, result, None, {"results": results})


def _answer(java_class: str, result: bool, details: str | None, fields: dict[str, Any]) -> Message:
    body = present(fields)
    body["result"] = result
    if details is not None:
        body["details"] = details
    body["contextMap"] = {}
    body["wait"] = 0
    body["bypassHostMaintenance"] = False
    return Message(java_class, body)
