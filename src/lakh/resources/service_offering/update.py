"""updateServiceOffering: names, place in lists, tags, for whom and where. What Instances get does not change."""

from __future__ import annotations

import msgspec

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.disk_offering.choices import tags
from lakh.resources.disk_offering.row import SET_TAGS
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.live import flag_state, live
from lakh.resources.offering_scope import changed, check_touch
from lakh.resources.service_offering.row import UPDATE, ServiceOfferingRow
from lakh.resources.service_offering.view import ServiceOfferingView, service_offering_view
from lakh.store.statement import TxnSpec


class UpdateServiceOffering(SyncCommand, answer=ServiceOfferingView, event="SERVICE.OFFERING.EDIT", roles=ADMINS):
    """Updates a service offering."""

    id: Id = param("the service offering", required=True, entity="service_offering")
    name: str | None = param("another name")
    displaytext: str | None = param("another longer name")
    sortkey: int | None = param("its place in lists")
    state: str | None = param("Active or Inactive")
    hosttags: str | None = param("tag that hosts must have; the empty text takes it away", since="4.16")
    storagetags: str | None = param("storage tags, comma-separated; the empty text takes them away", since="4.16")
    domainid: str | None = param("public, or the domains that may use it", max_length=4096)
    zoneid: str | None = param("all, or the zones it is offered in", max_length=4096, since="4.13")

    async def run(self, call: Call) -> ServiceOfferingView:
        cloud = call.cloud
        row = await live(cloud, ServiceOfferingRow, self.id, "id")
        await check_touch(call, row, f"service offering {row.name}")
        domain_ids, zone_ids = await changed(call, row, self.domainid, self.zoneid)
        row = msgspec.structs.replace(
            row,
            name=self.name or row.name,
            display_text=self.displaytext or row.display_text,
            sort_key=row.sort_key if self.sortkey is None else self.sortkey,
            state=flag_state("state", self.state, ("Active", "Inactive")) or row.state,
            host_tag=tags(self.hosttags) if call.has("hosttags") else row.host_tag,
            storage_tags=tags(self.storagetags) if call.has("storagetags") else row.storage_tags,
            domain_ids=domain_ids,
            zone_ids=zone_ids,
        )
        txn = TxnSpec("updateServiceOffering")
        txn.add(
            UPDATE, row.id, row.name, row.display_text, row.sort_key, row.state, row.host_tag, row.storage_tags,
            row.domain_ids, row.zone_ids,
        )  # fmt: skip
        if call.has("storagetags") and row.disk_offering_id is not None:
            txn.add(SET_TAGS, row.disk_offering_id, row.storage_tags, expect=None)
        text = f"Service offering {row.name} updated"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("ServiceOffering", row.uuid)))
        await cloud.store.submit(txn)
        return await service_offering_view(cloud, row)
