"""deletePod: only one without clusters, hosts and instances."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.dedication.row import END as END_DEDICATION
from lakh.resources.dedication.row import POD
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.live import live
from lakh.resources.pod.row import PodRow
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError

_HOLDERS = {"cluster": "clusters", "host": "hosts", "vlan_range": "VLAN IP ranges", "storage_pool": "storage pools"}
DELETE = statement(
    "pod.delete",
    "UPDATE pod SET removed_ms = $2, allocation_state = 'Disabled' WHERE id = $1 AND removed_ms IS NULL"
    + "".join(
        f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE pod_id = $1 AND removed_ms IS NULL)" for table in _HOLDERS
    ),
)
HOLDS = {
    table: statement(f"pod.holds_{table}", f"SELECT 1 FROM {table} WHERE pod_id = $1 AND removed_ms IS NULL LIMIT 1")
    for table in _HOLDERS
}


class DeletePod(SyncCommand, roles=ADMIN, event="POD.DELETE"):
    """Deletes a Pod."""

    id: Id = param("the pod", required=True, entity="pod")

    async def run(self, call: Call) -> None:
        cloud = call.cloud
        row = await live(cloud, PodRow, self.id, "id")
        txn = TxnSpec("deletePod").add(DELETE, row.id, cloud.now_ms()).add(END_DEDICATION, POD, row.id, expect=None)
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"Pod {row.name} deleted", ("Pod", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as held:
            left = [text for table, text in _HOLDERS.items() if await cloud.store.read(HOLDS[table], row.id)]
            raise ParameterError(
                f"The pod {row.name} is not deletable because there are {', '.join(left) or 'things'} in this pod"
            ) from held
        await cloud.part(HostIndex).refresh_places()
