"""For whom and where an offering is: everybody, or the domains it names and what is below; all zones, or some.

Rows hold both as comma-separated row ids, empty for no restriction. Requests that change them say `public` or `all`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.ownership import check_domain
from lakh.resources.command import Call
from lakh.resources.domain.row import DomainRow
from lakh.resources.domain.tree import DomainTree, Tree
from lakh.resources.sort_keys import sort_sign
from lakh.resources.zone.row import ZoneRow


class Offering(Protocol):
    """What service, disk and network offerings have in common."""

    id: int
    domain_ids: str
    zone_ids: str
    sort_key: int


T = TypeVar("T", bound=Offering)


class Places(NamedTuple):
    """How an answer names an offering's domains and zones; None where it is for all."""

    domain_uuids: str | None
    domain_names: str | None
    zone_uuids: str | None
    zone_names: str | None


def ids_of(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


async def places_of(cloud: Cloud, offering: Offering) -> Places:
    """The names for an answer."""
    if not offering.domain_ids and not offering.zone_ids:
        return Places(None, None, None, None)
    tree = await cloud.part(DomainTree).current()
    zones = await cloud.snapshots.of(ZoneRow)
    domain_ids, zone_ids = ids_of(offering.domain_ids), ids_of(offering.zone_ids)
    return Places(
        ",".join(tree.rows[i].uuid for i in domain_ids) or None,
        ",".join(tree.name_path(i) for i in domain_ids) or None,
        ",".join(zones.by_id[i].uuid for i in zone_ids) or None,
        ",".join(zones.by_id[i].name for i in zone_ids) or None,
    )


async def may_use(call: Call, offering: Offering) -> bool:
    """True when the offering is public, or of a domain at or above the caller's; domain admins see those below too."""
    caller = call.caller
    if not offering.domain_ids or caller.is_root_admin:
        return True
    tree = await call.cloud.part(DomainTree).current()
    for domain_id in ids_of(offering.domain_ids):
        if tree.is_within(caller.domain_id, domain_id):
            return True
        if caller.is_admin and tree.is_within(domain_id, caller.domain_id):
            return True
    return False


async def check_use(call: Call, offering: Offering, zone_id: int | None = None) -> None:
    """Raises PermissionDeniedError outside the offering's domains, ParameterError outside its zones."""
    if not await may_use(call, offering):
        raise PermissionDeniedError(
            f"Account {call.caller.account_name} does not have permission to use the offering in its domain"
        )
    if zone_id is not None and offering.zone_ids and zone_id not in ids_of(offering.zone_ids):
        raise ParameterError(
            "The offering is not available in the given zone; list offerings with zoneid to see others"
        )


async def usable(call: Call, offerings: Iterable[T]) -> list[T]:
    """Those the caller may use, in the API's order."""
    found = [offering for offering in offerings if await may_use(call, offering)]
    sign = sort_sign(call.cloud)
    return sorted(found, key=lambda o: (sign * o.sort_key, o.id))


def in_zone(offering: Offering, zone_id: int | None) -> bool:
    return zone_id is None or not offering.zone_ids or zone_id in ids_of(offering.zone_ids)


async def restricted(call: Call, domain_ids: Sequence[int], zone_ids: Sequence[int]) -> tuple[str, str]:
    """The columns of a new offering. A domain admin's offerings are for domains of its subtree.

    Raises PermissionDeniedError, ParameterError.
    """
    if not domain_ids and not call.caller.is_root_admin:
        raise PermissionDeniedError("Only root admins make public offerings: give domainid with domains you administer")
    for domain_id in domain_ids:
        await check_domain(call, domain_id)
    return _top_domains(await call.cloud.part(DomainTree).current(), domain_ids), ",".join(
        str(i) for i in sorted(set(zone_ids))
    )


def _top_domains(tree: Tree, domain_ids: Sequence[int]) -> str:
    """Without domains that lie below another one that is named."""
    wanted = sorted(set(domain_ids))
    top = [d for d in wanted if not any(o != d and tree.is_within(d, o) for o in wanted)]
    return ",".join(str(d) for d in top)


async def changed(call: Call, offering: Offering, domains: str | None, zones: str | None) -> tuple[str, str]:
    """The columns after an update: `domains` is `public` or uuids, `zones` is `all` or uuids; None keeps."""
    domain_ids, zone_ids = offering.domain_ids, offering.zone_ids
    if domains is not None:
        if domains.lower() == "public":
            if not call.caller.is_root_admin:
                raise PermissionDeniedError("Only root admins make offerings public")
            domain_ids = ""
        else:
            known = await call.cloud.snapshots.of(DomainRow)
            found = [_named(known.by_uuid, "domainid", uuid) for uuid in domains.split(",") if uuid]
            domain_ids, _ = await restricted(call, found, ())
    if zones is not None:
        if zones.lower() == "all":
            zone_ids = ""
        else:
            known_zones = await call.cloud.snapshots.of(ZoneRow)
            named = {_named(known_zones.by_uuid, "zoneid", uuid) for uuid in zones.split(",") if uuid}
            zone_ids = ",".join(str(i) for i in sorted(named))
    return domain_ids, zone_ids


def _named(by_uuid: object, parameter: str, uuid: str) -> int:
    assert isinstance(by_uuid, dict)
    row = by_uuid.get(uuid.strip().lower())
    if row is None or row.removed_ms is not None:
        raise ParameterError(f"Invalid parameter {parameter} value={uuid[:64]}: entity does not exist")
    return int(row.id)


async def check_touch(call: Call, offering: Offering, what: str) -> None:
    """Raises PermissionDeniedError unless root, or a domain admin to whose subtree the offering is confined."""
    if call.caller.is_root_admin:
        return
    tree = await call.cloud.part(DomainTree).current()
    domain_ids = ids_of(offering.domain_ids)
    if not domain_ids or not all(tree.is_within(d, call.caller.domain_id) for d in domain_ids):
        raise PermissionDeniedError(
            f"Unable to change {what}: it is public or of domains that {call.caller.account_name} does not administer"
        )
