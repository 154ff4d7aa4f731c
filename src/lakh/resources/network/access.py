"""Who sees and uses which network: an account its own, everybody in a domain those that are shared with it."""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.ownership import check_access, may_see
from lakh.resources.command import Call
from lakh.resources.domain.tree import DomainTree, Tree
from lakh.resources.network.cached import Networks
from lakh.resources.network.row import NetworkRow
from lakh.store.statement import select

SHARED = select(
    "network.shared",
    NetworkRow,
    "WHERE acl_type = 'Domain' AND removed_ms IS NULL ORDER BY id",
    full_scan="an index of just these; shared networks are few",
)


class SharedNetworks:
    """A part of the cloud: the networks of domains, in memory; there are few beside those of accounts."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._rows: list[NetworkRow] | None = None
        self._version = 0
        cloud.store.on_commit(self._changed)

    def _changed(self, tables: frozenset[str]) -> None:
        if "network" in tables:
            self._version += 1
            self._rows = None

    async def all(self) -> list[NetworkRow]:
        """All of them, in id order."""
        rows = self._rows
        if rows is None:
            version = self._version
            rows = await self._cloud.store.rows(SHARED)
            if version == self._version:
                self._rows = rows
        return rows

    async def visible_from(self, domain_ids: tuple[int, ...] | None) -> list[int]:
        """Ids of those that accounts in any of these domains may use; None stands for all."""
        tree = await self._cloud.part(DomainTree).current()
        rows = await self.all()
        return [n.id for n in rows if domain_ids is None or any(is_shared_with(tree, n, d) for d in domain_ids)]


def is_shared_with(tree: Tree, network: NetworkRow, domain_id: int) -> bool:
    """True when the network is shared with that domain: its own, or one above where subdomains have access."""
    if network.acl_type != "Domain":
        return False
    return network.domain_id == domain_id or (network.subdomain_access and tree.is_within(domain_id, network.domain_id))


async def may_see_network(call: Call, network: NetworkRow) -> bool:
    """True when the network is shown to the caller."""
    if await may_see(call, network.account_id, network.domain_id):
        return True
    return is_shared_with(await call.cloud.part(DomainTree).current(), network, call.caller.domain_id)


async def guest_network(call: Call, network_id: int, parameter: str) -> NetworkRow:
    """The guest network that a command works on. Raises ParameterError, PermissionDeniedError."""
    found = await call.cloud.part(Networks).get(network_id)
    if found is None or found.removed_ms is not None or found.traffic_type != "Guest":
        raise ParameterError(f"Unable to find a guest network by {parameter} {found.uuid if found else network_id}")
    if found.acl_type == "Domain" and not call.caller.is_root_admin:
        if not call.caller.is_admin:
            raise PermissionDeniedError(
                f"Account {call.caller.account_name} does not have permission to operate with provided resource"
            )
        await check_access(call, found.account_id, found.domain_id)
        return found
    await check_access(call, found.account_id, found.domain_id)
    return found
