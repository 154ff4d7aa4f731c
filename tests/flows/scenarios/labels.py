"""Scenarios of what is put on things: tags, affinity groups, alerts."""

from __future__ import annotations

from typing import Any

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import fresh, stopped
from tests.flows.server import Server

from lakh.resources.affinity_group.row import AffinityGroupRow, AffinityMemberRow
from lakh.resources.alert.row import AlertRow
from lakh.resources.tag.row import TagRow
from lakh.resources.vm.row import VmRow
from lakh.store.statement import select

MEMBERS = select("test.members", AffinityMemberRow, "ORDER BY group_id, vm_id")
TAGS = select("test.tags", TagRow, "ORDER BY id")
ALERTS = select("test.alerts", AlertRow, "ORDER BY id")


@scenario("createTags")
async def tag(server: Server) -> Case:
    vm = await stopped(server)

    async def tags() -> list[str]:
        return [t.tag_key for t in await server.store.rows(TAGS) if t.resource_id == vm.id]

    async def succeeded() -> None:
        assert await tags() == ["colour"]

    async def failed() -> None:
        assert await tags() == []

    return Case(_tags(vm), succeeded, failed)


def _tags(vm: VmRow) -> dict[str, Any]:
    return {"resourceids": [vm.uuid], "resourcetype": "UserVm", "tags": [{"key": "colour", "value": "blue"}]}


@scenario("deleteTags")
async def untag(server: Server) -> Case:
    vm = await stopped(server)
    await server.call("createTags", **_tags(vm))

    async def tags() -> int:
        return len([t for t in await server.store.rows(TAGS) if t.resource_id == vm.id])

    async def succeeded() -> None:
        assert await tags() == 0

    async def failed() -> None:
        assert await tags() == 1

    return Case(_tags(vm), succeeded, failed)


async def _group(server: Server) -> AffinityGroupRow:
    made = await server.call("createAffinityGroup", name=fresh("group"), type="host anti-affinity")
    return await server.find(AffinityGroupRow, made["id"])


@scenario("createAffinityGroup")
async def group(server: Server) -> Case:
    name = fresh("group")

    async def there() -> None:
        assert name in {g.name for g in await server.all(AffinityGroupRow)}

    return Case({"name": name, "type": "host anti-affinity"}, there, there)


async def _members(server: Server, row: AffinityGroupRow) -> list[int]:
    return [m.vm_id for m in await server.store.rows(MEMBERS) if m.group_id == row.id]


@scenario("updateVMAffinityGroup")
async def join(server: Server) -> Case:
    vm, before, after = await stopped(server), await _group(server), await _group(server)
    await server.call("updateVMAffinityGroup", id=vm.id, affinitygroupids=[before.id])

    async def succeeded() -> None:
        assert (await _members(server, before), await _members(server, after)) == ([], [vm.id])

    async def failed() -> None:
        assert sorted(await _members(server, before) + await _members(server, after)) == [vm.id]

    return Case({"id": vm.id, "affinitygroupids": [after.id]}, succeeded, failed)


@scenario("deleteAffinityGroup")
async def ungroup(server: Server) -> Case:
    vm, row = await stopped(server), await _group(server)
    await server.call("updateVMAffinityGroup", id=vm.id, affinitygroupids=[row.id])

    async def succeeded() -> None:
        assert (await server.row(AffinityGroupRow, row.id)).removed_ms is not None
        assert await _members(server, row) == []

    async def failed() -> None:
        assert await _members(server, row) == [vm.id]

    return Case({"id": row.id}, succeeded, failed)


@scenario("generateAlert")
async def alert(server: Server) -> Case:
    name = fresh("alert")

    async def raised() -> int:
        return len([a for a in await server.store.rows(ALERTS) if a.name == name])

    async def succeeded() -> None:
        assert await raised() == 1

    async def failed() -> None:
        assert await raised() == 0

    return Case({"type": 7, "name": name, "description": "smoke"}, succeeded, failed)
