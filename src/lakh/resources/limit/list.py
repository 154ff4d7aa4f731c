"""listResourceLimits."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Long
from lakh.resources.account.ownership import check_domain, owner_of
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.limit.known import KnownLimits
from lakh.resources.limit.row import ACCOUNT, DOMAIN, TYPES
from lakh.resources.limit.view import ResourceLimitView, owner_fields, type_fields


class ListResourceLimits(OwnedListCommand, answer=ResourceLimitView):
    """Lists the limits in force of an account or a domain."""

    id: Long | None = param("lists the limit of this id")
    resourcetype: int | None = param("number of the resource type, 0 (Instances) to 11 (secondary storage)")
    resourcetypename: str | None = param("name of the resource type, such as user_vm")
    tag: str | None = param("limits of this offering tag", since="4.20.0")

    async def run(self, call: Call) -> Listed:
        numbers = self._types()
        account = None
        if self.domainid is not None and not self.account:
            await check_domain(call, self.domainid)
            kind, owner_id, domain_id = DOMAIN, self.domainid, self.domainid
        else:
            account = await owner_of(call, self.account, self.domainid, self.projectid)
            kind, owner_id, domain_id = ACCOUNT, account.id, account.domain_id
        owner, known = await owner_fields(call.cloud, account, domain_id), call.cloud.part(KnownLimits)
        views = [
            ResourceLimitView(**owner, **type_fields(n), max=await known.limit(kind, owner_id, n))
            for n in numbers
            if self.tag is None
        ]
        offset, limit = self.window()
        return Listed(len(views), list(views[offset : offset + limit]))

    def _types(self) -> list[int]:
        if self.resourcetype is not None:
            if not 0 <= self.resourcetype < len(TYPES):
                raise ParameterError(f"Please specify valid resource type: a number from 0 to {len(TYPES) - 1}")
            return [self.resourcetype]
        if self.resourcetypename is not None:
            if self.resourcetypename not in TYPES:
                raise ParameterError(f"Please specify valid resource type name: one of {', '.join(TYPES)}")
            return [TYPES.index(self.resourcetypename)]
        return list(range(len(TYPES)))
