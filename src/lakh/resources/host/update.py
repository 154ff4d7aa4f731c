"""updateHost: name, tags, and whether a host takes new instances."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Strings
from lakh.resources.command import Call, SyncCommand
from lakh.resources.host.index import HostIndex
from lakh.resources.host.resource_state import live_host, move
from lakh.resources.host.row import HostRow
from lakh.resources.host.tags import set_tags
from lakh.resources.host.view import HostView, host_view
from lakh.store.statement import TxnSpec, statement

UPDATE = statement(
    "host.rename",
    "UPDATE host SET name = COALESCE($2, name), details_json = COALESCE($3, details_json)"
    " WHERE id = $1 AND removed_ms IS NULL",
)


class UpdateHost(SyncCommand, roles=ADMIN, answer=HostView):
    """Updates a host."""

    id: Id = param("the host", required=True, entity="host")
    name: str | None = param("a new name", since="4.15", roles=["Admin"])
    allocationstate: str | None = param("Enable, or Disable: it takes no new instances")
    hosttags: Strings = param("all tags that operators give it; an empty value removes them")
    annotation: str | None = param("a note on the host for other operators", since="4.11", roles=["Admin"])

    async def run(self, call: Call) -> HostView:
        cloud = call.cloud
        host = await live_host(cloud, self.id)
        index = cloud.part(HostIndex)
        await index.load()
        txn = TxnSpec("updateHost")
        tags = await set_tags(cloud, txn, host, self.hosttags) if call.has("hosttags") else None
        details = None
        if self.annotation is not None:
            known = msgspec.json.decode(host.details_json, type=dict[str, str])
            details = msgspec.json.encode(known | {"annotation": self.annotation}).decode()
        txn.add(UPDATE, host.id, self.name or None, details)
        self._move(txn, host)
        await cloud.store.submit(txn)
        changed = await live_host(cloud, host.id)
        index.upsert(msgspec.structs.replace(changed, status=index.facts[host.id].status), tags)
        return await host_view(cloud, changed)

    def _move(self, txn: TxnSpec, host: HostRow) -> None:
        if not self.allocationstate:
            return
        event = self.allocationstate.capitalize().removesuffix("d")
        if event not in ("Enable", "Disable"):
            raise ParameterError(f"Invalid parameter allocationstate {self.allocationstate}: give Enable or Disable")
        move(txn, host, event)
