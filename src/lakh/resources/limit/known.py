"""What owners may own at most, in memory: explicit limits by owner, and each owner's bounds as its charges need them.

There is a row for each limit that somebody set, tens of thousands in a large installation, and every deployment asks
for those of two or three owners. So they are put in order once for each change of a limit, and what an owner's limits
come to is kept until limits, settings or accounts change.
"""

from __future__ import annotations

from typing import Final

from lakh.base import limits
from lakh.jobs.cloud import Cloud
from lakh.resources.account.cached import Accounts
from lakh.resources.account.row import PROJECT
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.limit.row import ACCOUNT, DOMAIN, TYPES, UNLIMITED, ResourceLimitRow
from lakh.store.snapshot import Changes

_SETTINGS: Final = (
    "user.vms", "public.ips", "volumes", "snapshots", "templates", "projects", "networks", "vpcs", "cpus", "memory",
    "primary.storage", "secondary.storage",
)  # fmt: skip
_GIB: Final = 1 << 30
_SCALES: Final = tuple(_GIB if name.endswith("_storage") else 1 for name in TYPES)
_BUILT_IN: Final = 2
"""Accounts up to this id, the system's and the first admin's, are unlimited in a fresh installation."""


def default_limit(cloud: Cloud, kind: int, owner_id: int, type_number: int, *, project: bool = False) -> int:
    """The limit that holds where no row says otherwise, in the API's units; `project`: a project's account."""
    if kind == DOMAIN and owner_id == ROOT_DOMAIN:
        return -1
    word = "domain"
    if kind == ACCOUNT:
        if owner_id <= _BUILT_IN:
            return -1
        word = "project" if project else "account"
    return cloud.part(Settings).integer(f"max.{word}.{_SETTINGS[type_number]}")


class KnownLimits:
    """A part of the cloud: `await cloud.part(KnownLimits).bounds(ACCOUNT, account_id)`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._changes: Changes[ResourceLimitRow] = Changes()
        self._settings = -1  # as of which version of them the bounds are
        self._explicit: dict[tuple[int, int], dict[int, int]] = {}
        self._owners: dict[int, tuple[int, int, int]] = {}  # kind, owner and type of those, by the limit's id
        self._ids: dict[tuple[int, int, int], int] = {}  # the other way round
        self._bounds: dict[tuple[int, int], tuple[int, ...]] = {}

    async def limit(self, kind: int, owner_id: int, type_number: int) -> int:
        """The limit that holds for one owner and type, in the API's units (GiB for storage); -1 is unlimited."""
        await self._refresh()
        found = self._explicit.get((kind, owner_id), {}).get(type_number)
        if found is not None:
            return found
        project = await self._is_project(kind, owner_id)
        return default_limit(self._cloud, kind, owner_id, type_number, project=project)

    async def bounds(self, kind: int, owner_id: int) -> tuple[int, ...]:
        """The limits of one owner by type, in the units of TYPES; UNLIMITED where there is none."""
        await self._refresh()
        known = self._bounds.get((kind, owner_id))
        if known is not None:
            return known
        bounds, explicit = self._bounds, self._explicit.get((kind, owner_id), {})
        project = await self._is_project(kind, owner_id)
        found = []
        for number, scale in enumerate(_SCALES):
            limit = explicit.get(number)
            if limit is None:
                limit = default_limit(self._cloud, kind, owner_id, number, project=project)
            found.append(UNLIMITED if limit < 0 else limit * scale)
        if len(bounds) >= limits.ROWS_CACHED:
            bounds.clear()
        bounds[kind, owner_id] = made = tuple(found)
        return made

    async def _refresh(self) -> None:
        """Takes the limits that changed."""
        loaded, version = await self._cloud.snapshots.of(ResourceLimitRow), self._cloud.part(Settings).version
        if self._settings != version:
            self._bounds, self._settings = {}, version
        changed, anew = self._changes.look(loaded)
        if anew:
            self._explicit, self._bounds, self._owners, self._ids = {}, {}, {}, {}
        for row_id in changed:
            if (before := self._owners.pop(row_id, None)) is not None:
                self._ids.pop(before, None)
                self._explicit[before[:2]].pop(before[2], None)
                self._bounds.pop(before[:2], None)
            row = loaded.by_id.get(row_id)
            if row is not None and row.tag is None:
                owner = row.owner_kind, row.owner_id
                self._owners[row_id] = key = (*owner, row.type)
                self._ids[key] = row_id
                self._explicit.setdefault(owner, {})[row.type] = row.max
                self._bounds.pop(owner, None)

    async def row_id(self, kind: int, owner_id: int, type_number: int) -> int | None:
        """The id of the row that limits this, where there is one."""
        await self._refresh()
        return self._ids.get((kind, owner_id, type_number))

    async def _is_project(self, kind: int, owner_id: int) -> bool:
        """True for a project's account, which it is for ever."""
        if kind != ACCOUNT or owner_id <= _BUILT_IN:
            return False
        account = await self._cloud.part(Accounts).get(owner_id)
        return account is not None and account.type == PROJECT
