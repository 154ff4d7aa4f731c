"""What people ask of a simulated cloud: any verb on anything, at any time, with no regard for what is under way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tests.sim.ground import ROOT_ADMIN, Ground
from tests.sim.machines import Machine

from lakh.base.errors import ApiError
from lakh.contract.declaration import spec_of
from lakh.jobs.cloud import Cloud
from lakh.resources.command import Call, Caller, JobCommand, admit_job
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow
from lakh.store.inline import InlineStore
from lakh.store.statement import select, statement

VMS = select("test.sim.vms", VmRow, "WHERE type = 'User' AND removed_ms IS NULL ORDER BY id")
VOLUMES = select("test.sim.volumes", VolumeRow, "WHERE removed_ms IS NULL ORDER BY id")
HOSTS = statement(
    "test.sim.host_states",
    "SELECT id, resource_state FROM host WHERE type = 'Routing' AND removed_ms IS NULL ORDER BY id",
)

OUT_OF_ORDER = 0.1
"""Share of requests about a VM in whatever state it is in."""

Parameters = dict[str, Any]


class Stage(Protocol):
    """Where requests go."""

    random: Any
    store: InlineStore
    ground: Ground
    machines: list[Machine]

    def note(self, *what: object) -> None: ...
    def cloud(self) -> Cloud | None:
        """Of the server that serves now."""
        ...


class Life:
    """Makes up requests. `asked` counts them by command."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._random = stage.random
        self._number = 0
        self.asked: dict[str, int] = {}
        self.verbs: dict[str, tuple[float, Callable[[], Awaitable[Parameters | None]]]] = {
            "deployVirtualMachine": (10, self._deploy),
            "startVirtualMachine": (7, lambda: self._on_vm("Stopped")),
            "stopVirtualMachine": (5, lambda: self._on_vm("Running", forced=self._seldom(0.15))),
            "rebootVirtualMachine": (3, lambda: self._on_vm("Running", forced=self._seldom(0.3))),
            "destroyVirtualMachine": (4, self._destroy),
            "expungeVirtualMachine": (1.5, lambda: self._on_vm("Destroyed")),
            "recoverVirtualMachine": (1.5, lambda: self._on_vm("Destroyed")),
            "migrateVirtualMachine": (6, self._migrate),
            "scaleVirtualMachine": (4, self._scale),
            "restoreVirtualMachine": (3, lambda: self._on_vm("Running", "Stopped", key="virtualmachineid")),
            "createVolume": (5, self._create_volume),
            "attachVolume": (7, self._attach),
            "detachVolume": (4, lambda: self._on_volume(lambda v: v.vm_id is not None and v.type == "DATADISK")),
            "resizeVolume": (4, self._resize),
            "deleteVolume": (1.5, lambda: self._on_volume(lambda v: v.vm_id is None)),
            "destroyVolume": (1.5, lambda: self._on_volume(lambda v: v.vm_id is None, expunge=self._seldom(0.5))),
            "recoverVolume": (0.7, lambda: self._on_volume(lambda v: v.state == "Destroy")),
            "prepareHostForMaintenance": (0.8, self._maintain),
            "cancelHostMaintenance": (1.2, self._cancel_maintenance),
            "reconnectHost": (0.5, self._on_host),
        }

    async def next(self) -> None:
        """One request, admitted or refused; its job runs on by itself."""
        names = list(self.verbs)
        name: str = self._random.choices(names, [weight for weight, _ in self.verbs.values()])[0]
        parameters = await self.verbs[name][1]()
        cloud = self._stage.cloud()
        if parameters is None or cloud is None:
            return
        await self.ask(cloud, name, parameters)

    async def ask(self, cloud: Cloud, name: str, parameters: Parameters) -> str | None:
        """The uuid of the job, where there is one."""
        caller: Caller = parameters.pop("caller", ROOT_ADMIN)
        self.asked[name] = self.asked.get(name, 0) + 1
        command = spec_of(name).declaration(**parameters)
        said = " ".join(f"{key}={value}" for key, value in parameters.items())
        try:
            if isinstance(command, JobCommand):
                job = await admit_job(command, Call(cloud, caller))
                self._stage.note("admitted", name, said, job.uuid)
                return job.uuid
            await command.run(Call(cloud, caller))  # type: ignore[attr-defined]
            self._stage.note("done", name, said)
        except ApiError as error:
            self._stage.note("refused", name, said, error.text)
        return None

    # --- of what ---------------------------------------------------------------------------------------------------
    def _seldom(self, share: float) -> bool:
        return bool(self._random.random() < share)

    async def _on_vm(self, *states: str, key: str = "id", **more: Any) -> Parameters | None:
        vms = await self._stage.store.rows(VMS)
        if not self._seldom(OUT_OF_ORDER):
            vms = [vm for vm in vms if vm.state in states]
        return {key: self._random.choice(vms).id, **more} if vms else None

    async def _on_volume(self, fits: Callable[[VolumeRow], bool], **more: Any) -> Parameters | None:
        volumes = [v for v in await self._stage.store.rows(VOLUMES) if fits(v)]
        return {"id": self._random.choice(volumes).id, **more} if volumes else None

    async def _on_host(self) -> Parameters | None:
        hosts = await self._stage.store.read(HOSTS)
        return {"id": self._random.choice(hosts)[0]} if hosts else None

    # --- verbs -----------------------------------------------------------------------------------------------------
    async def _deploy(self) -> Parameters:
        ground = self._stage.ground
        self._number += 1
        parameters: Parameters = {
            "caller": self._random.choice([ROOT_ADMIN, *ground.tenants]),
            "zoneid": ground.made.zone.id,
            "templateid": ground.made.template.id,
            "serviceofferingid": self._random.choice(ground.offerings).id,
            "networkids": [ground.made.network.id],
            "name": f"vm-{self._number}",
        }
        if self._seldom(0.3):
            parameters["diskofferingid"] = self._random.choice(ground.disk_offerings).id
        if self._seldom(0.07):
            parameters["startvm"] = False
        return parameters

    async def _destroy(self) -> Parameters | None:
        parameters = await self._on_vm("Running", "Stopped", "Error", expunge=self._seldom(0.5))
        if parameters is not None and self._seldom(0.3):
            volumes = await self._stage.store.rows(VOLUMES)
            disks = [v.id for v in volumes if v.vm_id == parameters["id"] and v.type == "DATADISK"]
            if disks:
                parameters["volumeids"] = disks
        return parameters

    async def _migrate(self) -> Parameters | None:
        parameters = await self._on_vm("Running", key="virtualmachineid")
        if parameters is not None and self._seldom(0.4):
            parameters["hostid"] = self._random.choice(await self._stage.store.read(HOSTS))[0]
        return parameters

    async def _scale(self) -> Parameters | None:
        return await self._on_vm(
            "Running", "Stopped", serviceofferingid=self._random.choice(self._stage.ground.offerings).id
        )

    async def _create_volume(self) -> Parameters:
        ground = self._stage.ground
        self._number += 1
        return {
            "caller": self._random.choice([ROOT_ADMIN, *ground.tenants]),
            "name": f"disk-{self._number}",
            "zoneid": ground.made.zone.id,
            "diskofferingid": self._random.choice(ground.disk_offerings).id,
        }

    async def _attach(self) -> Parameters | None:
        volume = await self._on_volume(lambda v: v.vm_id is None)
        if volume is None:
            return None
        volumes = {v.id: v for v in await self._stage.store.rows(VOLUMES)}
        owner = volumes[volume["id"]].account_id
        vms = [vm for vm in await self._stage.store.rows(VMS) if vm.account_id == owner]
        return {"id": volume["id"], "virtualmachineid": self._random.choice(vms).id} if vms else None

    async def _resize(self) -> Parameters | None:
        offering = self._random.choice(self._stage.ground.disk_offerings)
        return await self._on_volume(lambda v: v.type == "DATADISK", diskofferingid=offering.id, shrinkok=True)

    async def _maintain(self) -> Parameters | None:
        hosts = await self._stage.store.read(HOSTS)
        serving = [host for host, state in hosts if state == "Enabled"]
        return {"id": self._random.choice(serving)} if len(serving) > 3 else None

    async def _cancel_maintenance(self) -> Parameters | None:
        hosts = [host for host, state in await self._stage.store.read(HOSTS) if state not in ("Enabled", "Disabled")]
        return {"id": self._random.choice(hosts)} if hosts else None
