"""May an owner use a template or an offering, in a zone? Shared by deploying, restoring, resizing."""

from __future__ import annotations

from typing import Protocol, TypeVar

from cachetools import LRUCache

from lakh.base import limits
from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.ownership import may_see
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Call
from lakh.resources.domain.tree import DomainTree
from lakh.resources.template.row import STORES_OF, TemplateRow
from lakh.store.table import Row

T = TypeVar("T", bound=Row)


class Offering(Protocol):
    """What service and disk offerings have in common."""

    uuid: str
    name: str
    state: str
    domain_ids: str
    zone_ids: str


class ReadyTemplates:
    """A part of the cloud: in which zones a template is Ready, remembered until a copy on an image store changes."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._zones: LRUCache[int, frozenset[int]] = LRUCache(limits.TEMPLATES_READY)
        self._version = 0
        cloud.store.on_commit(self._changed)

    def _changed(self, tables: frozenset[str]) -> None:
        if "template_store" in tables:
            self._zones.clear()
            self._version += 1

    async def zones(self, template_id: int) -> frozenset[int]:
        """Ids of the zones where the template can be used."""
        known = self._zones.get(template_id)
        if known is None:
            version = self._version
            copies = await self._cloud.store.rows(STORES_OF, template_id)
            known = frozenset(copy.zone_id for copy in copies if copy.state == "Ready")
            if version == self._version:
                self._zones[template_id] = known
        return known


async def live(cloud: Cloud, row: type[T], row_id: int, parameter: str) -> T:
    """The row of a snapshot table. Raises ParameterError when it was deleted: uuids of deleted rows still bind."""
    found = (await cloud.snapshots.of(row)).by_id.get(row_id)
    if found is None or getattr(found, "removed_ms", None) is not None:
        name = row.TABLE.name.replace("_", " ")
        raise ParameterError(f"Unable to find {name} by {parameter}: it does not exist any more")
    return found


async def check_offering(call: Call, offering: Offering, owner: AccountRow, zone_id: int) -> None:
    """Raises ParameterError for one that is inactive or not in the zone, PermissionDeniedError for another domain's."""
    if offering.state != "Active":
        raise ParameterError(f"Offering {offering.uuid} is not active")
    zones = [int(part) for part in offering.zone_ids.split(",") if part]
    if zones and zone_id not in zones:
        raise ParameterError(f"Offering {offering.name} is not available in the zone of the Instance")
    domains = [int(part) for part in offering.domain_ids.split(",") if part]
    if not domains:
        return
    tree = await call.cloud.part(DomainTree).current()
    if not any(tree.is_within(owner.domain_id, domain_id) for domain_id in domains):
        raise PermissionDeniedError(
            f"Account {owner.name} does not have permission to use offering {offering.name}: it is for other domains"
        )


async def check_template(call: Call, template: TemplateRow, owner: AccountRow, zone_id: int) -> None:
    """Raises ParameterError unless it is Ready in the zone, PermissionDeniedError where it is another's secret."""
    if template.state != "Active":
        raise ParameterError(f"Unable to use template {template.uuid}: it is not active")
    own = template.account_id == owner.id
    if not template.is_public and not own and not await may_see(call, template.account_id, template.domain_id):
        raise PermissionDeniedError(
            f"Account {owner.name} does not have permission to operate with provided resource: template {template.uuid}"
        )
    if template.type in ("SYSTEM", "ROUTING"):
        raise ParameterError(f"Unable to use system template {template.uuid} to deploy an Instance")
    if zone_id not in await call.cloud.part(ReadyTemplates).zones(template.id):
        raise ParameterError(f"Template {template.name} has not been downloaded to the zone completely")
