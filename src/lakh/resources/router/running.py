"""The running router of a network, remembered: who starts or stops one says so; a host that denies it counts too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lakh.jobs.cloud import Cloud
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.nic.row import NicRow
from lakh.resources.vm.row import ROUTERS_OF_NETWORK, VmRow
from lakh.store.changes import changed_by
from lakh.store.statement import Step
from lakh.wire.commands.router import access_details


class RunningRouter(NamedTuple):
    """How a router is reached: by the host it runs on, through its link-local address."""

    vm_id: int
    name: str
    host_id: int
    control_ip: str
    guest_ip: str
    zone_type: str = "Advanced"

    @property
    def access(self) -> dict[str, str]:
        """The accessDetails of commands about guests."""
        return access_details(
            control_ip=self.control_ip, router_name=self.name, guest_ip=self.guest_ip, zone_type=self.zone_type
        )


class RunningRouters:
    """A part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._known: dict[int, RunningRouter] = {}
        self._networks: dict[int, int] = {}  # of those known, by the router's VM
        cloud.store.follow_others("vm", self._others)

    async def of(self, network_id: int) -> RunningRouter | None:
        """The router that serves the network now; None when none runs."""
        known = self._known.get(network_id)
        if known is not None:
            return known
        for vm in await self._cloud.store.rows(ROUTERS_OF_NETWORK, network_id):
            if vm.state == "Running" and vm.host_id is not None:
                found = reached(vm, vm.host_id, await self._cloud.store.rows(NICS_OF_VM, vm.id))
                self._known[network_id] = found
                self._networks[vm.id] = network_id
                return found
        return None

    def _others(self, steps: Sequence[Step]) -> None:
        """Another process has changed VMs: those of them that are routers may run elsewhere now."""
        for step in steps:
            how = changed_by(step.statement)
            if how is None or how.many or how.column:
                self._known.clear()
                self._networks.clear()
            elif (network_id := self._networks.pop(step.arguments[how.place], None)) is not None:
                self.forget(network_id)

    def forget(self, network_id: int | None) -> None:
        """Something about the network's routers has changed."""
        self._known.pop(network_id or 0, None)


def reached(vm: VmRow, host_id: int, nics: list[NicRow]) -> RunningRouter:
    """The router as it is reached on that host."""
    ips = {nic.traffic_type: nic.ip or "" for nic in nics}
    return RunningRouter(vm.id, vm.instance_name, host_id, ips.get("Control", ""), ips.get("Guest", ""))
