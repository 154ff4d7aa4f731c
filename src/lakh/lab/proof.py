"""What is, told by the agents themselves, against what the API says. The server's tables prove nothing here.

Every VM runs exactly once, on the host the API names, with its volume and NIC; the capacity the API reports equals what
is added up from the StartCommands the agents got.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from lakh.contract.client import Client
from lakh.lab.processes import Fleet

PAGE = 500
MEMORY, CPU = 0, 1  # capacity types


class Proof(msgspec.Struct, kw_only=True):
    """The outcome. `mismatches` holds the first fifty findings in words."""

    ok: bool = False
    vms_checked: int = 0
    system_vms_checked: int = 0
    hosts_checked: int = 0
    volumes_checked: int = 0
    capacity_checked: int = 0
    mismatches: list[str] = msgspec.field(default_factory=list)


async def listed(client: Client, command: str, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """All entries of a list, page by page."""
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        answer = await client.call(command, page=page, pagesize=PAGE, **parameters)
        found += answer.get(name, [])
        if len(found) >= answer.get("count", 0) or not answer.get(name):
            return found
        page += 1


async def prove(admin: Client, fleet: Fleet, expected_vms: int) -> Proof:
    """Compares agents and API."""
    proof = Proof()
    agents = [line["agent"] for line in await fleet.ask("state") if "agent" in line]
    hosts = {a["name"]: a for a in agents if "vms" in a}
    running = _running(hosts)
    vms = await listed(admin, "listVirtualMachines", "virtualmachine", listall=True)
    system = await listed(admin, "listSystemVms", "systemvm") + await listed(
        admin, "listRouters", "router", listall=True
    )
    files = {line["volume"]["name"]: line["volume"] for line in await fleet.ask("volumes") if "volume" in line}
    volumes = await listed(admin, "listVolumes", "volume", listall=True)
    _check_vms(proof, vms, running, volumes)
    for vm in system:
        _check_place(proof, vm["name"], vm.get("hostname"), vm["state"], running.pop(vm["name"], []))
        proof.system_vms_checked += 1
    for name, places in running.items():
        _note(proof, f"{name} runs on {', '.join(p['host'] for p in places)} but the API does not know it")
    _check_files(proof, volumes, files)
    if len(vms) != expected_vms:
        _note(proof, f"the API lists {len(vms)} VMs, {expected_vms} were deployed")
    await _check_capacity(proof, admin, hosts, vms)
    _check_room(proof, hosts)
    proof.hosts_checked = len(hosts)
    proof.ok = not proof.mismatches
    return proof


async def prove_sample(admin: Client, fleet: Fleet, hosts: list[str]) -> Proof:
    """As `prove` does for the hosts of these names; of all others sums alone: how many VMs run and what they take, and
    that there are as many files of volumes as VMs, each locked by one host.

    For fleets that play nothing but VMs with one disk.
    """
    proof = Proof()
    sums = (await fleet.ask("totals"))[-1]
    everything = {"listall": True, "page": 1, "pagesize": 1}
    running = (await admin.call("listVirtualMachines", state="Running", **everything)).get("count", 0)
    others = await listed(admin, "listSystemVms", "systemvm") + await listed(
        admin, "listRouters", "router", listall=True
    )
    running += sum(vm["state"] == "Running" for vm in others)
    _check_equal(proof, "running VMs", running, sums["vms"])
    _check_equal(proof, "volumes open on hosts", running, sums["locked_volumes"])
    _check_equal(proof, "files of volumes", running, sums["volumes"])
    for kind, name, there in ((MEMORY, "memory", sums["memory"]), (CPU, "CPU", sums["cpu_mhz"])):
        answer = await admin.call("listCapacity", type=kind)
        _check_equal(proof, f"used {name}", sum(c["capacityused"] for c in answer.get("capacity", [])), there)
        proof.capacity_checked += 1
    lines = await fleet.ask("state", names=hosts)
    agents = {line["agent"]["name"]: line["agent"] for line in lines if "agent" in line}
    for name in hosts:
        await _check_host(proof, admin, agents[name])
    _check_room(proof, agents)
    proof.hosts_checked = len(hosts)
    proof.ok = not proof.mismatches
    return proof


async def _check_host(proof: Proof, admin: Client, agent: dict[str, Any]) -> None:
    host_id = agent["host_uuid"]
    there = {name: places for name, places in _running({agent["name"]: agent}).items() if name.startswith("i-")}
    vms = await listed(admin, "listVirtualMachines", "virtualmachine", listall=True, hostid=host_id)
    volumes = await listed(admin, "listVolumes", "volume", listall=True, hostid=host_id)
    _check_vms(proof, vms, there, volumes)
    for name in there:
        _note(proof, f"{name} runs on {agent['name']} but the API does not know it")


def _running(hosts: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for host in hosts.values():
        for vm in host["vms"]:
            found[vm["name"]].append({**vm, "host": host["name"]})
    return found


def _check_vms(proof: Proof, vms: list[dict[str, Any]], running: dict[str, Any], volumes: list[dict[str, Any]]) -> None:
    by_vm: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for volume in volumes:
        if volume.get("virtualmachineid"):
            by_vm[volume["virtualmachineid"]].append(volume)
    for vm in vms:
        name = vm["instancename"]
        places = running.pop(name, [])
        proof.vms_checked += 1
        if not _check_place(proof, name, vm.get("hostname"), vm["state"], places) or not places:
            continue
        domain = places[0]
        _check_equal(proof, f"{name} addresses", _addresses(vm["nic"], "macaddress", "ipaddress"),
                     _addresses(domain["nics"], "mac", "ip"))  # fmt: skip
        disks = sorted(d["volume"] for d in domain["volumes"])
        _check_equal(proof, f"{name} volumes", sorted(v["id"] for v in by_vm[vm["id"]]), disks)
        size = (domain["cpus"], domain["speed"], domain["max_ram"] >> 20)
        _check_equal(proof, f"{name} size", (vm["cpunumber"], vm["cpuspeed"], vm["memory"]), size)


def _check_place(proof: Proof, name: str, host: str | None, state: str, places: list[dict[str, Any]]) -> bool:
    names = [p["host"] for p in places]
    wanted = [host] if state == "Running" else []
    if names == wanted:
        return True
    _note(proof, f"{name} is {state} on {host} by the API, but runs on {names or 'no host'}")
    return False


def _addresses(nics: list[dict[str, Any]], mac: str, ip: str) -> list[tuple[str, str | None]]:
    return sorted((n[mac], n.get(ip)) for n in nics)


def _check_files(proof: Proof, volumes: list[dict[str, Any]], files: dict[str, Any]) -> None:
    """Every Ready volume has its file, of its size."""
    for volume in volumes:
        if volume["state"] != "Ready":
            continue
        proof.volumes_checked += 1
        file = files.get(volume.get("path") or volume["id"])
        if file is None:
            _note(proof, f"volume {volume['name']} has no file on its pool")
        elif file["size"] != volume["size"]:
            _note(proof, f"volume {volume['name']} has {volume['size']} bytes by the API, {file['size']} on its pool")


async def _check_capacity(proof: Proof, admin: Client, hosts: dict[str, Any], vms: list[dict[str, Any]]) -> None:
    """CPU and memory that listCapacity reports as used, zone by zone, against the sum over the agents' domains and the
    VMs stopped since, which keep their places (capacity.skipcounting.hours: longer than a run lasts)."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for host in hosts.values():
        for vm in host["vms"]:
            sums[host["zone"]][MEMORY] += vm["max_ram"]
            sums[host["zone"]][CPU] += vm["cpus"] * vm["speed"]
    for vm in vms:
        if vm["state"] == "Stopped":
            sums[vm["zonename"]][MEMORY] += vm["memory"] << 20
            sums[vm["zonename"]][CPU] += vm["cpunumber"] * vm["cpuspeed"]
    for zone in await listed(admin, "listZones", "zone"):
        for kind, name in ((MEMORY, "memory"), (CPU, "CPU")):
            answer = await admin.call("listCapacity", zoneid=zone["id"], type=kind)
            reported = sum(c["capacityused"] for c in answer.get("capacity", []))
            proof.capacity_checked += 1
            _check_equal(proof, f"used {name} of {zone['name']}", reported, sums[zone["name"]][kind])


def _check_room(proof: Proof, hosts: dict[str, Any]) -> None:
    """No host runs more than it has (nothing is overcommitted here), and no two NICs of a zone have one MAC address."""
    owners: dict[tuple[str, str], str] = {}
    for host in hosts.values():
        memory = sum(vm["max_ram"] for vm in host["vms"])
        mhz = sum(vm["cpus"] * vm["speed"] for vm in host["vms"])
        for what, used, there in (("memory", memory, host["memory"]), ("MHz", mhz, host["cpus"] * host["speed"])):
            if used > there:
                _note(proof, f"{host['name']} has {there} of {what}, its VMs take {used}")
        for vm in host["vms"]:
            for nic in vm["nics"]:
                other = owners.setdefault((host["zone"], nic["mac"]), vm["name"])
                if other != vm["name"]:
                    _note(proof, f"{vm['name']} and {other} have the MAC address {nic['mac']}")


def _check_equal(proof: Proof, what: str, api: Any, agents: Any) -> None:
    if api != agents:
        _note(proof, f"{what}: {api} by the API, {agents} by the agents")


def _note(proof: Proof, text: str) -> None:
    if len(proof.mismatches) < 50:
        proof.mismatches.append(text)
