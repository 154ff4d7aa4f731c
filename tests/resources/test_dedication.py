"""Zones, pods, clusters and hosts for one account or domain alone: who is placed there, and who is not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api import Api
from tests.resources.vm.conftest import Stage, stage

from lakh.resources.host.index import HostIndex

__all__ = ["stage"]
NOUNS = ("Host", "Cluster", "Pod", "Zone")


async def ids(stage: Stage) -> dict[str, str]:
    """Of the first host and of what it stands in: parameter to uuid."""
    host = (await stage.admin.call("listHosts", id=stage.world.made.hosts[0].uuid))["host"][0]
    places = {name: host[name] for name in ("clusterid", "podid", "zoneid")}
    return {"hostid": host["id"], **places}


async def domain_of(stage: Stage, account: str) -> str:
    found = (await stage.admin.call("listAccounts", name=account, listall=True))["account"][0]
    uuid: str = found["domainid"]
    return uuid


async def dedicate(stage: Stage, noun: str, **owner: Any) -> dict[str, Any]:
    place = (await ids(stage))[f"{noun.lower()}id"]
    made = await stage.job(stage.admin, f"dedicate{noun}", **{f"{noun.lower()}id": place}, **owner)
    found: dict[str, Any] = made[f"dedicated{noun.lower()}"]
    return found


@pytest.mark.parametrize("noun", NOUNS)
async def test_only_its_owner_is_placed_there_and_only_in_its_group(stage: Stage, noun: str) -> None:
    joe, ann = await stage.api.user("joe"), await stage.api.user("ann")
    owner = {"account": "joe", "domainid": await domain_of(stage, "joe")}
    made = await dedicate(stage, noun, **owner)
    known = (await ids(stage))[f"{noun.lower()}id"]
    assert made[f"{noun.lower()}id"] == known
    listed = await stage.admin.call(f"listDedicated{noun}s", affinitygroupid=made["affinitygroupid"])
    assert listed["count"] == 1
    assert listed[f"dedicated{noun.lower()}"][0]["id"] == made["id"]
    part = made[f"{noun.lower()}name"][1:].upper()
    assert (await stage.admin.call(f"listDedicated{noun}s", keyword=part, **owner))["count"] == 1
    assert await stage.admin.call(f"listDedicated{noun}s", keyword="no such name") == {}

    dedicated = {host.uuid for host in stage.world.made.hosts[: 1 if noun == "Host" else 4]}
    inside = await stage.deploy(joe, affinitygroupids=made["affinitygroupid"])
    shown = await stage.vm(inside["id"])
    assert shown is not None
    assert shown["hostid"] in dedicated
    wanted = stage.world.deploy_parameters()
    if noun == "Host":
        for _ in range(4):
            outside = await stage.vm((await stage.deploy(ann))["id"])
            assert outside is not None
            assert outside["hostid"] not in dedicated
    else:
        await stage.job_fails(ann, "deployVirtualMachine", "insufficient capacity", **wanted)
        await stage.job_fails(stage.admin, "deployVirtualMachine", "4 ruled out by dedication", **wanted)
    other = stage.world.deploy_parameters(affinitygroupids=made["affinitygroupid"])
    with pytest.raises(Exception, match="does not belong to the account"):
        await stage.job(ann, "deployVirtualMachine", **other)

    await stage.job(stage.admin, f"releaseDedicated{noun}", **{f"{noun.lower()}id": known})
    assert await stage.admin.call(f"listDedicated{noun}s") == {}
    assert (await stage.deploy(ann))["state"] == "Running"


async def test_a_domains_place_is_for_all_below_it(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    made = await dedicate(stage, "Host", domainid=await domain_of(stage, "joe"))
    assert "accountid" not in made
    vm = await stage.vm((await stage.deploy(joe, affinitygroupids=made["affinitygroupid"]))["id"])
    assert vm is not None
    assert vm["hostid"] == made["hostid"]


async def test_what_cannot_be_dedicated(stage: Stage) -> None:
    await stage.api.user("joe")
    await stage.api.user("ann")
    joe = {"account": "joe", "domainid": await domain_of(stage, "joe")}
    ann = {"account": "ann", "domainid": await domain_of(stage, "ann")}
    places = await ids(stage)
    host, cluster = {"hostid": places["hostid"]}, {"clusterid": places["clusterid"]}
    await stage.deploy(hostid=places["hostid"])
    await_text = "of another owner runs there"
    with pytest.raises(Exception, match=await_text):
        await stage.job(stage.admin, "dedicateHost", **host, **joe)
    with pytest.raises(Exception, match="it is not dedicated"):
        await stage.job(stage.admin, "releaseDedicatedHost", **host)
    last = {"hostid": stage.world.made.hosts[3].uuid}
    await stage.job(stage.admin, "dedicateHost", **last, **joe)
    with pytest.raises(Exception, match="it is dedicated already; release it first"):
        await stage.job(stage.admin, "dedicateHost", **last, **ann)
    with pytest.raises(Exception, match=await_text):
        await stage.job(stage.admin, "dedicateCluster", **cluster, **joe)


async def test_a_host_in_anothers_cluster_is_not_ones_own(stage: Stage) -> None:
    for name in ("joe", "ann"):
        await stage.api.user(name)
    await dedicate(stage, "Cluster", account="joe", domainid=await domain_of(stage, "joe"))
    ann = {"account": "ann", "domainid": await domain_of(stage, "ann")}
    with pytest.raises(Exception, match="is dedicated to another"):
        await stage.job(stage.admin, "dedicateHost", hostid=(await ids(stage))["hostid"], **ann)


async def test_dedications_are_there_after_a_restart_and_end_with_their_host(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    made = await dedicate(stage, "Host", account="joe", domainid=await domain_of(stage, "joe"))
    restarted = HostIndex(stage.api.cloud)
    await restarted.load()
    assert restarted.columns._host_owner == stage.api.cloud.part(HostIndex).columns._host_owner != {}
    await stage.admin.call("deleteHost", id=made["hostid"], forced=True)
    assert await stage.admin.call("listDedicatedHosts") == {}
    wanted = stage.world.deploy_parameters(affinitygroupids=made["affinitygroupid"])
    await stage.job_fails(joe, "deployVirtualMachine", "insufficient capacity", **wanted)


async def test_lists_name_who_is_meant() -> None:
    api = await Api.start()
    with pytest.raises(Exception, match="Account must be specified with domainid"):
        await api.admin.call("listDedicatedZones", account="joe")
    await api.stop()
