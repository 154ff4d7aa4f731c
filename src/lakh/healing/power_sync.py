"""Ends the grace of VMs that their hosts no longer report, and compares every host with the store now and then.

The grace is two ping intervals. At its end the host is asked once more: only a VM that it does not run is stopped. A
host that cannot be asked keeps its VMs: what becomes of them is for host liveness to say.
"""

from __future__ import annotations

from typing import ClassVar, Final

from lakh.base.errors import ApiError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import PENDING_ON
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.host.reach import ask
from lakh.resources.vm.power_report import HOSTS_AT_ONCE, ON, PowerReports, compare, stop_out_of_band
from lakh.resources.vm.row import BY_IDS, MISSING, SEEN, VmRow
from lakh.store.statement import TxnSpec
from lakh.wire.commands import vm as commands

log = logger(__name__)

GRACE_PINGS: Final = 2
ROUND_PASSES: Final = 20
"""Passes in which every host is compared once."""


class PowerSync(Reconciler):
    """`_after` is the host up to which the present round has come."""

    name: ClassVar[str] = "power sync"

    def __init__(self) -> None:
        self._after = 0

    def interval_seconds(self, cloud: Cloud) -> float:
        return (cloud.part(Settings).integer("ping.interval") or 60) / 2

    async def run(self, cloud: Cloud) -> None:
        await self._end_grace(cloud)
        await self._compare_some(cloud)

    async def _end_grace(self, cloud: Cloud) -> None:
        grace_ms = GRACE_PINGS * 1000 * (cloud.part(Settings).integer("ping.interval") or 60)
        missing = {row.vm_id: row for row in await cloud.store.rows(MISSING, cloud.now_ms() - grace_ms)}
        if not missing:
            return
        vms = await cloud.store.rows(BY_IDS, sorted(missing))
        busy = {row[0] for row in await cloud.store.read(PENDING_ON, [vm.uuid for vm in vms])}
        settled: list[int] = []
        for vm in vms:
            if vm.uuid in busy:
                continue
            host_id = missing[vm.id].host_id
            runs = vm.state == "Running" and vm.host_id == host_id
            if runs and host_id is not None and not await self._settled(cloud, vm, host_id):
                continue
            settled.append(vm.id)
        if settled:
            await cloud.store.submit(TxnSpec("vm.settled").add(SEEN, settled, expect=None))

    async def _settled(self, cloud: Cloud, vm: VmRow, host_id: int) -> bool:
        """Stops the VM unless its host runs it after all. False while the host cannot be asked."""
        if cloud.part(PowerReports).runs(host_id, vm.instance_name):
            return True
        try:
            answer = (await ask(cloud, host_id, commands.check(vm.instance_name), patience_seconds=0))[0]
            if not answer.result or answer.body.get("state") != ON:
                await stop_out_of_band(cloud, vm, host_id)
        except (HostUnreachableError, ApiError) as error:
            log.info("missing VM waits", vm=vm.instance_name, host=host_id, reason=str(error))
            return False
        return True

    async def _compare_some(self, cloud: Cloud) -> None:
        hosts = sorted(i for i in cloud.part(PowerReports).last if i in cloud.part(HostIndex).facts)
        ahead = [i for i in hosts if i > self._after] or hosts
        share = ahead[: len(hosts) // ROUND_PASSES + 1]
        for start in range(0, len(share), HOSTS_AT_ONCE):
            await compare(cloud, share[start : start + HOSTS_AT_ONCE])
        self._after = share[-1] if share else 0
