"""deleteCluster: only one without hosts and storage pools."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import Call, SyncCommand
from lakh.resources.dedication.row import CLUSTER
from lakh.resources.dedication.row import END as END_DEDICATION
from lakh.resources.host.index import HostIndex
from lakh.resources.live import live
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError

_HOLDERS = {"host": "hosts", "storage_pool": "storage pools"}
DELETE = statement(
    "cluster.delete",
    "UPDATE cluster SET removed_ms = $2, allocation_state = 'Disabled' WHERE id = $1 AND removed_ms IS NULL"
    + "".join(
        f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE cluster_id = $1 AND removed_ms IS NULL)" for table in _HOLDERS
    ),
)
HOLDS = {
    table: statement(
        f"cluster.holds_{table}", f"SELECT 1 FROM {table} WHERE cluster_id = $1 AND removed_ms IS NULL LIMIT 1"
    )
    for table in _HOLDERS
}


class DeleteCluster(SyncCommand, roles=ADMIN):
    """Deletes a cluster."""

    id: Id = param("the cluster", required=True, entity="cluster")

    async def run(self, call: Call) -> None:
        cloud = call.cloud
        row = await live(cloud, ClusterRow, self.id, "id")
        txn = TxnSpec("deleteCluster").add(DELETE, row.id, cloud.now_ms())
        txn.add(END_DEDICATION, CLUSTER, row.id, expect=None)
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as held:
            left = [text for table, text in _HOLDERS.items() if await cloud.store.read(HOLDS[table], row.id)]
            raise ParameterError(
                f"Cluster {row.name} cannot be removed: it still has {' and '.join(left) or 'something'}"
            ) from held
        await cloud.part(HostIndex).refresh_places()
