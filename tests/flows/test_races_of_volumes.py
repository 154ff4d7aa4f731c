"""Two requests for one volume, the second in the middle of the first: just before each of its commits.

Whichever comes first is done; the other is done after it, or refused in words. Nothing is counted twice or lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations
from typing import Any

import pytest
from tests.flows.scenarios import parts
from tests.flows.server import ROOT_ADMIN, Server
from tests.turns import turns

from lakh.base.errors import ApiError
from lakh.contract.declaration import spec_of
from lakh.jobs.row import PENDING
from lakh.resources.command import Call, JobCommand
from lakh.resources.volume.row import VolumeRow
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError

Parameters = dict[str, Any]


async def attach(server: Server, volume: VolumeRow) -> Parameters:
    return {"id": volume.id, "virtualmachineid": (await parts.deployed(server)).id}


async def attach_to_one_that_never_ran(server: Server, volume: VolumeRow) -> Parameters:
    return {"id": volume.id, "virtualmachineid": (await parts.deployed(server, startvm=False)).id}


async def resize(server: Server, volume: VolumeRow) -> Parameters:
    return {"id": volume.id, "diskofferingid": (await parts.disk_offering(server, 9)).id}


async def shrink(server: Server, volume: VolumeRow) -> Parameters:
    return {"id": volume.id, "diskofferingid": (await parts.disk_offering(server, 1)).id, "shrinkok": True}


async def migrate(server: Server, volume: VolumeRow) -> Parameters:
    return {"volumeid": volume.id, "storageid": (await parts.second_pool(server)).id}


async def just_its_id(_: Server, volume: VolumeRow) -> Parameters:
    return {"id": volume.id}


async def at_once(_: Server, volume: VolumeRow) -> Parameters:
    return {"id": volume.id, "expunge": True}


async def destroyed(server: Server) -> VolumeRow:
    volume = await parts.detached_disk(server)
    await server.call("destroyVolume", id=volume.id)
    return await server.row(VolumeRow, volume.id)


Verb = tuple[str, Callable[[Server, VolumeRow], Awaitable[Parameters]]]
ON_PAPER: dict[str, Verb] = {
    "attach": ("attachVolume", attach),
    "attach to a new one": ("attachVolume", attach_to_one_that_never_ran),
    "resize": ("resizeVolume", resize),
    "destroy": ("destroyVolume", just_its_id),
    "delete": ("deleteVolume", just_its_id),
}
WITH_A_FILE: dict[str, Verb] = {
    "attach": ("attachVolume", attach),
    "shrink": ("resizeVolume", shrink),
    "migrate": ("migrateVolume", migrate),
    "expunge": ("destroyVolume", at_once),
}
DOOMED: dict[str, Verb] = {
    "recover": ("recoverVolume", just_its_id),
    "expunge": ("expungeVolume", just_its_id),
    "delete": ("deleteVolume", just_its_id),
}
DISKS: dict[str, tuple[Callable[[Server], Awaitable[VolumeRow]], dict[str, Verb]]] = {
    "on paper": (parts.disk_on_paper, ON_PAPER),
    "with a file": (parts.detached_disk, WITH_A_FILE),
    "destroyed": (destroyed, DOOMED),
}
RACES = [(disk, *pair) for disk, (_, verbs) in DISKS.items() for pair in permutations(verbs, 2)]
COMMITS_MOST = 8


async def ask(server: Server, name: str, parameters: Parameters) -> str | None:
    """The uuid of the job that was admitted, if any."""
    command: Any = spec_of(name).declaration(**parameters)
    try:
        if isinstance(command, JobCommand):
            return (await server.admit(command)).uuid
        await command.run(Call(server.cloud, ROOT_ADMIN))
    except (ApiError, GuardFailedError):  # the edge has words for a lost race
        pass
    return None


async def race(server: Server, first: tuple[str, Parameters], second: tuple[str, Parameters], commit: int) -> bool:
    """Runs the first, and the second just before that commit of the first. False when it has fewer commits."""
    submit, passed, other = server.store.submit, 0, list[asyncio.Task[str | None]]()
    name = first[0]

    async def at_that_commit(txn: TxnSpec) -> list[int]:
        nonlocal passed
        if txn.label == name or txn.label.startswith(f"{name}."):
            passed += 1
            if passed - 1 == commit and not other:
                other.append(asyncio.create_task(ask(server, *second)))
                await turns(300)  # it comes to its end, or stands in line behind the first
        return await submit(txn)

    server.store.submit = at_that_commit  # type: ignore[method-assign]
    uuids = [await ask(server, *first)]
    for uuid in filter(None, uuids):
        await server.ended(uuid)
    server.store.submit = submit  # type: ignore[method-assign]
    uuids += await asyncio.gather(*other)
    for uuid in filter(None, uuids):
        assert (await server.ended(uuid)).status != PENDING
    return bool(other)


@pytest.mark.parametrize(("disk", "first", "second"), RACES)
async def test_a_race(server: Server, disk: str, first: str, second: str) -> None:
    make, verbs = DISKS[disk]
    for commit in range(COMMITS_MOST):
        volume = await make(server)
        asked = [(verbs[word][0], await verbs[word][1](server, volume)) for word in (first, second)]
        met = await race(server, asked[0], asked[1], commit)
        await server.idle()
        await server.world.check()
        if not met:
            assert commit > 0
            return
    raise AssertionError(f"more than {COMMITS_MOST} commits")
