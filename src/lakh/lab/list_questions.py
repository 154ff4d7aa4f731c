"""What the scenario `lists` asks: every list, as each role that may, with the filters that people use and with others.

Filters of the group *common* are those that pages are promised for: none, one or two of zone, state, host, account,
domain subtree, network, template, offering, name and ids. Each pair of them is asked of Instances.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final, NamedTuple

import msgspec

ROLES: Final = ("admin", "domain admin", "user")
SIX: Final = ("listVirtualMachines", "listVolumes", "listHosts", "listNetworks", "listAccounts", "listDomains")
METRICS: Final = "Metrics"


class Question(NamedTuple):
    """One request. `group`: common filters, other ones, keyword, short keyword; `size`: its page."""

    group: str
    role: str
    command: str
    parameters: dict[str, Any]
    size: int

    @property
    def label(self) -> str:
        told = ",".join(f"{k}={str(v)[:24]}" for k, v in self.parameters.items() if k not in ("pagesize", "listall"))
        return f"{self.command}({told}) {self.size} as {self.role}"


class Found(msgspec.Struct):
    """Uuids and names of what was seeded, to filter by; as each role sees them."""

    zone: str
    template: str
    offering: str
    network: str
    host: str
    cluster: str
    pool: str
    disk_offering: str
    domain: str
    account: str
    account_domain: str
    vms: list[dict[str, Any]]


def _common_vm_filters(found: Found, role: str) -> list[dict[str, Any]]:
    """Each of the filters that are promised for, by itself."""
    some = [vm["id"] for vm in found.vms[:20]]
    filters: list[dict[str, Any]] = [
        {"zoneid": found.zone}, {"state": "Running"}, {"networkid": found.network}, {"templateid": found.template},
        {"serviceofferingid": found.offering}, {"name": found.vms[0]["name"]}, {"ids": some},
    ]  # fmt: skip
    if role != "user":
        filters += [
            {"domainid": found.domain, "isrecursive": True},
            {"account": found.account, "domainid": found.account_domain},
        ]
    if role == "admin":
        filters.append({"hostid": found.host})
    return filters


def vm_filters(found: Found, role: str, *, pairs: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """(group, filters) of listVirtualMachines."""
    single = _common_vm_filters(found, role)
    yield "common", {}
    yield from (("common", filters) for filters in [*single, {"state": "Stopped"}, {"id": found.vms[0]["id"]}])
    for one, two in combinations(single, 2) if pairs else ():
        if not {"account", "isrecursive"} <= {*one, *two}:  # an account lies in one domain, whatever its subtree
            yield "common", one | two
    other: list[dict[str, Any]] = [
        {"hypervisor": "kvm", "arch": "x86_64"}, {"haenable": False, "zoneid": found.zone, "state": "Running"},
        {"forvirtualnetwork": True}, {"forvirtualnetwork": False, "state": "Running"}, {"keypair": "none"},
        {"tags": [{"key": "a", "value": "b"}]}, {"isoid": found.template},
    ]  # fmt: skip
    if role == "admin":
        other += [{"clusterid": found.cluster}, {"storageid": found.pool}, {"displayvm": True, "state": "Stopped"}]
    yield from (("other", filters) for filters in other)


def filters_of(command: str, found: Found, role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(group, filters) of one list, keywords left out; of a metrics form, those of the plain list."""
    plain = command.removesuffix(METRICS)
    if plain == "listVirtualMachines":
        yield from vm_filters(found, role, pairs=command == plain)
        return
    place = [{"zoneid": found.zone}]
    common: dict[str, list[dict[str, Any]]] = {
        "listVolumes": [
            *place, {"state": "Ready"}, {"type": "ROOT"}, {"virtualmachineid": found.vms[0]["id"]},
            {"zoneid": found.zone, "state": "Ready"}, {"name": f"ROOT-{found.vms[0]['name']}"},
        ],
        "listHosts": [
            *place, {"state": "Disconnected"}, {"type": "Routing"}, {"clusterid": found.cluster},
            {"zoneid": found.zone, "resourcestate": "Enabled"}, {"id": found.host},
            {"clusterid": found.cluster, "state": "Disconnected"},
        ],
        "listNetworks": [*place, {"type": "Isolated"}, {"id": found.network}],
        "listAccounts": [{"state": "enabled"}, {"domainid": found.domain, "isrecursive": True}],
        "listDomains": [{"name": "domain-00001"}],
        "listEvents": [
            {"type": "VM.CREATE"}, {"level": "INFO"}, {"level": "ERROR"}, {"type": "VM.CREATE", "level": "INFO"},
            {"domainid": found.domain, "isrecursive": True},
        ],
        "listClusters": [*place, {"id": found.cluster}, {"allocationstate": "Enabled"}],
        "listStoragePools": [*place, {"id": found.pool}, {"scope": "zone"}],
        "listZones": [{"id": found.zone}],
        "listCapacity": [*place, {"clusterid": found.cluster}, {"type": 0}],
    }  # fmt: skip
    other: dict[str, list[dict[str, Any]]] = {
        "listVolumes": [
            {"hostid": found.host}, {"diskofferingid": found.disk_offering}, {"storageid": found.pool},
            {"serviceofferingid": found.offering},
        ],
        "listHosts": [{"hahost": False}, {"hypervisor": "KVM", "arch": "x86_64"}],
        "listNetworks": [{"traffictype": "Guest", "acltype": "Account"}, {"forvpc": False}],
        "listEvents": [
            {"startdate": "2020-01-01", "state": "Completed"}, {"archived": True},
            {"resourcetype": "VirtualMachine", "resourceid": found.vms[0]["id"]},
            {"state": "Scheduled", "keyword": "vm"},
            {"startdate": "2020-01-01", "enddate": "2120-01-01", "keyword": found.vms[0]["id"]},
        ],
        "listCapacity": [{"sortby": "usage"}],
    }  # fmt: skip
    yield "common", {}
    for filters in common.get(plain, []):
        if role != "user" or "domainid" not in filters:
            yield "common", filters
    if role == "admin":
        yield from (("other", filters) for filters in other.get(plain, []))


