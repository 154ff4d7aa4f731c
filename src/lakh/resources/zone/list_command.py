"""What listZones and its metrics have in common."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Ids, Pairs
from lakh.resources.account.row import DOMAIN_ADMIN
from lakh.resources.command import Call, ListCommand
from lakh.resources.domain.tree import DomainTree, Tree
from lakh.resources.listing import page_of
from lakh.resources.sort_keys import sort_sign
from lakh.resources.zone.row import ZoneRow
from lakh.resources.zone.view import ZoneView, zone_views
from lakh.store.statement import statement

ZONES_OF_ACCOUNT = statement(
    "zone.of_account", "SELECT DISTINCT zone_id FROM vm WHERE account_id = $1 AND removed_ms IS NULL"
)


class ZoneListCommand(ListCommand, abstract=True):
    """A list of zones, with all its filters."""

    id: Id | None = param("this zone", entity="zone")
    ids: Ids = param("these zones; not together with id", entity="zone", since="4.19.0")
    name: str | None = param("the zone of this name")
    networktype: str | None = param("Advanced or Basic")
    domainid: Id | None = param("zones that this domain may use", entity="domain")
    available: bool = param("false: only zones in which the caller has an instance", default=True)
    showcapacities: bool = param("with the capacities of each zone (root admins)", default=False)
    showicon: bool = param("with the icon of each zone", default=False)
    storageaccessgroup: str | None = param("zones with this storage access group", since="4.21.0")
    tags: Pairs = param("zones with one of these tags", since="4.3")

    async def listed(self, call: Call) -> tuple[int, list[ZoneRow], list[ZoneView]]:
        """(count, rows of the page, their views). Raises ParameterError."""
        if self.id is not None and self.ids:
            raise ParameterError("Specify either id or ids but not both parameters")
        tree = await call.cloud.part(DomainTree).current()
        zones = (await call.cloud.snapshots.of(ZoneRow)).live
        with_instance: set[int] | None = None
        if not self.available:
            rows = await call.cloud.store.read(ZONES_OF_ACCOUNT, call.caller.account_id)
            with_instance = {row[0] for row in rows}
        sign = sort_sign(call.cloud)
        found = [
            zone
            for zone in sorted(zones, key=lambda z: (sign * z.sort_key, z.id))
            if self._fits(zone)
            and _visible(call, zone, tree)
            and (self.domainid is None or _usable_by(zone, self.domainid, tree))
            and (with_instance is None or zone.id in with_instance)
        ]
        count, page = page_of(found, self.window())
        views = await zone_views(call.cloud, page, whole=call.caller.is_root_admin, capacities=self.showcapacities)
        return count, page, views

    def _fits(self, zone: ZoneRow) -> bool:
        return (
            (self.id is None or zone.id == self.id)
            and (not self.ids or zone.id in self.ids)
            and (self.name is None or zone.name == self.name)
            and (self.networktype is None or zone.network_type.lower() == self.networktype.lower())
            and (not self.keyword or self.keyword.lower() in zone.name.lower())
            and (not self.tags)
            and (self.storageaccessgroup is None or self.storageaccessgroup in _groups(zone))
        )


def _groups(zone: ZoneRow) -> list[str]:
    details = msgspec.json.decode(zone.details_json, type=dict[str, str])
    return details.get("storageaccessgroups", "").split(",")


def _usable_by(zone: ZoneRow, domain_id: int, tree: Tree) -> bool:
    """A zone of one domain is for that domain and those below it."""
    return zone.domain_id is None or tree.is_within(domain_id, zone.domain_id)


def _visible(call: Call, zone: ZoneRow, tree: Tree) -> bool:
    caller = call.caller
    if caller.is_root_admin:
        return True
    if not caller.is_admin and zone.allocation_state != "Enabled":
        return False
    if _usable_by(zone, caller.domain_id, tree):
        return True
    return (
        caller.account_type == DOMAIN_ADMIN
        and zone.domain_id is not None
        and tree.is_within(zone.domain_id, caller.domain_id)
    )
