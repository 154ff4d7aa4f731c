"""deleteZone: only one in which nothing is left."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.dedication.row import END as END_DEDICATION
from lakh.resources.dedication.row import ZONE
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.live import live
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError

_HOLDERS = {
    "pod": "pods",
    "host": "hosts",
    "physical_network": "physical networks",
    "vm": "instances",
    "volume": "volumes",
    "image_store": "image stores",
    "storage_pool": "storage pools",
}
_RARE = "zones are hardly ever deleted, and volumes have no index by zone"
DELETE = statement(
    "zone.delete",
    "UPDATE zone SET removed_ms = $2, allocation_state = 'Disabled' WHERE id = $1 AND removed_ms IS NULL"
    + "".join(
        f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE zone_id = $1 AND removed_ms IS NULL)" for table in _HOLDERS
    ),
    full_scan=_RARE,
)
HOLDS = {
    table: statement(
        f"zone.holds_{table}",
        f"SELECT 1 FROM {table} WHERE zone_id = $1 AND removed_ms IS NULL LIMIT 1",
        full_scan=_RARE if table == "volume" else "",
    )
    for table in _HOLDERS
}


class DeleteZone(SyncCommand, roles=ADMIN, event="ZONE.DELETE"):
    """Deletes a Zone."""

    id: Id = param("the zone", required=True, entity="zone")

    async def run(self, call: Call) -> None:
        cloud = call.cloud
        row = await live(cloud, ZoneRow, self.id, "id")
        txn = TxnSpec("deleteZone").add(DELETE, row.id, cloud.now_ms())
        txn.add(END_DEDICATION, ZONE, row.id, expect=None)
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"Zone {row.name} deleted", ("Zone", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as held:
            left = [text for table, text in _HOLDERS.items() if await cloud.store.read(HOLDS[table], row.id)]
            raise ParameterError(
                f"The zone {row.name} is not deletable because there are {', '.join(left) or 'things'} in this zone"
            ) from held
        await cloud.part(HostIndex).refresh_places()
