"""The NICs of a VM that does not exist yet: in which networks, with which addresses.

Addresses are taken in memory as they are found; `give_back` returns them when the admission comes to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Call
from lakh.resources.domain.tree import DomainTree
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.cached import Networks
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.new import new_guest_nic
from lakh.resources.nic.row import NicRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import select

_mac = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}").fullmatch

OWN = select(
    "network.own_guest",
    NetworkRow,
    "WHERE account_id = $1 AND zone_id = $2 AND traffic_type = 'Guest' AND acl_type = 'Account'"
    " AND removed_ms IS NULL ORDER BY id LIMIT 3",
)
SHARED = select(
    "network.shared_guest",
    NetworkRow,
    "WHERE zone_id = $1 AND traffic_type = 'Guest' AND guest_type = 'Shared' AND removed_ms IS NULL ORDER BY id"
    " LIMIT 100",
)


@dataclass(slots=True)
class WantedNic:
    """A NIC as asked for; the first one is the default."""

    network: NetworkRow
    ip: str | None = None
    mac: str | None = None


async def networks_by_uuid(call: Call, entries: Sequence[dict[str, str]]) -> list[WantedNic]:
    """`iptonetworklist` as wanted NICs. Raises ParameterError."""
    found: list[WantedNic] = []
    for entry in entries:
        given = entry.get("networkid") or entry.get("network") or ""
        network_id = await _network_id(call, given)
        if network_id is None:
            raise ParameterError(f"Unable to translate and find entity with networkid: {given[:64]!r}")
        network = await call.cloud.part(Networks).get(network_id)
        assert network is not None
        found.append(WantedNic(network, entry.get("ip"), entry.get("mac")))
    return found


_BY_UUID = select("network.live_by_uuid", NetworkRow, "WHERE uuid = $1 AND removed_ms IS NULL")


async def _network_id(call: Call, given: str) -> int | None:
    if given.isascii() and given.isdigit() and len(given) < 19:
        return int(given)
    rows = await call.cloud.store.rows(_BY_UUID, given.lower())
    return rows[0].id if rows else None


async def default_networks(call: Call, owner: AccountRow, zone: ZoneRow) -> list[WantedNic]:
    """The network of a VM that names none: the owner's only one, else the zone's only shared one it may use.

    Raises ParameterError where that is not one network.
    """
    own = await call.cloud.store.rows(OWN, owner.id, zone.id)
    if len(own) > 1:
        raise ParameterError("Unable to choose a default network: the account has several; name them with networkids")
    if own and not zone.security_group_enabled:
        return [WantedNic(own[0])]
    shared = [n for n in await call.cloud.store.rows(SHARED, zone.id) if await may_use(call, owner, n)]
    grouped = [n for n in shared if n.security_group_enabled] or shared
    if len(grouped) != 1:
        raise ParameterError(
            f"Unable to choose a default network: {len(grouped)} shared networks of zone {zone.name} come into"
            " question; name networks with networkids"
        )
    return [WantedNic(grouped[0])]


async def may_use(call: Call, owner: AccountRow, network: NetworkRow) -> bool:
    """True when the owner may put VMs into the network."""
    if network.acl_type != "Domain":
        return network.account_id == owner.id
    if owner.domain_id == network.domain_id:
        return True
    tree = await call.cloud.part(DomainTree).current()
    return network.subdomain_access and tree.is_within(owner.domain_id, network.domain_id)


async def check_networks(call: Call, owner: AccountRow, zone: ZoneRow, wanted: Sequence[WantedNic]) -> None:
    """Raises ParameterError, PermissionDeniedError for a network that the VM cannot be in."""
    seen: set[int] = set()
    for nic in wanted:
        network = nic.network
        if network.removed_ms is not None:
            raise ParameterError(f"Unable to find network {network.uuid}")
        if network.traffic_type != "Guest":
            raise ParameterError(f"Network {network.uuid} carries {network.traffic_type} traffic; give Guest networks")
        if network.zone_id != zone.id:
            raise ParameterError(f"Network id={network.uuid} doesn't belong to zone {zone.uuid}")
        if network.id in seen:
            raise ParameterError(f"Network {network.uuid} is named twice")
        if not await may_use(call, owner, network):
            raise PermissionDeniedError(f"Unable to use network with id= {network.uuid}, permission denied")
        if nic.mac is not None and not _mac(nic.mac.lower()):
            raise ParameterError(f"Mac address is not valid: {nic.mac[:64]}; give six pairs of hexadecimal digits")
        seen.add(network.id)


async def make_nics(call: Call, vm_id: int, wanted: Sequence[WantedNic]) -> list[NicRow]:
    """The rows, with addresses taken; takes none when one of them cannot be had. Raises ParameterError,
    InsufficientCapacityError."""
    made: list[NicRow] = []
    try:
        for position, nic in enumerate(wanted):
            ip = await call.cloud.part(GuestAddresses).take(nic.network, nic.ip)
            made.append(_nic(call, vm_id, nic, position, ip))
    except BaseException:
        give_back(call, made)
        raise
    return made


def give_back(call: Call, nics: Sequence[NicRow]) -> None:
    """Counts the NICs' addresses as free again."""
    for nic in nics:
        call.cloud.part(GuestAddresses).give_back(nic.network_id, nic.ip)


def _nic(call: Call, vm_id: int, wanted: WantedNic, position: int, ip: str | None) -> NicRow:
    cloud, mac = call.cloud, wanted.mac.lower() if wanted.mac else None
    return new_guest_nic(cloud, vm_id, wanted.network, position, ip, cloud.now_ms(), mac=mac, is_default=position == 0)
