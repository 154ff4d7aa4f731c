"""ReadyCommand: who the server says this host is (agent-protocol 3.3)."""

from __future__ import annotations

from lakh.agent.dispatch import ALL_AGENTS, done, verb
from lakh.agent.host import Agent, Prefer
from lakh.wire.message import API, Message


@verb(API + "ReadyCommand", answer=API + "ReadyAnswer", agents=ALL_AGENTS, early=True)
def ready(agent: Agent, command: Message) -> Message:
    """Keeps id, uuid and name for the next connections, and the list of servers where one is given."""
    body = command.body
    agent.host_id = int(body["hostId"])
    agent.host_uuid = body.get("hostUuid") or agent.host_uuid
    agent.host_name = body.get("hostName") or agent.host_name
    if body.get("msHostList"):
        agent.servers = tuple(body["msHostList"])
        agent.algorithm = body.get("lbAlgorithm") or agent.algorithm
    agent.avoid = tuple(body.get("avoidMsHostList") or ())
    if body.get("lbCheckInterval") is not None:
        agent.wishes.append(Prefer(float(body["lbCheckInterval"]), False, agent.algorithm == "shuffle"))
    agent.ready = True
    return done(API + "ReadyAnswer", detailsMap={"host.uefi.enable": "false"} if agent.kind == "host" else {})
