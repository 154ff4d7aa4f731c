"""An agent's side of the protocol as a state machine, without sockets (agent-protocol 2.3, 2.8, 3).

The caller moves messages and keeps time (`Edge`); the session decides what to say. It runs up to five requests at once
as the Java agent does, so answers come out of order; work that outlives its link goes on, and its answer is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from lakh.agent.behaviour import Behaviour, Outcome
from lakh.agent.dispatch import execute, refusal, stopped
from lakh.agent.host import Agent, Leave, Prefer, Reconnect, RunAgain
from lakh.agent.startup import ping, startup
from lakh.base.limits import AGENT_REQUESTS_WAITING
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import Frame, agent_request, agent_response, encode_frame
from lakh.wire.header import IN_SEQUENCE, REQUEST, STOP_ON_ERROR, UNKNOWN, Header
from lakh.wire.message import API, Message
from lakh.wire.payload import encode_payload

WORKERS = 5
_STARTUP_GUARD_SECONDS = 180.0
_SHUTDOWN_PAUSE_SECONDS = 1.0
_RESTART_SECONDS = 10.0  # after a rejection: the Java agent exits and its unit starts it again
_READY = API + "ReadyCommand"


class Edge(Protocol):
    """What carries a session: a connection and a clock."""

    def send(self, message: bytes) -> None:
        """Sends the plaintext of one message on the present link; nothing where there is none."""
        ...

    def close(self) -> None:
        """Closes the present link; the session is not told."""
        ...

    def connect(self, after_seconds: float) -> None:
        """Dials again after a pause; then calls `connected` or `failed`."""
        ...

    def later(self, seconds: float, call: Callable[[], None]) -> None: ...
    def probe_preferred(self, reachable: Callable[[], None]) -> None:
        """Calls back where the agent's list has a first server that is not the present one and can be reached."""
        ...

    def rejected(self, text: str) -> None:
        """The server refuses this agent."""
        ...

    def answered(self, name: str, seconds: float, result: bool) -> None:
        """A command was carried out, so many seconds after it came."""
        ...

    def pinged(self) -> None:
        """A ping was sent."""
        ...

    def ping_answered(self, seconds: float) -> None:
        """The last ping was answered, so many seconds after it was sent."""
        ...


class Work:
    """One request being carried out. `life` and `link`: of which process and on which link it came."""

    __slots__ = ("answers", "came", "commands", "header", "life", "link", "lost")

    def __init__(self, header: Header, commands: list[Message], life: int, link: int, came: float) -> None:
        self.header = header
        self.commands = commands
        self.answers: list[Message] = []
        self.life = life
        self.link = link
        self.lost = False
        self.came = came


