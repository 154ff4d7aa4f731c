"""Keeps one secondary storage VM and one console proxy VM running per enabled zone (addendum 4.1, 4.2).

A zone is ready for them once it has a host that is Up, a system VM template, a pool that a host is connected to and,
for secondary storage, an image store. A stopped one is started; one that fails to start is destroyed, and the next pass
makes another. One whose host is down is stopped on paper and started elsewhere.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from lakh.base.errors import ApiError
from lakh.base.log import logger
from lakh.contract.declaration import spec_of
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import FAILED
from lakh.resources.command import Call, JobCommand, admit_job
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.storage_pool.row import CONNECTED_POOLS, StoragePoolRow
from lakh.resources.system import SYSTEM_CALLER
from lakh.resources.template.system import assume_system_templates, system_template
from lakh.resources.vm.row import CONSOLE_PROXY, OF_TYPE, SECONDARY_STORAGE, VmRow
from lakh.resources.zone.row import ZoneRow

log = logger(__name__)

_SWITCHES: Final = {SECONDARY_STORAGE: "enable.secstorage.vm", CONSOLE_PROXY: "enable.consoleproxy.vm"}


class SystemVms(Reconciler):
    """`_creating` is the job that makes a VM of a zone and type; `_starting` the one that starts a VM."""

    name: ClassVar[str] = "system VMs"
    tables: ClassVar[frozenset[str]] = frozenset(
        {"host", "zone", "image_store", "storage_pool", "storage_pool_host", "template_store", "vlan_range", "network"}
    )

    def __init__(self) -> None:
        self._creating: dict[tuple[int, str], str] = {}
        self._starting: dict[int, str] = {}

    def interval_seconds(self, cloud: Cloud) -> float:
        settings = cloud.part(Settings)
        scans = (settings.integer(f"{name}.capacityscan.interval") for name in ("secstorage", "consoleproxy"))
        return (min(scans) or 30_000) / 1000

    async def run(self, cloud: Cloud) -> None:
        await cloud.part(HostIndex).load()
        for store in await cloud.snapshots.of(ImageStoreRow):
            txn = await assume_system_templates(cloud, store)
            if txn.steps:
                await cloud.store.submit(txn)
        existing: dict[tuple[int, str], list[VmRow]] = {}
        for kind in _SWITCHES:
            for vm in await cloud.store.rows(OF_TYPE, kind):
                existing.setdefault((vm.zone_id, kind), []).append(vm)
        for zone in await cloud.snapshots.of(ZoneRow):
            if zone.allocation_state != "Enabled" or zone.is_edge:
                continue
            for kind in _SWITCHES:
                try:
                    await self._ensure(cloud, zone, kind, existing.get((zone.id, kind), []))
                except ApiError as error:
                    log.info("zone lacks something for its system VMs", zone=zone.name, type=kind, reason=error.text)

    # --- one zone, one type --------------------------------------------------------------------------------------
    async def _ensure(self, cloud: Cloud, zone: ZoneRow, kind: str, vms: list[VmRow]) -> None:
        if self._is_creating(cloud, zone, kind) or any([await cloud.worker.is_busy(vm.uuid) for vm in vms]):
            return
        for vm in vms:
            await self._rescue(cloud, vm)
        if any(vm.state not in ("Stopped", "Error") for vm in vms):
            return
        if not await is_ready(cloud, zone, kind):
            return
        for vm in vms:
            if self._failed_to_start(cloud, vm):
                del self._starting[vm.id]
                log.warning("system VM does not start; it is replaced", vm=vm.instance_name)
                await begin(cloud, "destroySystemVm", id=vm.id)
            else:
                self._starting[vm.id] = await begin(cloud, "startSystemVm", id=vm.id)
            return
        self._creating[zone.id, kind] = await begin(cloud, "createSystemVm", zoneid=zone.id, type=kind)

    def _is_creating(self, cloud: Cloud, zone: ZoneRow, kind: str) -> bool:
        job = cloud.worker.find(self._creating.get((zone.id, kind), ""))
        return job is not None and job.completed_ms is None

    def _failed_to_start(self, cloud: Cloud, vm: VmRow) -> bool:
        job = cloud.worker.find(self._starting.get(vm.id, ""))
        return vm.state == "Error" or (job is not None and job.status == FAILED)

    async def _rescue(self, cloud: Cloud, vm: VmRow) -> None:
        """Takes a VM off a host that is down, and ends one whose destruction was cut short."""
        if vm.state in ("Destroyed", "Expunging"):
            await begin(cloud, "destroySystemVm", id=vm.id)
            return
        host = cloud.part(HostIndex).facts.get(vm.host_id or 0)
        if vm.state == "Running" and (host is None or host.status == "Down"):
            log.warning("host of a system VM is down", vm=vm.instance_name, host=host.name if host else vm.host_id)
            await begin(cloud, "stopSystemVm", id=vm.id, forced=True)


async def is_ready(cloud: Cloud, zone: ZoneRow, kind: str) -> bool:
    """True when the zone has what a system VM of this type needs."""
    settings = cloud.part(Settings)
    if kind == CONSOLE_PROXY and settings.text("consoleproxy.management.state") not in ("", "Auto"):
        return False
    if switched_off(zone, kind):
        return False
    archs = {
        c.arch
        for c in cloud.part(HostIndex).census.conditions()
        if c.zone_id == zone.id and c.type == ROUTING and c.status == "Up" and c.resource_state == "Enabled"
        if c.connected
    }
    if not archs or await system_template(cloud, zone.id, archs) is None:
        return False
    stores = await cloud.snapshots.of(ImageStoreRow)
    if kind == SECONDARY_STORAGE and not any(s.zone_id == zone.id and not s.read_only for s in stores):
        return False
    pools = [pool.id for pool in await cloud.snapshots.of(StoragePoolRow) if _serves(cloud, zone, pool)]
    return bool(pools) and bool(await cloud.store.read(CONNECTED_POOLS, pools))


def switched_off(zone: ZoneRow, kind: str) -> bool:
    """True where the zone's details say that it has none of these."""
    return str(msgspec.json.decode(zone.details_json).get(_SWITCHES[kind], "true")).lower() == "false"


def _serves(cloud: Cloud, zone: ZoneRow, pool: StoragePoolRow) -> bool:
    local = cloud.part(Settings).flag("system.vm.use.local.storage", ("Zone", zone.id))
    return pool.zone_id == zone.id and pool.status == "Up" and (pool.scope == "HOST") == local


async def begin(cloud: Cloud, command: str, **parameters: object) -> str:
    """Starts a command as the system's own job; returns its uuid."""
    declaration = spec_of(command).declaration
    assert issubclass(declaration, JobCommand)
    job = await admit_job(declaration(**parameters), Call(cloud, SYSTEM_CALLER))
    return job.uuid
