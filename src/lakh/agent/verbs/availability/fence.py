"""FenceCommand to a neighbour: true says that the VM may start elsewhere (agent-protocol 4.9)."""

from __future__ import annotations

from lakh.agent.dispatch import done, failed, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_OFF
from lakh.wire.message import API, Message


@verb(API + "FenceCommand", answer=API + "FenceAnswer")
def fence(host: Host, command: Message) -> Message:
    """Refuses while the VM runs on the asked host itself."""
    name = command.body["vmName"]
    if host.hypervisor.power(name) != POWER_OFF:
        return failed(API + "FenceAnswer", f"{name} runs on this host")
    return done(API + "FenceAnswer")
