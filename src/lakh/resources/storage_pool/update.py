"""updateStoragePool: name, tags, details, and whether a pool takes new volumes."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Details, Id, Long, Strings
from lakh.resources.command import Call, SyncCommand
from lakh.resources.live import live
from lakh.resources.storage_pool.row import SET_DETAILS, StoragePoolRow
from lakh.resources.storage_pool.states import move
from lakh.resources.storage_pool.view import StoragePoolView, pool_view
from lakh.store.statement import TxnSpec, statement

UPDATE = statement(
    "storage_pool.update",
    "UPDATE storage_pool SET name = COALESCE($2, name), tags = COALESCE($3, tags),"
    " capacity_iops = COALESCE($4, capacity_iops) WHERE id = $1 AND removed_ms IS NULL",
)


class UpdateStoragePool(SyncCommand, roles=ADMIN, answer=StoragePoolView, since="3.0.0"):
    """Updates a storage pool. What is not given stays as it is."""

    id: Id = param("the pool", required=True, entity="storage_pool")
    name: str | None = param("a new name", since="4.15")
    tags: Strings = param("all its tags; an empty value removes them")
    istagarule: bool | None = param("the tags are a rule in JavaScript")
    capacitybytes: Long | None = param("bytes of a managed pool; others tell theirs themselves")
    capacityiops: Long | None = param("IOPS of the pool")
    details: Details = param("free details to add or change", since="4.19.0")
    enabled: bool | None = param("false: it takes no new volumes; true: it does again")

    async def run(self, call: Call) -> StoragePoolView:
        cloud = call.cloud
        pool = await live(cloud, StoragePoolRow, self.id, "id")
        if self.capacitybytes is not None and not pool.managed:
            raise ParameterError(f"Storage pool {pool.name} tells its size itself: leave capacitybytes out")
        tags = ",".join(t.strip() for t in self.tags) if call.has("tags") else None
        txn = TxnSpec("updateStoragePool").add(UPDATE, pool.id, self.name or None, tags, self.capacityiops)
        details = msgspec.json.decode(pool.details_json, type=dict[str, str]) | self.details
        if self.istagarule is not None:
            details["istagarule"] = str(self.istagarule).lower()
        if self.details or self.istagarule is not None:
            txn.add(SET_DETAILS, pool.id, msgspec.json.encode(details).decode())
        if self.enabled is not None and self.enabled is (pool.status == "Disabled"):
            move(txn, pool, "Enable" if self.enabled else "Disable")
        await cloud.store.submit(txn)
        return await pool_view(cloud, pool.id)
