"""CheckHealthCommand and PingTestCommand: is the agent there, does it reach others (agent-protocol 4.9)."""

from __future__ import annotations

from lakh.agent.dispatch import ALL_AGENTS, done, verb
from lakh.agent.host import Agent, Host
from lakh.wire.message import API, Message


@verb(API + "CheckHealthCommand", answer=API + "CheckHealthAnswer", agents=ALL_AGENTS, early=True)
def check_health(agent: Agent, command: Message) -> Message:
    return done(API + "CheckHealthAnswer", details="resource is alive")


@verb(API + "PingTestCommand", early=True)
def ping_test(host: Host, command: Message) -> Message:
    return done()
