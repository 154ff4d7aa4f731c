"""ScaleVmCommand (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "ScaleVmCommand", answer=API + "ScaleVmAnswer")
def scale(host: Host, command: Message) -> Message:
    """What the command leaves out stays as it is."""
    body = command.body
    vm = body.get("vm") or body
    name = body.get("vmName") or vm["name"]
    now = host.hypervisor.domain(name).spec
    max_ram = int(vm.get("maxRam") or body.get("maxRam") or now.max_ram)
    host.hypervisor.scale(
        name,
        int(vm.get("cpus") or body.get("cpus") or now.cpus),
        int(vm.get("speed") or vm.get("maxSpeed") or body.get("maxSpeed") or now.speed),
        int(vm.get("minRam") or body.get("minRam") or max_ram),
        max_ram,
    )
    return done(API + "ScaleVmAnswer")
