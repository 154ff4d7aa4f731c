"""ShutdownCommand from the server: the host was deleted, never come back (agent-protocol 3.6)."""

from __future__ import annotations

from lakh.agent.dispatch import ALL_AGENTS, done, verb
from lakh.agent.host import Agent, Leave
from lakh.wire.message import API, Message


@verb(API + "ShutdownCommand", agents=ALL_AGENTS, early=True)
def shut_down(agent: Agent, command: Message) -> Message:
    agent.wishes.append(Leave())
    return done()
