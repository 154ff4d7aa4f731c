"""MaintainCommand: the host goes into maintenance; its agent goes on as before (agent-protocol 3.6)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "MaintainCommand", answer=API + "MaintainAnswer", early=True)
def maintain(host: Host, command: Message) -> Message:
    return done(API + "MaintainAnswer", willMigrate=True)
