"""CheckVirtualMachineCommand: an unknown VM is PowerOff, and that is no failure (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_ON
from lakh.wire.message import API, Message


@verb(API + "CheckVirtualMachineCommand", answer=API + "CheckVirtualMachineAnswer", early=True)
def check(host: Host, command: Message) -> Message:
    name = command.body["vmName"]
    power = host.hypervisor.power(name)
    display = host.hypervisor.domain(name).vnc_port - 5900 if power == POWER_ON else None
    return done(API + "CheckVirtualMachineAnswer", state=power, vncPort=display)
