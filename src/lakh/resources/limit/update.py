"""updateResourceLimit."""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id, Long
from lakh.resources.account.ownership import check_domain, owner_of
from lakh.resources.command import Call, SyncCommand
from lakh.resources.limit.known import KnownLimits
from lakh.resources.limit.row import ACCOUNT, DOMAIN, TYPES, ResourceLimitRow
from lakh.resources.limit.view import ResourceLimitView, owner_fields, type_fields
from lakh.store.statement import TxnSpec, insert, statement
from lakh.store.store import DuplicateError

SET = insert(
    "resource_limit.set",
    ResourceLimitRow,
    conflict="ON CONFLICT (owner_kind, owner_id, type) DO UPDATE SET max = excluded.max",
)
INSERT = insert("resource_limit.insert", ResourceLimitRow)
CHANGE = statement("resource_limit.change", "UPDATE resource_limit SET max = $2 WHERE id = $1")


class UpdateResourceLimit(SyncCommand, roles=ADMINS, answer=ResourceLimitView):
    """Sets how much of a resource an account or a domain may own; -1 takes the limit away."""

    account: str | None = param("the account; domainid must name its domain")
    domainid: Id | None = param("the domain, or the domain of the account", entity="domain")
    max: Long | None = param("the limit; -1 is unlimited")
    projectid: Id | None = param("the project", entity="project")
    resourcetype: int = param("number of the resource type, 0 (Instances) to 11 (secondary storage)", required=True)
    tag: str | None = param("limit only what carries this offering tag", since="4.20.0")

    async def run(self, call: Call) -> ResourceLimitView:
        if not 0 <= self.resourcetype < len(TYPES):
            raise ParameterError(f"Please specify valid resource type: a number from 0 to {len(TYPES) - 1}")
        if self.tag is not None:
            raise ParameterError("tag: limits by offering tag are not supported")
        limit = -1 if self.max is None else self.max
        if limit < -1:
            raise ParameterError("max must be -1 (unlimited) or a positive number")
        account = None
        if self.account or self.projectid is not None:
            account = await owner_of(call, self.account, self.domainid, self.projectid)
            kind, owner_id, domain_id = ACCOUNT, account.id, account.domain_id
        else:
            domain_id = call.caller.domain_id if self.domainid is None else self.domainid
            await check_domain(call, domain_id)
            if domain_id == call.caller.domain_id and not call.caller.is_root_admin:
                raise PermissionDeniedError("Cannot update the resource limit of your own domain")
            kind, owner_id = DOMAIN, domain_id
        row = ResourceLimitRow(
            id=call.cloud.id("resource_limit"),
            owner_kind=kind,
            owner_id=owner_id,
            type=self.resourcetype,
            max=limit,
            tag=None,
            domain_id=domain_id,
        )
        await self._set(call, row)
        owner = await owner_fields(call.cloud, account, domain_id)
        return ResourceLimitView(**owner, **type_fields(self.resourcetype), max=limit)

    async def _set(self, call: Call, row: ResourceLimitRow) -> None:
        """By the id of the limit that is there, so that memory has this one row to read anew."""
        known = await call.cloud.part(KnownLimits).row_id(row.owner_kind, row.owner_id, row.type)
        if known is not None:
            changed = await call.cloud.store.submit(
                TxnSpec("updateResourceLimit").add(CHANGE, known, row.max, expect=None)
            )
            if changed == [1]:
                return
        try:
            await call.cloud.store.submit(TxnSpec("updateResourceLimit").put(INSERT, row))
        except DuplicateError:  # set by another request just now
            await call.cloud.store.submit(TxnSpec("updateResourceLimit").put(SET, row))
