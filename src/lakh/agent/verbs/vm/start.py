"""StartCommand (agent-protocol 4.2). The answer gives the VirtualMachineTO back, also where it says no."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.objects import domain_spec
from lakh.wire.message import API, Message


@verb(API + "StartCommand", answer=API + "StartAnswer")
def start(host: Host, command: Message) -> Message:
    vm = command.body["vm"]
    spec = domain_spec(vm)
    host.hypervisor.start(spec)
    if spec.kind == "DomainRouter":
        host.routers.drop(spec.name)
        router = host.routers.of(spec.name)
        if "redundant_router=1" in spec.boot_args:
            router.redundant_state = "PRIMARY" if "redundant_state=PRIMARY" in spec.boot_args else "BACKUP"
    return done(API + "StartAnswer", vm=vm)
