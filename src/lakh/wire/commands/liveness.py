"""Commands that find out who is alive, and fence who is not (agent-protocol 4.9)."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.wire import names
from lakh.wire.commands.compose import command
from lakh.wire.message import Message
from lakh.wire.objects.data import Fields


def check_health() -> Message:
    """Is the agent itself well? Asked first when a ping is late."""
    return command(names.CHECK_HEALTH)


def check_on_host(host: Fields, *, report_if_one_pool_failed: bool = False) -> Message:
    """Asks the suspect itself, then its neighbours, for the suspect's heartbeat on shared storage (`machine.host`)."""
    return command(names.CHECK_ON_HOST, host=host, reportIfHeartBeatFailedForOneStoragePool=report_if_one_pool_failed)


def check_vm_activity(host: Fields, *, pool: Fields, volume_paths: Sequence[str], suspect_seconds: int) -> Message:
    """Did the suspect's volumes on a pool change lately? Mind the answer: result true means no activity."""
    return command(
        names.CHECK_VM_ACTIVITY,
        host=host,
        pool=pool,
        volumeList="".join(f"{path}," for path in volume_paths),
        suspectTimeSeconds=suspect_seconds,
    )


def ping_host(address: str) -> Message:
    """Asks a neighbour whether it reaches the suspect host."""
    return command(names.PING_TEST, _computingHostIp=address)


def ping_router(*, router_ip: str, private_ip: str) -> Message:
    return command(names.PING_TEST, _routerIp=router_ip, _privateIp=private_ip)


def fence(
    vm_name: str, *, host: Fields, host_guid: str, host_ip: str, report_if_one_pool_failed: bool = False
) -> Message:
    """Asks a neighbour to make sure that a VM no longer runs on a lost host: true is safe to start it elsewhere."""
    return command(
        names.FENCE,
        vmName=vm_name,
        hostGuid=host_guid,
        hostIp=host_ip,
        inSeq=False,
        host=host,
        reportCheckFailureIfOneStorageIsDown=report_if_one_pool_failed,
    )
