"""The fleet's side of a seeded installation: what `lakh fleet run --state` finds, so that its hosts run the VMs.

Every Running Instance is a line in the diary of its host's process, and every volume an entry of the fleet's table of
volumes, as if the hosts had started them before the fleet was stopped.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lakh.agent.fake_storage import EMPTY_BYTES, SharedStorage
from lakh.agent.hypervisor import DiskSpec, DomainSpec, NicSpec
from lakh.agent.images import Image, ImageStores
from lakh.agent.objects import file_name
from lakh.fleet.diary import FileDiary
from lakh.fleet.several import shares
from lakh.resources.host.row import HostRow
from lakh.resources.nic.row import NicRow
from lakh.resources.template.row import TemplatePoolRow, TemplateStoreRow
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow
from lakh.seed.places import POOL_BYTES


class FleetFolder(NamedTuple):
    """Where a fleet's state is to be, and of how many processes the fleet will be."""

    path: Path
    processes: int


class FleetState:
    """Writes the state of a fleet of these hosts. `pools`: uuids of pools by their id."""

    def __init__(self, where: FleetFolder, hosts: list[HostRow], pools: dict[int, str]) -> None:
        folder = where.path
        self._number = {host.id: number for number, host in enumerate(hosts, 1)}
        self._pools = pools
        folder.mkdir(parents=True, exist_ok=True)
        self._storage = SharedStorage(POOL_BYTES, folder / "volumes")
        self._images = ImageStores(journal=folder / "images")
        self._diaries: list[tuple[int, FileDiary]] = [
            (last, FileDiary(folder, first, last)) for first, last in shares(len(hosts), where.processes)
        ]
        for uuid in pools.values():
            self._storage.open_pool(uuid)

    def host(self, host: HostRow, pool_ids: list[int]) -> None:
        """The host has mounted its pools."""
        number = self._number[host.id]
        self._diary(number).pools(number, [self._pools[pool_id] for pool_id in pool_ids])

    def template(self, copy: TemplatePoolRow) -> None:
        """A template lies on a pool."""
        name = file_name(copy.install_path)
        self._storage.add(self._pools[copy.pool_id], name, "template", copy.size_bytes, copy.size_bytes)

    def image(self, url: str, name: str, copy: TemplateStoreRow) -> None:
        """A template of that unique name lies on the image store of that url."""
        path = copy.install_path or ""
        image = Image(name, path, "template", copy.size_bytes, copy.physical_size_bytes)
        self._images.of(url).add(image)

    def instance(self, vm: VmRow, volumes: list[VolumeRow], nic: NicRow) -> None:
        """The Instance's volumes are there; it runs where the row says so."""
        disks = []
        for volume in volumes:
            assert volume.pool_id is not None
            pool, name = self._pools[volume.pool_id], file_name(volume.path)
            self._storage.add(pool, name, "volume", volume.size_bytes, EMPTY_BYTES)
            disks.append(DiskSpec(pool, name, volume.device_id or 0, volume.type))
        if vm.host_id is None:
            return
        network = nic.broadcast_uri or nic.uuid
        nics = [NicSpec(nic.mac, nic.ip or "", network, nic.uuid, nic.device_id, nic.traffic_type)]
        memory = vm.memory_mb << 20
        spec = DomainSpec(
            vm.instance_name, vm.uuid, vm.id, vm.type, vm.cpus, vm.speed_mhz, memory, memory, nics, disks
        )  # fmt: skip
        number = self._number[vm.host_id]
        self._diary(number).domain(number, spec, {})

    def _diary(self, number: int) -> FileDiary:
        return next(diary for last, diary in self._diaries if number <= last)

    def close(self) -> None:
        for _, diary in self._diaries:
            diary.close()
