"""VM snapshots: create, delete, revert, restore (agent-protocol 4.5). The request's volumes are given back."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_OFF, POWER_ON
from lakh.wire.message import API, Message

_WITH_MEMORY = "DiskAndMemory"


@verb(API + "CreateVMSnapshotCommand", answer=API + "CreateVMSnapshotAnswer")
def create_vm_snapshot(host: Host, command: Message) -> Message:
    target = command.body["target"]
    with_memory = target.get("type") == _WITH_MEMORY
    host.hypervisor.snapshot_domain(command.body["vmName"], target["snapshotName"], with_memory)
    return done(API + "CreateVMSnapshotAnswer", vmSnapshotTo=target, volumeTOs=command.body.get("volumeTOs") or [])


@verb(API + "DeleteVMSnapshotCommand", answer=API + "DeleteVMSnapshotAnswer")
def delete_vm_snapshot(host: Host, command: Message) -> Message:
    host.hypervisor.delete_domain_snapshot(command.body["vmName"], command.body["target"]["snapshotName"])
    return done(API + "DeleteVMSnapshotAnswer", volumeTOs=command.body.get("volumeTOs") or [])


@verb(API + "RevertToVMSnapshotCommand", answer=API + "RevertToVMSnapshotAnswer")
def revert_to_vm_snapshot(host: Host, command: Message) -> Message:
    """A snapshot of disks only leaves the VM off."""
    target = command.body["target"]
    host.hypervisor.revert_domain(command.body["vmName"], target["snapshotName"])
    state = POWER_ON if target.get("type") == _WITH_MEMORY else POWER_OFF
    if state == POWER_OFF:
        host.hypervisor.stop(command.body["vmName"])
    return done(API + "RevertToVMSnapshotAnswer", volumeTOs=command.body.get("volumeTOs") or [], vmState=state)


@verb(API + "RestoreVMSnapshotCommand", answer=API + "RestoreVMSnapshotAnswer")
def restore_vm_snapshot(host: Host, command: Message) -> Message:
    """After a start: the hypervisor learns again which snapshots the VM has."""
    for snapshot in command.body.get("snapshots") or ():
        with_memory = snapshot.get("type") == _WITH_MEMORY
        host.hypervisor.snapshot_domain(command.body["vmName"], snapshot["snapshotName"], with_memory)
    return done(API + "RestoreVMSnapshotAnswer", volumeTOs=command.body.get("volumeTOs") or [], vmState=POWER_ON)
