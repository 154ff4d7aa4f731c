"""What hosts are told to guarantee a VM, and how a busy one is moved, as settings have it."""

from __future__ import annotations

from typing import Any

from tests.resources.vm.conftest import Stage

MEMORY_BYTES = 512 << 20
"""Of the stage's offering, with 500 MHz."""
SPEED = "vm.min.cpu.speed.equals.cpu.speed.divided.by.cpu.overprovisioning.factor"
MEMORY = "vm.min.memory.equals.memory.divided.by.mem.overprovisioning.factor"


def listen(stage: Stage, name: str) -> list[dict[str, Any]]:
    """What hosts are told by commands of that name from now on."""
    heard: list[dict[str, Any]] = []

    def hear(_host: int, command: Any) -> str:
        if command.name == name:
            heard.append(command.body)
        return ""

    stage.hosts.refuse = hear
    return heard


async def set_to(stage: Stage, name: str, value: object, **scope: Any) -> None:
    await stage.admin.call("updateConfiguration", name=name, value=value, **scope)


async def test_a_host_guarantees_what_overprovisioning_leaves(stage: Stage) -> None:
    heard = listen(stage, "StartCommand")

    async def guaranteed() -> tuple[int, int, int, int]:
        await stage.deploy()
        vm = heard[-1]["vm"]
        return vm["minSpeed"], vm["maxSpeed"], vm["minRam"], vm["maxRam"]

    assert await guaranteed() == (500, 500, MEMORY_BYTES, MEMORY_BYTES)
    cluster = stage.world.made.cluster.uuid
    await set_to(stage, "cpu.overprovisioning.factor", 4, clusterid=cluster)
    await set_to(stage, "mem.overprovisioning.factor", 2, clusterid=cluster)
    assert await guaranteed() == (125, 500, MEMORY_BYTES // 2, MEMORY_BYTES)
    await set_to(stage, SPEED, "false", clusterid=cluster)
    assert await guaranteed() == (500, 500, MEMORY_BYTES // 2, MEMORY_BYTES)
    await set_to(stage, MEMORY, "false")
    assert await guaranteed() == (500, 500, MEMORY_BYTES, MEMORY_BYTES)


async def test_a_busy_vm_is_slowed_down_so_that_its_move_ends(stage: Stage) -> None:
    vm, heard = await stage.deploy(), listen(stage, "MigrateCommand")
    for value, told in (("false", False), ("true", True)):
        await set_to(stage, "kvm.auto.convergence", value)
        await stage.job(stage.admin, "migrateVirtualMachine", virtualmachineid=vm["id"])
        assert heard[-1]["autoConvergence"] is told
