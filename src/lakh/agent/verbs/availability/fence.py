"""FenceCommand to a neighbour: true says that the VM may start elsewhere (agent-protocol 4.9)."""

from __future__ import annotations

from lakh.agent.dispatch import done, failed, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_OFF
from lakh.wire.message import API, Message

ANSWER = API + "FenceAnswer"


@verb(API + "FenceCommand", answer=ANSWER)
def fence(host: Host, command: Message) -> Message:
    """Refuses while the VM runs on the asked host itself, and unless the suspect's heartbeat has stopped."""
    name, suspect = command.body["vmName"], command.body["hostIp"]
    if host.hypervisor.power(name) != POWER_OFF:
        return failed(ANSWER, f"{name} runs on this host")
    beats = host.hypervisor.beats(suspect)
    if beats is None:
        return failed(ANSWER, f"no heartbeat of {suspect} to read")
    if beats:
        return failed(ANSWER, f"the heart of {suspect} is beating")
    return done(ANSWER)
