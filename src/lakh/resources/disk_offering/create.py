"""createDiskOffering."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Details, Ids, Long
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.configuration.values import Settings
from lakh.resources.disk_offering.choices import (
    CACHE_MODES,
    PROVISIONING_TYPES,
    STORAGE_TYPES,
    check_iops,
    chosen,
    rates,
    tags,
)
from lakh.resources.disk_offering.row import INSERT, DiskOfferingRow
from lakh.resources.disk_offering.view import GIB, RATES, DiskOfferingView, disk_offering_view
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.offering_scope import restricted
from lakh.store.statement import TxnSpec


class CreateDiskOffering(SyncCommand, answer=DiskOfferingView, event="DISK.OFFERING.CREATE", roles=ADMINS):
    """Creates a disk offering."""

    name: str = param("name of the offering", required=True)
    displaytext: str | None = param("a longer name; the name by default", max_length=4096)
    disksize: Long | None = param("size in GiB; left out for a customized offering")
    customized: bool = param("whether the size comes with each volume", default=False)
    tags: str | None = param("storage tags, comma-separated", max_length=4096)
    domainid: Ids = param("the domains that may use it; all by default", entity="domain")
    zoneid: Ids = param("the zones it is offered in; all by default", entity="zone", since="4.13")
    storagetype: str | None = param("shared or local")
    provisioningtype: str | None = param("thin, sparse or fat")
    cachemode: str | None = param("none, writeback or writethrough", since="4.14")
    displayoffering: bool = param("show it to users", default=True)
    disksizestrictness: bool = param("whether a volume's size must stay what it is", default=False, since="4.17")
    encrypt: bool = param("volumes of it are encrypted", default=False, since="4.18")
    customizediops: bool | None = param("whether IOPS come with each volume")
    miniops: Long | None = param("least IOPS")
    maxiops: Long | None = param("most IOPS")
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
    details: Details = param("free details of the offering", since="4.16")

    async def run(self, call: Call) -> DiskOfferingView:
        row = await self._row(call)
        txn = TxnSpec("createDiskOffering").put(INSERT, row)
        text = f"Disk offering {row.name} created"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("DiskOffering", row.uuid)))
        await call.cloud.store.submit(txn)
        return await disk_offering_view(call.cloud, row)

    async def _row(self, call: Call) -> DiskOfferingRow:
        cloud = call.cloud
        domain_ids, zone_ids = await restricted(call, self.domainid, self.zoneid)
        custom_iops = bool(self.customizediops)
        check_iops(self.miniops, self.maxiops, custom=custom_iops)
        return DiskOfferingRow(
            id=cloud.id("disk_offering"),
            uuid=cloud.uuid(),
            name=self.name,
            unique_name=None,
            display_text=self.displaytext or self.name,
            disk_bytes=self._size(cloud.part(Settings).integer("custom.diskoffering.size.max")),
            is_customized=self.customized,
            tags=tags(self.tags),
            storage_type=chosen("storagetype", self.storagetype, STORAGE_TYPES),
            provisioning_type=chosen("provisioningtype", self.provisioningtype, PROVISIONING_TYPES),
            cache_mode=chosen("cachemode", self.cachemode, CACHE_MODES),
            compute_only=False,
            disk_size_strictness=self.disksizestrictness,
            encrypt=self.encrypt,
            min_iops=self.miniops,
            max_iops=self.maxiops,
            custom_iops=custom_iops,
            rates_json=msgspec.json.encode(rates({name: getattr(self, name) for name in RATES})).decode(),
            domain_ids=domain_ids,
            zone_ids=zone_ids,
            display_offering=self.displayoffering,
            details_json=msgspec.json.encode(self.details).decode(),
            state="Active",
            sort_key=0,
            created_ms=cloud.now_ms(),
        )

    def _size(self, most_gib: int) -> int:
        if self.customized:
            if self.disksize:
                raise ParameterError("disksize: a customized offering has no size of its own; leave it out")
            return 0
        if self.disksize is None or self.disksize < 1:
            raise ParameterError("disksize: give a size of 1 GiB or more, or customized=true")
        if most_gib and self.disksize > most_gib:
            raise ParameterError(f"disksize {self.disksize} is above the limit of {most_gib} GiB")
        return self.disksize * GIB