class Session:
    """One agent's protocol. Call `connected`, `received`, `lost`, `failed`; the rest happens through the Edge."""

    __slots__ = (
        "_behaviour",
        "_edge",
        "_life",
        "_link",
        "_looking",
        "_ping_sent",
        "_pinging",
        "_running",
        "_sequence",
        "_stopped",
        "_transfer",
        "_waiting",
        "agent",
        "frozen",
        "up",
    )

    def __init__(self, agent: Agent, edge: Edge, behaviour: Behaviour) -> None:
        self.agent = agent
        self._edge = edge
        self._behaviour = behaviour
        self._life = 0
        self._link = 0
        self._looking = 0
        self._ping_sent = 0.0
        self._pinging = 0
        self._running = 0
        self._sequence = 0
        self._stopped = False
        self._transfer = False
        self._waiting: deque[Work] | None = None
        self.frozen = False
        self.up = False

    # --- link --------------------------------------------------------------------------------------------------------
    def connected(self) -> None:
        """TLS is up: the agent speaks first."""
        self._link += 1
        self.up = True
        self.agent.ready = False
        self._start_up()
        link = self._link
        self._edge.later(_STARTUP_GUARD_SECONDS, lambda: self._guard(link))

    def lost(self) -> None:
        """The link ended without our doing."""
        self._forget_link()
        if not self._stopped:
            self._edge.connect(self._behaviour.reconnection.pause(self.agent.random, lost=True))

    def failed(self) -> None:
        """An attempt to connect failed."""
        if not self._stopped:
            self._edge.connect(self._behaviour.reconnection.pause(self.agent.random, lost=False))

    def leave(self, reason: str = "sig.kill", detail: str = "") -> None:
        """Says good-bye in order and never comes back."""
        self._stopped = True
        self._say_goodbye(reason, detail)
        self._edge.later(_SHUTDOWN_PAUSE_SECONDS, self._edge.close)
        self._forget_link()

    def die(self) -> None:
        """Stops at once, without a word; what was being carried out is never finished."""
        self._stopped = True
        self._life += 1
        self._running = 0
        self._waiting = None
        self._forget_link()
        self._edge.close()

    def revive(self, after_seconds: float) -> None:
        """Comes back after `die`."""
        self._stopped = False
        self._edge.connect(after_seconds)

    def heal(self) -> None:
        """Ends a freeze: pings at once."""
        self.frozen = False
        if self.up and self._pinging:
            self._send_ping()

    @property
    def stopped(self) -> bool:
        return self._stopped

    def _forget_link(self) -> None:
        self._link += 1
        self._pinging = 0
        self.up = False
        self.agent.ready = False

    def _guard(self, link: int) -> None:
        """No StartupAnswer in three minutes: try another link."""
        if link == self._link and not self._pinging and not self._stopped:
            self._edge.close()
            self.lost()

    def _start_up(self) -> None:
        servers = ",".join(self.agent.servers or self.agent.first_servers)
        if self.agent.algorithm:
            servers = f"{servers}@{self.agent.algorithm}"
        command = startup(self.agent, servers, self._transfer)
        self._send_request([command], stop_on_error=False)

    def _send_request(self, commands: list[Message], *, stop_on_error: bool = True) -> None:
        message = agent_request(
            commands, sequence=self._sequence, host_id=self.agent.host_id, stop_on_error=stop_on_error
        )
        self._sequence += 1
        self._edge.send(message)

    def _say_goodbye(self, reason: str, detail: str) -> None:
        """Sequence and agent id are -1 here; only `via` tells who goes (agent-protocol 6.3)."""
        body = {"reason": reason, "removeHost": False, "contextMap": {}, "wait": 0, "bypassHostMaintenance": False}
        if detail:
            body["detail"] = detail
        header = Header(REQUEST | STOP_ON_ERROR | IN_SEQUENCE, UNKNOWN, 0, UNKNOWN, UNKNOWN, self.agent.host_id)
        self._edge.send(encode_frame(header, encode_payload([Message(API + "ShutdownCommand", body)])))

    # --- messages ----------------------------------------------------------------------------------------------------
    def received(self, frame: Frame) -> None:
        """A message of the present link. Raises ProtocolError when its payload cannot be read."""
        header = frame.header
        if header.is_control:
            return
        messages = frame.messages()
        if not header.is_request:
            for answer in messages:
                try:
                    self._hear(answer)
                except (TypeError, ValueError) as error:
                    raise ProtocolError(f"{answer.name}: {error}") from None
        elif messages and messages[0].java_class == _READY and messages[0].body.get("_details"):
            self._reject(str(messages[0].body["_details"]))
        elif messages:
            self._accept(Work(header, messages, self._life, self._link, self.agent.clock.monotonic()))

    def _hear(self, answer: Message) -> None:
        if answer.java_class == API + "StartupAnswer":
            if not answer.result:
                self._reject(answer.details)
                return
            self.agent.host_id = int(answer.body.get("hostId") or 0)
            self._transfer = False
            self._begin_pinging(float(answer.body.get("pingInterval") or 60))
        elif answer.java_class == API + "PingAnswer":
            self._edge.ping_answered(self.agent.clock.monotonic() - self._ping_sent)
            if "_command" not in answer.body:
                return
            self.agent.avoid = tuple(answer.body.get("avoidMsList") or ())
            if answer.body.get("sendStartup"):
                self._start_up()

    def _reject(self, text: str) -> None:
        """A Java agent exits at this; it is started again a little later."""
        self._edge.rejected(text)
        self._forget_link()
        self._edge.close()
        if not self._stopped:
            self._edge.connect(_RESTART_SECONDS)

    # --- pings -------------------------------------------------------------------------------------------------------
    def _begin_pinging(self, interval_seconds: float) -> None:
        """(Re)starts the ping timer: the first ping comes after one interval."""
        self._pinging += 1
        self._later_ping(interval_seconds, self._link, self._pinging)

    def _later_ping(self, interval: float, link: int, timer: int) -> None:
        jitter = self._behaviour.ping_jitter
        pause = interval * (1.0 + jitter * self.agent.random.uniform(-1, 1)) if jitter else interval
        self._edge.later(pause, lambda: self._ping(interval, link, timer))

    def _ping(self, interval: float, link: int, timer: int) -> None:
        if link != self._link or timer != self._pinging:
            return
        if not self.frozen:
            self._send_ping()
        self._later_ping(interval, link, timer)

    def _send_ping(self) -> None:
        self._ping_sent = self.agent.clock.monotonic()
        self._edge.pinged()
        self._send_request([ping(self.agent)])

    # --- requests ----------------------------------------------------------------------------------------------------
    def _accept(self, work: Work) -> None:
        if self._running < WORKERS:
            self._running += 1
            self._go_on(work)
            return
        if self._waiting is None:
            self._waiting = deque()
        if len(self._waiting) >= AGENT_REQUESTS_WAITING:
            raise ProtocolError(f"{len(self._waiting)} requests wait already")
        self._waiting.append(work)

    def _go_on(self, work: Work) -> None:
        """Carries out the next commands, until one takes time or the last is done."""
        while len(work.answers) < len(work.commands):
            command = work.commands[len(work.answers)]
            outcome = self._behaviour.outcome(command.name, self.agent.random)
            if outcome.delay_seconds > 0:
                self._edge.later(outcome.delay_seconds, partial(self._resume, work, command, outcome))
                return
            self._carry_out(work, command, outcome)
        self._finish(work)

    def _resume(self, work: Work, command: Message, outcome: Outcome) -> None:
        if work.life != self._life:
            return
        if self.frozen:
            self._edge.later(1.0, partial(self._resume, work, command, outcome))
            return
        self._carry_out(work, command, outcome)
        self._go_on(work)

    def _carry_out(self, work: Work, command: Message, outcome: Outcome) -> None:
        failure = outcome.failure
        answer = refusal(self.agent, command, failure) if failure else execute(self.agent, command)
        work.lost |= outcome.lost
        work.answers.append(answer)
        seconds = self.agent.clock.monotonic() - work.came
        self._edge.answered(command.name, seconds, answer.result)
        if not answer.result and work.header.stop_on_error:
            work.answers += [stopped()] * (len(work.commands) - len(work.answers))

    def _finish(self, work: Work) -> None:
        if work.link == self._link and not work.lost:
            self._edge.send(agent_response(work.header, work.answers))
        self._grant_wishes(work)
        if self._waiting:
            self._go_on(self._waiting.popleft())
        else:
            self._waiting = None
            self._running -= 1

    # --- wishes ------------------------------------------------------------------------------------------------------
    def _grant_wishes(self, work: Work) -> None:
        wishes, self.agent.wishes = self.agent.wishes, []
        for wish in wishes:
            if isinstance(wish, Leave):
                self._stopped = True
                self._edge.later(_SHUTDOWN_PAUSE_SECONDS, self.die)
            elif isinstance(wish, RunAgain):
                self._run_again(work, wish.every_seconds)
            elif isinstance(wish, Prefer):
                self._prefer(wish)
            else:
                self._reconnect_later(wish)

    def _run_again(self, work: Work, seconds: float) -> None:
        """A cron command: once more with the same sequence, as long as the link lives."""

        def again() -> None:
            if work.link != self._link or self._stopped:
                return
            answers = [execute(self.agent, command) for command in work.commands]
            self.agent.wishes.clear()
            self._edge.send(agent_response(work.header, answers))
            self._edge.later(seconds, again)

        self._edge.later(seconds, again)

    def _reconnect_later(self, wish: Reconnect) -> None:
        link = self._link

        def reconnect() -> None:
            if link != self._link or self._stopped:
                return
            if self._running > 0 and wish.reason:
                self._edge.later(1.0, reconnect)
                return
            if wish.reason:
                self._say_goodbye("sig.kill", wish.reason)
            self._transfer = wish.transfer
            self._forget_link()
            self._edge.close()
            self._edge.connect(0.0)

        self._edge.later(wish.after_seconds, reconnect)

    def _prefer(self, wish: Prefer) -> None:
        """(Re)starts looking for the preferred server (agent-protocol 3.10); the move waits for running commands."""
        self._looking += 1
        looking, link = self._looking, self._link

        def move() -> None:
            if link == self._link and not self._stopped and self._running == 0:
                self._forget_link()
                self._edge.close()
                self._edge.connect(0.0)

        def look() -> None:
            if link != self._link or looking != self._looking or self._stopped:
                return
            self._edge.probe_preferred(move)
            if not wish.once:
                self._edge.later(wish.every_seconds, look)

        if wish.now:
            self._edge.later(0.0, lambda: self._edge.probe_preferred(move))
        if wish.every_seconds > 0:
            self._edge.later(wish.every_seconds, look)
