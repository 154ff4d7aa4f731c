"""MigrateAgentConnectionCommand: three seconds later connect to another server (agent-protocol 3.11)."""

from __future__ import annotations

from lakh.agent.dispatch import ALL_AGENTS, done, verb
from lakh.agent.host import Agent, Reconnect
from lakh.agent.hypervisor import RefusedError
from lakh.wire.message import API, Message

_PAUSE_SECONDS = 3.0


@verb(API + "MigrateAgentConnectionCommand", answer=API + "MigrateAgentConnectionAnswer", agents=ALL_AGENTS, early=True)
def migrate_connection(agent: Agent, command: Message) -> Message:
    """Refuses when no server is left after the ones to avoid."""
    body = command.body
    servers = tuple(body.get("msList") or agent.servers)
    avoid = tuple(body["avoidMsList"])
    if servers and not [server for server in servers if server not in avoid]:
        raise RefusedError("no management server is left to connect to")
    agent.servers = servers
    agent.avoid = avoid
    agent.algorithm = body.get("lbAlgorithm") or agent.algorithm
    agent.wishes.append(Reconnect(_PAUSE_SECONDS, transfer=True))
    return done(API + "MigrateAgentConnectionAnswer")
