"""SetupMSListCommand: the servers this agent shall use (agent-protocol 3.10)."""

from __future__ import annotations

from lakh.agent.dispatch import ALL_AGENTS, done, verb
from lakh.agent.host import Agent, Prefer
from lakh.wire.message import LB, Message


@verb(LB + "SetupMSListCommand", answer=LB + "SetupMSListAnswer", agents=ALL_AGENTS, early=True)
def set_up_ms_list(agent: Agent, command: Message) -> Message:
    """Refuses a command without `triggerHostLb`, over which a Java agent stumbles."""
    body = command.body
    if body["triggerHostLb"] is None:
        raise KeyError("triggerHostLb")
    agent.servers = tuple(body.get("msList") or ())
    agent.algorithm = body.get("lbAlgorithm") or ""
    agent.avoid = tuple(body.get("avoidMsList") or ())
    every = float(body.get("lbCheckInterval") or 0)
    agent.wishes.append(Prefer(every, bool(body["triggerHostLb"]), agent.algorithm == "shuffle"))
    return done(LB + "SetupMSListAnswer")
