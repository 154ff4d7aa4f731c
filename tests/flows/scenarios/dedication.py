"""Scenarios of dedicating places and ending that: zones, pods, clusters and hosts, all by the same steps."""

from __future__ import annotations

from typing import Any

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import account_of
from tests.flows.server import Server

from lakh.resources.account.row import AccountRow
from lakh.resources.affinity_group.row import AffinityGroupRow
from lakh.resources.dedication.row import DedicatedResourceRow
from lakh.resources.host.index import HostIndex


def _place(server: Server, noun: str) -> dict[str, Any]:
    host = server.world.made.hosts[0]
    places = {"Host": host.id, "Cluster": host.cluster_id, "Pod": host.pod_id, "Zone": host.zone_id}
    return {f"{noun.lower()}id": places[noun]}


async def _owner(server: Server) -> dict[str, Any]:
    account: AccountRow
    account, _ = await account_of(server)
    return {"account": account.name, "domainid": account.domain_id}


async def _is_dedicated(server: Server, noun: str, whether: bool) -> None:
    rows = await server.all(DedicatedResourceRow)
    assert [row.kind for row in rows] == [noun] * whether
    groups = [g for g in await server.all(AffinityGroupRow) if g.type == "ExplicitDedication"]
    assert [g.id for g in groups] == [row.group_id for row in rows]
    await server.cloud.part(HostIndex).refresh_places()
    columns = server.cloud.part(HostIndex).columns
    places = {"Zone": columns.zones, "Pod": columns.pods, "Cluster": columns.clusters}
    owners = list(columns._host_owner.values()) if noun == "Host" else places[noun].owner
    assert any(owners) == whether


def _scenarios(noun: str) -> None:
    async def dedicate(server: Server) -> Case:
        parameters = {**_place(server, noun), **await _owner(server)}
        return Case(parameters, lambda: _is_dedicated(server, noun, True), lambda: _is_dedicated(server, noun, False))

    async def release(server: Server) -> Case:
        await server.call(f"dedicate{noun}", **_place(server, noun), **await _owner(server))
        return Case(
            _place(server, noun), lambda: _is_dedicated(server, noun, False), lambda: _is_dedicated(server, noun, True)
        )

    scenario(f"dedicate{noun}")(dedicate)
    scenario(f"releaseDedicated{noun}")(release)


for _noun in ("Zone", "Pod", "Cluster", "Host"):
    _scenarios(_noun)
