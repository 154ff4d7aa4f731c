"""What a fleet's agents have, as JSON lines: the proof of a control plane's story is here, not in its own tables."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from lakh.agent.fake import FakeHypervisor
from lakh.agent.host import Host
from lakh.agent.hypervisor import DomainState
from lakh.fleet.fleet import Fleet
from lakh.fleet.member import Member


def agents(fleet: Fleet, names: Container[str] | None = None) -> Iterator[dict[str, Any]]:
    """A line for each agent, or for those of these names; hosts first."""
    for member, host, hypervisor in fleet.hosts():
        if names is not None and host.own_name not in names:
            continue
        yield {"agent": _host(fleet, member, host, hypervisor)}
    for name, member in list(fleet.system_vms.members.items()):
        if names is not None and name not in names:
            continue
        agent = member.agent
        yield {
            "agent": {
                "name": name,
                "kind": agent.kind,
                "host_id": agent.host_id,
                "host_uuid": agent.host_uuid,
                "connected": member.connected,
                "ready": agent.ready,
            }
        }


def totals(fleet: Fleet) -> dict[str, int]:
    """Sums over all hosts of this process. `volumes` and `locked_volumes` are those of the whole fleet's storage, so
    only the process of the first agent tells them. Memory in bytes."""
    found = dict.fromkeys(("vms", "cpus", "cpu_mhz", "memory", "volumes", "locked_volumes"), 0)
    for _, _, hypervisor in fleet.hosts():
        for shape in hypervisor.shapes():
            found["vms"] += 1
            found["cpus"] += shape.cpus
            found["cpu_mhz"] += shape.cpus * shape.speed
            found["memory"] += shape.max_ram
    if fleet.options.first == 1:
        found["volumes"], found["locked_volumes"] = fleet.storage.counts()
    return found


def _host(fleet: Fleet, member: Member, host: Host, hypervisor: FakeHypervisor) -> dict[str, Any]:
    facts = host.facts
    vms = [_vm(state) for state in hypervisor.domains()]
    return {
        "name": facts.name,
        "kind": host.kind,
        "guid": host.guid,
        "host_id": host.host_id,
        "host_uuid": host.host_uuid,
        "zone": host.place.zone,
        "pod": host.place.pod,
        "cluster": host.place.cluster,
        "private_ip": facts.private_ip,
        "connected": member.connected,
        "ready": host.ready,
        "frozen": member.session.frozen,
        "dead": fleet.is_dead(member),
        "cpus": facts.cpus,
        "speed": facts.speed_mhz,
        "memory": facts.memory_bytes,
        "used_memory": hypervisor.reserved_bytes,
        "pools": sorted(hypervisor.pools),
        "vms": vms,
    }


def _vm(state: DomainState) -> dict[str, Any]:
    spec = state.spec
    return {
        "name": spec.name,
        "uuid": spec.uuid,
        "id": spec.vm_id,
        "type": spec.kind,
        "state": state.power,
        "cpus": spec.cpus,
        "speed": spec.speed,
        "min_ram": spec.min_ram,
        "max_ram": spec.max_ram,
        "nics": [
            {
                "mac": nic.mac,
                "ip": nic.ip,
                "network": nic.network,
                "uuid": nic.nic_uuid,
                "device_id": nic.device_id,
                "type": nic.kind,
                "enabled": nic.enabled,
            }
            for nic in spec.nics
        ],
        "volumes": [
            {"pool": disk.pool, "volume": disk.volume, "device_id": disk.device_id, "type": disk.kind}
            for disk in spec.disks
            if disk.volume
        ],
    }


def volumes(fleet: Fleet) -> Iterator[dict[str, Any]]:
    """A line for each volume, template and snapshot on primary storage. `host`: the number of who writes to it."""
    for volume, owner in fleet.storage.volumes():
        yield {
            "volume": {
                "pool": volume.pool,
                "name": volume.name,
                "kind": volume.kind,
                "size": volume.size_bytes,
                "physical": volume.physical_bytes,
                "host": owner,
            }
        }


def routers(fleet: Fleet) -> Iterator[dict[str, Any]]:
    """A line for each router: leases, addresses, rules by kind."""
    for name, router in fleet.routers.items():
        yield {
            "router": {
                "name": name,
                "leases": [lease._asdict() for lease in router.leases()],
                "addresses": router.addresses,
                "rules": {kind: list(rules.values()) for kind, rules in router.rules.items()},
            }
        }


def images(fleet: Fleet) -> Iterator[dict[str, Any]]:
    """A line for each file on secondary storage that the fleet knows of."""
    for url, store in fleet.images.all().items():
        for image in list(store.entries.values()):
            yield {"image": {"store": url, **image._asdict()}}
