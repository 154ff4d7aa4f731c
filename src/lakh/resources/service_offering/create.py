"""createServiceOffering: with a disk offering of its own for root disks, unless one is named."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id, Ids, Long, Pairs
from lakh.placement.request import IMPLICIT
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.configuration.values import Settings
from lakh.resources.deployment_planner.available import available_planners
from lakh.resources.disk_offering.choices import (
    CACHE_MODES,
    PROVISIONING_TYPES,
    STORAGE_TYPES,
    check_iops,
    chosen,
    rates,
    tags,
)
from lakh.resources.disk_offering.row import INSERT as INSERT_DISK_OFFERING
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.disk_offering.view import RATES
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.live import live
from lakh.resources.offering_scope import restricted
from lakh.resources.service_offering.row import INSERT, MODE, PREFERRED, STRICT, ServiceOfferingRow
from lakh.resources.service_offering.view import GIB, ServiceOfferingView, service_offering_view
from lakh.store.statement import TxnSpec

SYSTEM_VM_TYPES = ("domainrouter", "consoleproxy", "secondarystoragevm", "internalloadbalancervm")
LEAST_MEMORY_MB = 32
BOUNDS = ("mincpunumber", "maxcpunumber", "minmemory", "maxmemory")


class CreateServiceOffering(SyncCommand, answer=ServiceOfferingView, event="SERVICE.OFFERING.CREATE", roles=ADMINS):
    """Creates a service offering."""

    name: str = param("name of the offering", required=True)
    displaytext: str | None = param("a longer name; the name by default")
    cpunumber: int | None = param("number of CPUs")
    cpuspeed: int | None = param("CPU speed in MHz")
    memory: int | None = param("memory in MiB")
    customized: bool | None = param("whether CPUs and memory come with each Instance", since="4.13")
    mincpunumber: int | None = param("fewest CPUs of a customized offering", since="4.13")
    maxcpunumber: int | None = param("most CPUs of a customized offering", since="4.13")
    minmemory: int | None = param("least MiB of a customized offering", since="4.13")
    maxmemory: int | None = param("most MiB of a customized offering", since="4.13")
    offerha: bool = param("restart Instances elsewhere when their host is lost", default=False)
    limitcpuuse: bool = param("hold Instances to their CPU speed", default=False)
    isvolatile: bool = param("a fresh root disk at each reboot", default=False)
    issystem: bool = param("an offering for system VMs", default=False)
    systemvmtype: str | None = param("domainrouter, consoleproxy, secondarystoragevm or internalloadbalancervm")
    storagetype: str | None = param("shared or local")
    provisioningtype: str | None = param("thin, sparse or fat")
    cachemode: str | None = param("none, writeback or writethrough", since="4.14")
    tags: str | None = param("storage tags, comma-separated")
    hosttags: str | None = param("tag that hosts must have")
    domainid: Ids = param("the domains that may use it; all by default", entity="domain")
    zoneid: Ids = param("the zones it is offered in; all by default", entity="zone", since="4.13")
    networkrate: int | None = param("Mbit/s of each NIC; the setting's by default")
    deploymentplanner: str | None = param("the planner that places Instances of it")
    serviceofferingdetails: Pairs = param("free details: serviceofferingdetails[0].key, .value")
    diskofferingid: Id | None = param(
        "the disk offering of root disks, in place of one of its own", entity="disk_offering", since="4.17"
    )
    diskofferingstrictness: bool = param("whether root disks must keep that disk offering", default=False, since="4.17")
    dynamicscalingenabled: bool = param("whether Instances may be scaled while running", default=True, since="4.16")
    rootdisksize: Long | None = param("size of root disks in GiB", since="4.15")
    encryptroot: bool = param("root disks are encrypted", default=False, since="4.18")
    customizediops: bool | None = param("whether IOPS come with each root disk", since="4.4")
    miniops: Long | None = param("least IOPS", since="4.4")
    maxiops: Long | None = param("most IOPS", since="4.4")
    bytesreadrate: Long | None = param("bytes a second that may be read")
    bytesreadratemax: Long | None = param("bytes a second that may be read in a burst")
    bytesreadratemaxlength: Long | None = param("seconds of a burst of reading")
    byteswriterate: Long | None = param("bytes a second that may be written")
    byteswriteratemax: Long | None = param("bytes a second that may be written in a burst")
    byteswriteratemaxlength: Long | None = param("seconds of a burst of writing")
    iopsreadrate: Long | None = param("reads a second")
    iopsreadratemax: Long | None = param("reads a second in a burst")
    iopsreadratemaxlength: Long | None = param("seconds of a burst of reads")
    iopswriterate: Long | None = param("writes a second")
    iopswriteratemax: Long | None = param("writes a second in a burst")
    iopswriteratemaxlength: Long | None = param("seconds of a burst of writes")

    async def run(self, call: Call) -> ServiceOfferingView:
        domain_ids, zone_ids = await restricted(call, self.domainid, self.zoneid)
        txn = TxnSpec("createServiceOffering")
        if self.diskofferingid is not None:
            disk = await live(call.cloud, DiskOfferingRow, self.diskofferingid, "diskofferingid")
        else:
            disk = self._disk(call, domain_ids, zone_ids)
            txn.put(INSERT_DISK_OFFERING, disk)
        row = self._row(call, disk, domain_ids, zone_ids)
        txn.put(INSERT, row)
        text = f"Service offering {row.name} created"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("ServiceOffering", row.uuid)))
        await call.cloud.store.submit(txn)
        return await service_offering_view(call.cloud, row)

    def _disk(self, call: Call, domain_ids: str, zone_ids: str) -> DiskOfferingRow:
        """The disk offering of its own."""
        cloud, custom_iops = call.cloud, bool(self.customizediops)
        check_iops(self.miniops, self.maxiops, custom=custom_iops)
        return DiskOfferingRow(
            id=cloud.id("disk_offering"),
            uuid=cloud.uuid(),
            name=self.name,
            unique_name=None,
            display_text=self.displaytext or self.name,
            disk_bytes=self._root_disk_bytes(),
            is_customized=False,
            tags=tags(self.tags),
            storage_type=chosen("storagetype", self.storagetype, STORAGE_TYPES),
            provisioning_type=chosen("provisioningtype", self.provisioningtype, PROVISIONING_TYPES),
            cache_mode=chosen("cachemode", self.cachemode, CACHE_MODES),
            compute_only=True,
            disk_size_strictness=False,
            encrypt=self.encryptroot,
            min_iops=self.miniops,
            max_iops=self.maxiops,
            custom_iops=custom_iops,
            rates_json=msgspec.json.encode(rates({name: getattr(self, name) for name in RATES})).decode(),
            domain_ids=domain_ids,
            zone_ids=zone_ids,
            display_offering=True,
            details_json="{}",
            state="Active",
            sort_key=0,
            created_ms=cloud.now_ms(),
        )

    def _row(self, call: Call, disk: DiskOfferingRow, domain_ids: str, zone_ids: str) -> ServiceOfferingRow:
        cloud, customized = call.cloud, self._check_size(call.cloud.part(Settings))
        planners = available_planners(cloud)
        if self.deploymentplanner and self.deploymentplanner not in planners:
            raise ParameterError(
                f"Invalid name of deployment planner {self.deploymentplanner}: give one of {', '.join(planners)}"
            )
        if self.networkrate is not None and self.networkrate < 0:
            raise ParameterError(f"Invalid parameter networkrate {self.networkrate}: it must not be negative")
        return ServiceOfferingRow(
            id=cloud.id("service_offering"),
            uuid=cloud.uuid(),
            name=self.name,
            unique_name=None,
            display_text=self.displaytext or self.name,
            cpus=self.cpunumber,
            speed_mhz=self.cpuspeed,
            memory_mb=self.memory,
            ha_enabled=self.offerha,
            limit_cpu_use=self.limitcpuuse,
            is_volatile=self.isvolatile,
            is_system=self.issystem,
            system_vm_type=self._system_vm_type(call),
            default_use=False,
            is_customized=customized,
            dynamic_scaling=self.dynamicscalingenabled,
            host_tag=tags(self.hosttags),
            storage_tags=disk.tags,
            storage_type=disk.storage_type,
            provisioning_type=disk.provisioning_type,
            cache_mode=disk.cache_mode,
            root_disk_bytes=disk.disk_bytes,
            network_rate_mbps=self.networkrate,
            deployment_planner=self.deploymentplanner or None,
            domain_ids=domain_ids,
            zone_ids=zone_ids,
            disk_offering_id=disk.id,
            disk_offering_strictness=self.diskofferingstrictness,
            details_json=msgspec.json.encode(self._details()).decode(),
            state="Active",
            sort_key=0,
            created_ms=cloud.now_ms(),
        )

    def _check_size(self, settings: Settings) -> bool:
        """True for a customized offering. Raises ParameterError for sizes that no Instance could have."""
        for most, given in (
            (settings.integer("vm.serviceoffering.cpu.cores.max"), ("cpunumber", "maxcpunumber")),
            (settings.integer("vm.serviceoffering.ram.size.max"), ("memory", "maxmemory")),
        ):
            for name in given if most > 0 else ():
                if (value := getattr(self, name) or 0) > most:
                    raise ParameterError(
                        f"Failed to create service offering {self.name}: {name} {value} is more than {most}"
                    )
        fixed = (self.cpunumber, self.cpuspeed, self.memory)
        if all(value is None for value in fixed) or (self.customized and None in fixed):
            self._check_bounds()
            return True
        for name, value, least in (
            ("cpunumber", self.cpunumber, 1),
            ("cpuspeed", self.cpuspeed, 1),
            ("memory", self.memory, LEAST_MEMORY_MB),
        ):
            if value is None or value < least:
                raise ParameterError(
                    f"Failed to create service offering {self.name}: specify the {name} value between {least} and"
                    " 2147483647, or none of cpunumber, cpuspeed and memory for a customized offering"
                )
        return False

    def _check_bounds(self) -> None:
        for low, high, least in (("mincpunumber", "maxcpunumber", 1), ("minmemory", "maxmemory", LEAST_MEMORY_MB)):
            smallest, largest = getattr(self, low), getattr(self, high)
            if smallest is not None and smallest < least:
                raise ParameterError(f"Invalid parameter {low} {smallest}: it must be {least} or more")
            if smallest is not None and largest is not None and smallest > largest:
                raise ParameterError(f"Invalid parameter {low} {smallest}: it must not be above {high} {largest}")

    def _system_vm_type(self, call: Call) -> str | None:
        if not self.issystem:
            return None
        if not call.caller.is_root_admin:
            raise ParameterError("issystem: only root admins make offerings for system VMs")
        if (self.systemvmtype or "").lower() not in SYSTEM_VM_TYPES:
            raise ParameterError(f"Invalid systemvmtype {self.systemvmtype}: give one of {', '.join(SYSTEM_VM_TYPES)}")
        return (self.systemvmtype or "").lower()

    def _root_disk_bytes(self) -> int:
        if self.rootdisksize is not None and self.rootdisksize < 1:
            raise ParameterError("rootdisksize: give a size of 1 GiB or more")
        return (self.rootdisksize or 0) * GIB

    def _details(self) -> dict[str, str]:
        details = {d["key"]: d.get("value", "") for d in self.serviceofferingdetails if d.get("key")}
        mode = details.get(MODE, STRICT)
        if self.deploymentplanner == IMPLICIT and mode not in (STRICT, PREFERRED):
            raise ParameterError(
                f"serviceofferingdetails: {MODE} is {mode[:64]!r}; {IMPLICIT} takes {STRICT} or {PREFERRED}"
            )
        return details | {name: str(getattr(self, name)) for name in BOUNDS if getattr(self, name) is not None}
