"""What gateways and control processes say to each other: MessagePack arrays, many to one write.

Between them goes the already encoded JSON of agents' payloads, so a gateway parses nothing it does not need. A session
is one agent connection; its number is unique within a gateway process for the process's life.
"""

from __future__ import annotations

from typing import Final

import msgspec


class _Bus(msgspec.Struct, array_like=True, tag=True, gc=False):
    """Base: tagged arrays, so that a new field at the end stays readable by an older peer."""


# --- gateway to control ----------------------------------------------------------------------------------------------
class Held(msgspec.Struct, array_like=True, frozen=True):
    """One attached session that a gateway holds. `is_up`: its connect processing had ended (HostIsUp)."""

    session: int
    host_id: int
    is_up: bool = True


class GatewayHello(_Bus):
    """First message on a bus connection: who the gateway is and which hosts it already holds."""

    gateway: int
    pid: int
    capacity: int
    held: tuple[Held, ...]


class AgentStartup(_Bus):
    """An agent's Startup request. The gateway has already sent the immediate StartupAnswer.

    `payload` is the JSON array of Startup* commands; `known_host_id` the header's agent id, -1 if it never had one;
    `attached_host_id` is not -1 when it came on an already attached link (after PingAnswer.sendStartup): such a link
    gets a second answer with the real ids (agent-protocol 3.2), sent by AgentAnswer with this `sequence` and `flags`.
    `certificate` is the serial of the certificate it showed on this connection, NO_CERTIFICATE when it was asked and
    showed none, and empty when it was not asked or this is not the first Startup of the connection.
    """

    session: int
    peer: str
    known_host_id: int
    attached_host_id: int
    payload: bytes
    sequence: int = -1
    flags: int = 0
    certificate: str = ""
    certificate_expires_ms: int = 0


class AgentAttached(_Bus):
    """A session was attached by another control process: calls to the host may go through this gateway."""

    session: int
    host_id: int


class AgentUp(_Bus):
    """A host's connect processing, done by another control process, has ended: it may be given work."""

    host_id: int


class AgentGone(_Bus):
    """A session ended. `host_id` is -1 when it was not attached.

    `reason`: closed, shutdown (the agent said ShutdownCommand), replaced, dropped, refused, protocol (it broke the
    wire's rules), slow (it left too much unread), not-attached (no control process decided in time), overload, restart
    (the gateway is being restarted).
    """

    session: int
    host_id: int
    reason: str


class CallDone(_Bus):
    """Answers to a Call: JSON array in `answers`; or `error` says why there are none, `sent` if it got that far."""

    call: int
    answers: bytes
    error: str
    sent: bool


class AgentRequest(_Bus):
    """An agent's own request that is neither Startup, Ping nor Shutdown (AgentControl commands); answer by AgentAnswer.

    `flags` and `sequence` are those of its header.
    """

    session: int
    host_id: int
    sequence: int
    flags: int
    payload: bytes


class PowerReport(_Bus):
    """A host's power report differs from the last one sent on this session, or is the first on it.

    `states` maps VM instance name to PowerState name. `out_of_band`: VMs missing from it are missing at once.
    """

    host_id: int
    states: dict[str, str]
    out_of_band: bool
    gateway_accessible: bool


class RulesetReport(_Bus):
    """The security group rules a host says it applies, when they differ from the last ones sent on this session.

    `sequences` maps VM instance name to (VM id, ruleset sequence); -1 where the host could not tell.
    """

    host_id: int
    sequences: dict[str, tuple[int, int]]


class PingBehind(_Bus):
    """Hosts whose last ping is older than the ping timeout; sent once per silence."""

    host_ids: tuple[int, ...]


class PingSeen(_Bus):
    """Hosts heard of again after a PingBehind."""

    host_ids: tuple[int, ...]


class Pinged(_Bus):
    """Hosts heard of since the last such message, one a second at most: some bytes a host and minute."""

    host_ids: tuple[int, ...]


class GatewayFigures(_Bus):
    """A gateway's metrics, Prometheus names to values, once a second."""

    gateway: int
    figures: dict[str, float]


# --- control to gateway ----------------------------------------------------------------------------------------------
NO_CERTIFICATE: Final = "-"
"""An agent was asked for a certificate and showed none."""

CERTIFICATES_IGNORED: Final = 0  # no agent is asked for a certificate
CERTIFICATES_ASKED: Final = 1  # one with a bad certificate is turned away; of one without, control decides
CERTIFICATES_REQUIRED: Final = 2  # one without is turned away too: strict mutual TLS


class GatewaySettings(_Bus):
    """Sent first and after each change: what a gateway needs to know of the settings.

    `client_certificates` is one of CERTIFICATES_*; it holds for connections made from then on.
    """

    management_server_id: int
    ping_interval_seconds: int
    ping_timeout_multiplier: float
    avoid_servers: tuple[str, ...]
    owns_liveness: bool = True  # startups, power reports, pings and agents' requests go to one such control process
    client_certificates: int = CERTIFICATES_IGNORED
    allow_expired_certificates: bool = True


class Revoked(_Bus):
    """Serials of revoked certificates, in addition to those told before. All of them come before the settings."""

    serials: tuple[str, ...]


class Attach(_Bus):
    """The session's host row exists: attach it, so that calls reach it. An older session of the host is closed."""

    session: int
    host_id: int


class Refuse(_Bus):
    """Send ReadyCommand with `text` as _details (agent-protocol 3.3) and close. A Java agent exits at that."""

    session: int
    text: str


class HostIsUp(_Bus):
    """The host's connect processing has ended: PingAnswer.sendStartup is false from now on."""

    host_id: int


class Drop(_Bus):
    """Close the host's session, or `session` where the host is not attached yet (-1 otherwise)."""

    host_id: int
    session: int


class Call(_Bus):
    """Send a request to a host: `commands` is the JSON array. The gateway queues in-sequence ones per host."""

    call: int
    host_id: int
    commands: bytes
    count: int
    in_sequence: bool
    stop_on_error: bool
    timeout_seconds: float


class CancelCall(_Bus):
    """The caller no longer waits."""

    call: int


class AgentAnswer(_Bus):
    """The answer to an AgentRequest: header fields echoed by the gateway, `payload` the JSON array of answers."""

    session: int
    sequence: int
    flags: int
    payload: bytes


FromGateway = (
    GatewayHello
    | AgentStartup
    | AgentAttached
    | AgentUp
    | AgentGone
    | CallDone
    | AgentRequest
    | PowerReport
    | RulesetReport
    | PingBehind
    | PingSeen
    | Pinged
    | GatewayFigures
)
ToGateway = GatewaySettings | Revoked | Attach | Refuse | HostIsUp | Drop | Call | CancelCall | AgentAnswer
