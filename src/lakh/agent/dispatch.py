"""From a command's class to its verb: a table made of the verbs' own declarations."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from lakh.agent.host import CONSOLE_PROXY, HOST, SECONDARY_STORAGE, Agent
from lakh.agent.hypervisor import RefusedError
from lakh.wire.message import API, Message

PLAIN = API + "Answer"
UNSUPPORTED = API + "UnsupportedAnswer"

HOSTS = (HOST,)
SECONDARY_STORAGES = (SECONDARY_STORAGE,)
CONSOLE_PROXIES = (CONSOLE_PROXY,)
ALL_AGENTS = (HOST, SECONDARY_STORAGE, CONSOLE_PROXY)

AnyAgent = TypeVar("AnyAgent", bound=Agent)
Run = Callable[[Any, Message], Message]


class Verb(NamedTuple):
    """`early`: may run before the agent is ready. `answer`: the answer's class, also for a refusal."""

    run: Run
    answer: str
    early: bool


_tables: dict[str, dict[str, Verb]] = {kind: {} for kind in ALL_AGENTS}


def verb(
    *classes: str, answer: str = PLAIN, agents: tuple[str, ...] = HOSTS, early: bool = False
) -> Callable[[Callable[[AnyAgent, Message], Message]], Callable[[AnyAgent, Message], Message]]:
    """Declares a function as the verb of these command classes."""

    def declare(run: Callable[[AnyAgent, Message], Message]) -> Callable[[AnyAgent, Message], Message]:
        for kind in agents:
            for java_class in classes:
                if java_class in _tables[kind]:
                    raise ValueError(f"{java_class} has two verbs for a {kind}")
                _tables[kind][java_class] = Verb(run, answer, early)
        return run

    return declare


def done(java_class: str = PLAIN, details: str = "", **fields: Any) -> Message:
    """A successful answer. Fields that are None are left out, as Java does."""
    return Message(java_class, _body(fields, True, details))


def failed(java_class: str, details: str, **fields: Any) -> Message:
    """An answer that says no, and why."""
    return Message(java_class, _body(fields, False, details))


def _body(fields: dict[str, Any], result: bool, details: str) -> dict[str, Any]:
    body = {name: value for name, value in fields.items() if value is not None}
    body["result"] = result
    if details:
        body["details"] = details
    body.setdefault("contextMap", {})
    body["wait"] = 0
    body["bypassHostMaintenance"] = False
    return body


def supported(kind: str) -> frozenset[str]:
    """The command classes an agent of this kind answers."""
    return frozenset(_tables[kind])


def refusal(agent: Agent, command: Message, details: str) -> Message:
    """The answer that the command's verb would give if it failed."""
    found = _tables[agent.kind].get(command.java_class)
    fields = {"vm": command.body.get("vm")} if command.java_class == API + "StartCommand" else {}
    return failed(found.answer if found else PLAIN, details, **fields)


def stopped() -> Message:
    """The answer to a command after a failed one of a request that stops on errors (agent-protocol 2.2)."""
    return failed(PLAIN, "Stopped by previous failure")


def execute(agent: Agent, command: Message) -> Message:
    """Runs a command and answers it, whatever comes: a refusal, a malformed or an unknown command too."""
    found = _tables[agent.kind].get(command.java_class)
    if found is None:
        text = f"Unsupported command issued: {command.java_class}.  Are you sure you got the right type of server?"
        return failed(UNSUPPORTED, text)
    if not agent.ready and not found.early:
        return refusal(agent, command, f"{command.name}: this agent is not ready yet")
    try:
        return found.run(agent, command)
    except RefusedError as error:
        return refusal(agent, command, str(error))
    except KeyError as error:
        return refusal(agent, command, f"{command.name}: field {error.args[0]} is missing")
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, struct.error) as error:
        return refusal(agent, command, f"{command.name}: malformed: {error}")
