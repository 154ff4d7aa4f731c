"""Moving running VMs: where to, what happens on the way, what is left of a move that failed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError


def other_host(stage: Stage, vm: dict[str, Any]) -> Any:
    return next(h for h in stage.world.made.hosts if h.uuid != vm["hostid"])


async def test_a_vm_moves_to_a_named_host(stage: Stage) -> None:
    vm = await stage.deploy()
    to = other_host(stage, vm)
    moved = await stage.job(stage.admin, "migrateVirtualMachine", virtualmachineid=vm["id"], hostid=to.uuid)
    assert (moved["virtualmachine"]["state"], moved["virtualmachine"]["hostid"]) == ("Running", to.uuid)
    assert stage.world.running() == {vm["instancename"]: [to.id]}
    await stage.world.check()
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    started = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert started["hostid"] == to.uuid, "that is its last host now"


async def test_a_host_is_found(stage: Stage) -> None:
    vm = await stage.deploy()
    moved = await stage.job(stage.admin, "migrateVirtualMachine", virtualmachineid=vm["id"])
    assert moved["virtualmachine"]["hostid"] != vm["hostid"]
    await stage.world.check()


async def test_a_host_that_is_not_ready_gives_way_to_another(stage: Stage) -> None:
    vm = await stage.deploy()
    refused: list[int] = []

    def refuse(host: int, command: Any) -> str:
        if command.name == "PrepareForMigrationCommand" and not command.body.get("rollback") and not refused:
            refused.append(host)
            return "not ready"
        return ""

    stage.hosts.refuse = refuse
    moved = (await stage.job(stage.admin, "migrateVirtualMachine", virtualmachineid=vm["id"]))["virtualmachine"]
    assert moved["hostid"] != vm["hostid"]
    assert stage.host_id(moved) not in refused
    await stage.world.check()


@pytest.mark.parametrize("command", ["PrepareForMigrationCommand", "MigrateCommand"])
async def test_a_refusal_leaves_it_where_it_was(stage: Stage, command: str) -> None:
    vm = await stage.deploy()
    stage.hosts.refuse = lambda _host, asked: (
        "cannot" if asked.name == command and not asked.body.get("rollback") else ""
    )
    to = other_host(stage, vm)
    error = await stage.job_fails(
        stage.admin, "migrateVirtualMachine", "cannot", virtualmachineid=vm["id"], hostid=to.uuid
    )
    assert error.errorcode == 534
    found = await stage.vm(vm["id"])
    assert found is not None
    assert (found["state"], found["hostid"]) == ("Running", vm["hostid"])
    await stage.world.check()
    stage.hosts.refuse = lambda _host, _command: ""
    await stage.job(stage.admin, "migrateVirtualMachine", virtualmachineid=vm["id"], hostid=to.uuid)


async def test_a_lost_answer_is_no_failure(stage: Stage) -> None:
    vm = await stage.deploy()
    lost: list[str] = []

    def lose(_host: int, command: Any) -> bool:
        if command.name == "MigrateCommand" and not lost:
            lost.append(command.name)
            return True
        return False

    stage.hosts.lose = lose
    moved = (await stage.job(stage.admin, "migrateVirtualMachine", virtualmachineid=vm["id"]))["virtualmachine"]
    assert moved["hostid"] != vm["hostid"]
    await stage.world.check()


async def test_what_cannot_be(stage: Stage) -> None:
    vm = await stage.deploy()
    joe = await stage.api.user("joe")
    for asked, text in (
        ({"hostid": vm["hostid"]}, "already"),
        ({"autoselect": False}, "autoselect"),
        ({"hostid": "no-such"}, "Invalid parameter hostid"),
    ):
        with pytest.raises(ClientError, match=text) as error:
            await stage.job(stage.admin, "migrateVirtualMachine", virtualmachineid=vm["id"], **asked)
        assert error.value.errorcode == 431
    with pytest.raises(ClientError) as error:
        await stage.job(joe, "migrateVirtualMachine", virtualmachineid=vm["id"])
    assert error.value.errorcode == 432
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    await stage.job_fails(stage.admin, "migrateVirtualMachine", "only a running", virtualmachineid=vm["id"])


async def test_hosts_to_choose_from(stage: Stage) -> None:
    vm = await stage.deploy()
    found = await stage.admin.call("findHostsForMigration", virtualmachineid=vm["id"])
    assert found["count"] == 3
    assert all(h["suitableformigration"] and not h["requiresStorageMotion"] for h in found["host"])
    assert vm["hostid"] not in {h["id"] for h in found["host"]}
    page = await stage.admin.call("findHostsForMigration", virtualmachineid=vm["id"], page=2, pagesize=2)
    assert (page["count"], len(page["host"])) == (3, 1)
