"""CheckStorageAvailabilityCommand and commands that KVM does not carry out (agent-protocol 4.6)."""

from __future__ import annotations

from lakh.agent.dispatch import PLAIN, done, failed, verb
from lakh.agent.host import Host
from lakh.wire.message import API, STORAGE, SUBSYSTEM, Message


@verb(STORAGE + "CheckStorageAvailabilityCommand")
def check_availability(host: Host, command: Message) -> Message:
    for pool in command.body.get("poolsMap") or ():
        host.hypervisor.pool_usage(pool)
    return done()


@verb(API + "ModifyTargetsCommand", answer=API + "ModifyTargetsAnswer")
def modify_targets(host: Host, command: Message) -> Message:
    return done(API + "ModifyTargetsAnswer", connectedPaths=[])


@verb(SUBSYSTEM + "IntroduceObjectCmd", SUBSYSTEM + "ForgetObjectCmd", SUBSYSTEM + "SyncVolumePathCommand")
def not_for_kvm(host: Host, command: Message) -> Message:
    return failed(PLAIN, f"{command.name}: not applicable to KVM")