KEYWORDS: Final = {
    "listVirtualMachines": ("web-00", "db-0001", "worker", "nothing-like-it", "0001"),
    "listVolumes": ("ROOT-12", "ROOT-999", "nothing-like-it"),
    "listHosts": ("kvm-0001", "nothing-like-it"),
    "listNetworks": ("network-001", "nothing-like-it"),
    "listAccounts": ("account-001", "nothing-like-it"),
    "listDomains": ("domain-001", "nothing-like-it"),
    "listEvents": ("completed", "stopping", "VM.CREATE", "web-00", "nothing-like-it", "01a2", "dead", "id: 0"),
}
OWNED: Final = ("listVirtualMachines", "listVolumes", "listNetworks", "listAccounts", "listEvents")
FOR_ALL: Final = ("listVirtualMachinesMetrics", "listVolumesMetrics")
LISTS: Final = {
    "admin": (
        *SIX, "listEvents", "listAlerts", "listCapacity", "listClusters", "listZones", "listStoragePools", *FOR_ALL,
        "listHostsMetrics", "listClustersMetrics", "listZonesMetrics", "listStoragePoolsMetrics",
    ),
    "domain admin": (*OWNED, "listDomains", *FOR_ALL),
    "user": (*OWNED, *FOR_ALL),
}  # fmt: skip
ALL_OF: Final = ("listHosts", "listClusters", "listZones", "listStoragePools", "listCapacity", "listAlerts")
"""Lists without owners: they know no `listall`."""


def questions(found: dict[str, Found]) -> Iterator[Question]:
    """Everything that is asked."""
    for role, commands in LISTS.items():
        for command in commands:
            every = {} if command.removesuffix(METRICS) in ALL_OF else {"listall": True}
            for group, filters in filters_of(command, found[role], role):
                for size in (50, 500) if group == "common" else (50,):
                    yield Question(group, role, command, {**every, **filters}, size)
            for keyword in KEYWORDS.get(command, ()):
                yield Question("keyword", role, command, {**every, "keyword": keyword}, 50)
            if command in KEYWORDS:
                yield Question("short keyword", role, command, {**every, "keyword": "-0"}, 50)


def six_questions(_: dict[str, Found]) -> Iterator[Question]:
    """Pages of 500 of the six lists, as root admin."""
    for command in SIX:
        yield Question("common", "admin", command, {"listall": True}, 500)
