"""GetUnmanagedInstancesCommand: VMs that the cloud does not know; these hosts have none (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "GetUnmanagedInstancesCommand", answer=API + "GetUnmanagedInstancesAnswer")
def unmanaged(host: Host, command: Message) -> Message:
    return done(
        API + "GetUnmanagedInstancesAnswer",
        instanceName=command.body.get("instanceName"),
        unmanagedInstances={},
    )
