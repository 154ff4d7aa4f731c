"""What an account or a domain owns against its limits, as `vmlimit`, `vmtotal`, `vmavailable` and their kind.

Limits and what is available are texts (`Unlimited` or a number), totals are numbers: typed clients rely on it
(api-conventions, section 5). Storage is shown in GiB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakh.contract.view import View
from lakh.jobs.cloud import Cloud
from lakh.resources.limit.known import default_limit
from lakh.resources.limit.row import TYPES, ResourceCountRow, ResourceLimitRow
from lakh.store.statement import select

UNLIMITED_TEXT: Final = "Unlimited"
_GIB: Final = 1 << 30
_WORDS = {name: name.removeprefix("user_").removeprefix("public_").replace("_", "") for name in TYPES}
_FIELDS = [(name, *(f"{_WORDS[name]}{what}" for what in ("total", "limit", "available"))) for name in TYPES]
_SPECIAL: Final = 2  # owners of higher ids have the limits of everybody, where no row says otherwise

COUNTS_OF = select(
    "resource_count.of_many", ResourceCountRow, "WHERE owner_kind = $1 AND owner_id = ANY($2) ORDER BY owner_id"
)


class OwnedCounts(View):
    """The part of an account's and a domain's view that says what they own."""

    vmlimit: str | None = None
    vmtotal: int | None = None
    vmavailable: str | None = None
    iplimit: str | None = None
    iptotal: int | None = None
    ipavailable: str | None = None
    volumelimit: str | None = None
    volumetotal: int | None = None
    volumeavailable: str | None = None
    snapshotlimit: str | None = None
    snapshottotal: int | None = None
    snapshotavailable: str | None = None
    templatelimit: str | None = None
    templatetotal: int | None = None
    templateavailable: str | None = None
    projectlimit: str | None = None
    projecttotal: int | None = None
    projectavailable: str | None = None
    networklimit: str | None = None
    networktotal: int | None = None
    networkavailable: str | None = None
    vpclimit: str | None = None
    vpctotal: int | None = None
    vpcavailable: str | None = None
    cpulimit: str | None = None
    cputotal: int | None = None
    cpuavailable: str | None = None
    memorylimit: str | None = None
    memorytotal: int | None = None
    memoryavailable: str | None = None
    primarystoragelimit: str | None = None
    primarystoragetotal: int | None = None
    primarystorageavailable: str | None = None
    secondarystoragelimit: str | None = None
    secondarystoragetotal: float | None = None
    secondarystorageavailable: str | None = None


class Owners:
    """Counts and limits of one page of owners of one kind (ACCOUNT or DOMAIN)."""

    def __init__(
        self,
        cloud: Cloud,
        kind: int,
        counts: Mapping[int, ResourceCountRow],
        explicit: Mapping[tuple[int, int], int],
    ) -> None:
        self._cloud = cloud
        self._kind = kind
        self._counts = counts
        self._explicit = explicit
        self._defaults: dict[tuple[int, bool], int] = {}

    @classmethod
    async def read(cls, cloud: Cloud, kind: int, owner_ids: Iterable[int]) -> Owners:
        """Reads the counts of all owners with one statement; limits come from memory."""
        counts = {row.owner_id: row for row in await cloud.store.rows(COUNTS_OF, kind, list(owner_ids))}
        limits = await cloud.snapshots.of(ResourceLimitRow)
        explicit = {(r.owner_id, r.type): r.max for r in limits.live if r.owner_kind == kind and r.tag is None}
        return cls(cloud, kind, counts, explicit)

    def fields(self, owner_id: int, *, project: bool = False, unlimited: bool = False) -> dict[str, Any]:
        """The fields of one owner, ready for its view. `unlimited`: root admins' accounts have no limits."""
        found: dict[str, Any] = {}
        counts = self._counts.get(owner_id)
        for number, (name, total_field, limit_field, available_field) in enumerate(_FIELDS):
            total = getattr(counts, name) if counts is not None else 0
            limit = self._explicit.get((owner_id, number))
            if limit is None:
                limit = self._default(owner_id, number, project)
            if unlimited:
                limit = -1
            if name == "primary_storage":
                total //= _GIB
            elif name == "secondary_storage":
                total = round(total / _GIB, 2)
            found[total_field] = total
            found[limit_field] = UNLIMITED_TEXT if limit < 0 else str(limit)
            found[available_field] = UNLIMITED_TEXT if limit < 0 else str(max(0, int(limit - total)))
        return found

    def _default(self, owner_id: int, number: int, project: bool) -> int:
        if owner_id <= _SPECIAL:
            return default_limit(self._cloud, self._kind, owner_id, number, project=project)
        known = self._defaults.get((number, project))
        if known is None:
            known = default_limit(self._cloud, self._kind, owner_id, number, project=project)
            self._defaults[number, project] = known
        return known
