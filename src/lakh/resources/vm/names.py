"""Host names are unique within a network, or wider, as setting `vm.distinct.hostname.scope` has it.

`network` (the default) asks for a name of its own in each network of the Instance. The others ask so among all
networks of the same network domain: of the network's account, of its domain, of its domain and those below, or of all.

A name may be that of a million Instances in as many networks. So namesakes are looked at one by one while they are few,
and beyond that only the Instances in the networks that matter: what others call theirs elsewhere costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lakh.base.errors import ParameterError
from lakh.base.limits import NAMESAKES_READ
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.tree import DomainTree
from lakh.resources.network.row import NetworkRow
from lakh.store.statement import Statement, statement

NAMESAKES = statement(
    "vm.namesakes",
    "SELECT v.id, w.id, w.name, w.network_domain, w.domain_id, w.account_id FROM"
    " (SELECT id FROM vm WHERE name = $1 AND removed_ms IS NULL AND id <> $2 ORDER BY id"
    f" LIMIT {NAMESAKES_READ}) AS v LEFT JOIN nic n ON n.vm_id = v.id AND n.removed_ms IS NULL"
    " LEFT JOIN network w ON w.id = n.network_id",
)


def _named(label: str, networks: str) -> Statement:
    """A network among `networks` with a namesake. CROSS JOIN makes SQLite begin with the networks: it would begin with
    the namesakes."""
    return statement(
        label,
        f"SELECT w.name FROM network w CROSS JOIN nic n CROSS JOIN vm v WHERE {networks} AND n.network_id = w.id"
        " AND n.removed_ms IS NULL AND v.id = n.vm_id AND v.name = $1 AND v.id <> $2 AND v.removed_ms IS NULL LIMIT 1",
    )


IN_NETWORK = _named("vm.named_in_network", "w.id = $3")
_ALIKE = "w.removed_ms IS NULL AND w.network_domain = $3"
OF_ALL = _named("vm.named_in_network_domain", _ALIKE)
OF_DOMAINS = _named("vm.named_in_domains", f"{_ALIKE} AND w.domain_id = ANY($4)")
OF_ACCOUNT = _named("vm.named_in_account", f"{_ALIKE} AND w.account_id = $4")


class _Network(NamedTuple):
    """One that a namesake is in."""

    id: int
    name: str
    network_domain: str | None
    domain_id: int
    account_id: int


async def check_name_is_free(
    cloud: Cloud, name: str, networks: Sequence[NetworkRow], vm_id: int = 0, label: str = "name"
) -> None:
    """Raises ParameterError when another VM has that name where it would have to be unique."""
    found = await cloud.store.read(NAMESAKES, name, vm_id)
    if not found:
        return
    scope = cloud.part(Settings).text("vm.distinct.hostname.scope")
    theirs = [_Network(*row[1:]) for row in found if row[1] is not None]
    are_all = len({row[0] for row in found}) < NAMESAKES_READ
    for network in networks:
        domains = await _domains(cloud, network, scope)
        near = next((other.name for other in theirs if _meets(network, other, scope, domains)), None)
        if near is None and not are_all:
            near = await _look_there(cloud, name, vm_id, network, scope, domains)
        if near is not None:
            raise ParameterError(
                f"The vm with hostName {name} already exists in the network domain: {network.network_domain};"
                f" network={near}; choose another {label}"
            )


async def _domains(cloud: Cloud, network: NetworkRow, scope: str) -> list[int]:
    """The domains among whose networks the name must be unique, where that is the scope."""
    if scope == "subdomain":
        return (await cloud.part(DomainTree).current()).subtree(network.domain_id)
    return [network.domain_id] if scope == "domain" else []


def _meets(network: NetworkRow, other: _Network, scope: str, domains: Sequence[int]) -> bool:
    if other.id == network.id:
        return True
    if other.network_domain is None or other.network_domain != network.network_domain:
        return False
    return (
        scope == "global"
        or (scope == "account" and other.account_id == network.account_id)
        or other.domain_id in domains
    )


async def _look_there(
    cloud: Cloud, name: str, vm_id: int, network: NetworkRow, scope: str, domains: list[int]
) -> str | None:
    """The name of a network where there is one of more namesakes than are read."""
    looks: list[tuple[Statement, tuple[object, ...]]] = [(IN_NETWORK, (network.id,))]
    if network.network_domain is not None:
        if scope == "global":
            looks.append((OF_ALL, (network.network_domain,)))
        elif scope == "account":
            looks.append((OF_ACCOUNT, (network.network_domain, network.account_id)))
        elif domains:
            looks.append((OF_DOMAINS, (network.network_domain, domains)))
    for look, arguments in looks:
        if rows := await cloud.store.read(look, name, vm_id, *arguments):
            found: str = rows[0][0]
            return found
    return None
