"""Virtual routers: one whose host is down, or that stopped while Instances need it, is started elsewhere.

Nothing is asked of a host that is down. What a router knew is told anew with its start, so a move loses nothing but a
moment. Routers of networks without running Instances stay stopped until one starts.
"""

from __future__ import annotations

from typing import ClassVar

from lakh.base.errors import LakhError
from lakh.base.log import logger
from lakh.contract.declaration import spec_of
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.command import Call, JobCommand, admit_job
from lakh.resources.host.index import HostIndex
from lakh.resources.system import SYSTEM_CALLER
from lakh.resources.vm.row import VmRow
from lakh.store.statement import select

log = logger(__name__)

INTERVAL_SECONDS = 30.0

IN_NEED = select(
    "vm.routers_in_need",
    VmRow,
    "WHERE type = 'DomainRouter' AND type <> 'User' AND state = 'Stopped' AND removed_ms IS NULL AND EXISTS"
    " (SELECT 1 FROM nic JOIN vm AS guest ON guest.id = nic.vm_id WHERE nic.network_id = vm.network_id"
    " AND nic.removed_ms IS NULL AND guest.type = 'User' AND guest.state = 'Running' AND guest.removed_ms IS NULL)"
    " ORDER BY id LIMIT 500",
)
ON_HOSTS = select(
    "vm.routers_on_hosts",
    VmRow,
    "WHERE type = 'DomainRouter' AND type <> 'User' AND state = 'Running' AND host_id = ANY($1) AND removed_ms IS NULL"
    " ORDER BY id",
)


class Routers(Reconciler):
    """`_tried` counts the starts of a router in a row: one that does not start is tried ever more seldom."""

    name: ClassVar[str] = "routers"
    tables: ClassVar[frozenset[str]] = frozenset({"host"})

    def __init__(self) -> None:
        self._tried: dict[int, int] = {}
        self._pass = 0

    def interval_seconds(self, cloud: Cloud) -> float:
        return INTERVAL_SECONDS

    async def run(self, cloud: Cloud) -> None:
        self._pass += 1
        index = cloud.part(HostIndex)
        await index.load()
        down = [host.id for host in index.down()]
        if down:
            for router in await cloud.store.rows(ON_HOSTS, down):
                await self._begin(cloud, router, "stopRouter", forced=True)
        needed = await cloud.store.rows(IN_NEED)
        self._tried = {router.id: self._tried.get(router.id, 0) for router in needed}
        for router in needed:
            tried = self._tried[router.id]
            if self._pass % (1 << min(tried, 6)) == 0 and await self._begin(cloud, router, "startRouter"):
                self._tried[router.id] = tried + 1

    async def _begin(self, cloud: Cloud, router: VmRow, command: str, **parameters: bool) -> bool:
        """Starts the job, unless one works on the router already."""
        if await cloud.worker.is_busy(router.uuid):
            return False
        declaration = spec_of(command).declaration
        assert issubclass(declaration, JobCommand)
        log.info("healing router", router=router.instance_name, command=command)
        try:
            await admit_job(declaration(id=router.id, **parameters), Call(cloud, SYSTEM_CALLER))
        except LakhError as error:
            log.warning("router not healed", router=router.instance_name, command=command, reason=str(error))
            return False
        return True
