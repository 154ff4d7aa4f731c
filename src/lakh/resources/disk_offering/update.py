"""updateDiskOffering."""

from __future__ import annotations

import msgspec

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id, Long
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.disk_offering.choices import CACHE_MODES, chosen, rates, tags
from lakh.resources.disk_offering.row import UPDATE, DiskOfferingRow
from lakh.resources.disk_offering.view import RATES, DiskOfferingView, disk_offering_view
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.live import flag_state, live
from lakh.resources.offering_scope import changed, check_touch
from lakh.store.statement import TxnSpec


class UpdateDiskOffering(SyncCommand, answer=DiskOfferingView, event="DISK.OFFERING.EDIT", roles=ADMINS):
    """Updates a disk offering."""

    id: Id = param("the disk offering", required=True, entity="disk_offering")
    name: str | None = param("another name")
    displaytext: str | None = param("another longer name", max_length=4096)
    sortkey: int | None = param("its place in lists")
    displayoffering: bool | None = param("show it to users")
    state: str | None = param("Active or Inactive")
    tags: str | None = param("storage tags, comma-separated; the empty text takes them away", since="4.15")
    domainid: str | None = param("public, or the domains that may use it", max_length=4096, since="4.13")
    zoneid: str | None = param("all, or the zones it is offered in", max_length=4096, since="4.13")
    cachemode: str | None = param("none, writeback or writethrough", since="4.15")
    bytesreadrate: Long | None = param("bytes a second that may be read", since="4.15")
    bytesreadratemax: Long | None = param("bytes a second that may be read in a burst", since="4.15")
    bytesreadratemaxlength: Long | None = param("seconds of a burst of reading", since="4.15")
    byteswriterate: Long | None = param("bytes a second that may be written", since="4.15")
    byteswriteratemax: Long | None = param("bytes a second that may be written in a burst", since="4.15")
    byteswriteratemaxlength: Long | None = param("seconds of a burst of writing", since="4.15")
    iopsreadrate: Long | None = param("reads a second", since="4.15")
    iopsreadratemax: Long | None = param("reads a second in a burst", since="4.15")
    iopsreadratemaxlength: Long | None = param("seconds of a burst of reads", since="4.15")
    iopswriterate: Long | None = param("writes a second", since="4.15")
    iopswriteratemax: Long | None = param("writes a second in a burst", since="4.15")
    iopswriteratemaxlength: Long | None = param("seconds of a burst of writes", since="4.15")

    async def run(self, call: Call) -> DiskOfferingView:
        cloud = call.cloud
        row = await live(cloud, DiskOfferingRow, self.id, "id")
        await check_touch(call, row, f"disk offering {row.name}")
        domain_ids, zone_ids = await changed(call, row, self.domainid, self.zoneid)
        known = msgspec.json.decode(row.rates_json, type=dict[str, int])
        given = rates({name: getattr(self, name) for name in RATES})
        row = msgspec.structs.replace(
            row,
            name=self.name or row.name,
            display_text=self.displaytext or row.display_text,
            sort_key=row.sort_key if self.sortkey is None else self.sortkey,
            display_offering=row.display_offering if self.displayoffering is None else self.displayoffering,
            state=flag_state("state", self.state, ("Active", "Inactive")) or row.state,
            tags=tags(self.tags) if call.has("tags") else row.tags,
            domain_ids=domain_ids,
            zone_ids=zone_ids,
            rates_json=msgspec.json.encode(known | given).decode(),
            cache_mode=chosen("cachemode", self.cachemode, CACHE_MODES) if self.cachemode else row.cache_mode,
        )
        txn = TxnSpec("updateDiskOffering")
        txn.add(
            UPDATE, row.id, row.name, row.display_text, row.sort_key, row.display_offering, row.state, row.tags,
            row.domain_ids, row.zone_ids, row.rates_json, row.cache_mode,
        )  # fmt: skip
        text = f"Disk offering {row.name} updated"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("DiskOffering", row.uuid)))
        await cloud.store.submit(txn)
        return await disk_offering_view(cloud, row)
