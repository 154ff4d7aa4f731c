"""What agents say on their own account, as control processes hear it: startups, requests, reports, silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from lakh.bus import messages as bus
from lakh.bus.connection import Connection
from lakh.wire.message import Message
from lakh.wire.payload import decode_payload, encode_payload
from lakh.wire.startup import Startup, read_startup


class AgentEvents(Protocol):
    """What agents do on their own account. Called from the event loop: return soon, start tasks for the rest."""

    def on_startup(self, agent: StartingAgent) -> None:
        """An agent wants to be attached: call `attach` or `refuse` on it, now or later."""
        ...

    def on_gone(self, host_ids: Sequence[int], reason: str) -> None:
        """Hosts lost their session. `reason` as in AgentGone, or gateway-lost once nobody took them over."""
        ...

    def on_gateway_lost(self, gateway: int, host_ids: Sequence[int]) -> None:
        """Calls to these hosts fail, but they are not gone yet: `on_gone` follows for those that stay away."""
        ...

    def on_adopted(self, gateway: int, host_ids: Sequence[int]) -> None:
        """A gateway came with these hosts attached and Up, or another control process has brought them Up there; those
        not Up yet follow by `on_startup`, or in this way."""
        ...

    def on_power_report(self, report: bus.PowerReport) -> None: ...

    def on_ruleset_report(self, report: bus.RulesetReport) -> None: ...

    def on_ping_behind(self, host_ids: Sequence[int]) -> None: ...

    def on_ping_seen(self, host_ids: Sequence[int]) -> None: ...

    def on_pinged(self, host_ids: Sequence[int]) -> None:
        """These hosts were attached or pinged within the last second or so."""
        ...

    def on_agent_request(self, request: Request) -> None:
        """An AgentControl request: call `answer` on it."""
        ...


class StartingAgent:
    """An agent that has said Startup and waits for its verdict."""

    __slots__ = ("_attach", "_end", "_message")

    def __init__(self, message: bus.AgentStartup, end: Connection, attach: Callable[[int, int], None]) -> None:
        """`end` leads to its gateway; `attach` takes session and host id."""
        self._message = message
        self._end = end
        self._attach = attach

    @property
    def peer(self) -> str:
        """The agent's address as the gateway sees it."""
        return self._message.peer

    @property
    def known_host_id(self) -> int:
        """The host id the agent remembers, -1 if it never had one. A claim, not a proof."""
        return self._message.known_host_id

    @property
    def attached_host_id(self) -> int:
        """The host this link is attached to already (a Startup asked for by a ping's answer), else -1."""
        return self._message.attached_host_id

    @property
    def certificate(self) -> tuple[str, int]:
        """Serial and end (ms) of the certificate that the agent showed, as AgentStartup has them."""
        return self._message.certificate, self._message.certificate_expires_ms

    def startup(self) -> Startup:
        """What the agent says it is. Raises ProtocolError when that cannot be read."""
        return read_startup(self._message.payload)

    def attach(self, host_id: int) -> None:
        """Makes calls to `host_id` reach this agent, from now on and in order. An older session is closed."""
        self._attach(self._message.session, host_id)

    def answer(self, answers: Sequence[Message]) -> None:
        """The second answer to a Startup on an attached link, with the real ids (agent-protocol 3.2)."""
        message = self._message
        encoded = encode_payload(answers)
        self._end.send(bus.AgentAnswer(message.session, message.sequence, message.flags, encoded))

    def refuse(self, text: str) -> None:
        """Tells the agent why it cannot be a host, and closes. A Java agent's process ends at that."""
        self._end.send(bus.Refuse(self._message.session, text))

    def drop(self) -> None:
        """Closes without a word: the agent comes back and tries again."""
        self._end.send(bus.Drop(-1, self._message.session))


class Request:
    """A request by an attached agent, to be answered."""

    __slots__ = ("_end", "_message")

    def __init__(self, message: bus.AgentRequest, end: Connection) -> None:
        self._message = message
        self._end = end

    @property
    def host_id(self) -> int:
        return self._message.host_id

    def commands(self) -> list[Message]:
        """Raises ProtocolError when the agent sent no such thing."""
        return decode_payload(self._message.payload)

    def answer(self, answers: Sequence[Message]) -> None:
        message = self._message
        encoded = encode_payload(answers)
        self._end.send(bus.AgentAnswer(message.session, message.sequence, message.flags, encoded))
