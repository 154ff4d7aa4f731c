"""Which commands a role may call (api-conventions, section 11)."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import ADMIN, DOMAIN_ADMIN, READ_ONLY_ADMIN, RESOURCE_ADMIN
from lakh.resources.command import Caller
from lakh.resources.role.access import Access

_ROLE_TYPES = {ADMIN: "Admin", DOMAIN_ADMIN: "DomainAdmin", RESOURCE_ADMIN: "ResourceAdmin", READ_ONLY_ADMIN: "Admin"}


def role_type(account_type: int) -> str:
    """The role type in whose name an account of this type acts: Admin, ResourceAdmin, DomainAdmin or User."""
    return _ROLE_TYPES.get(account_type, "User")


class RolePermissions:
    """The permissions of all roles; a part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._access = cloud.part(Access)

    async def allowed(self, caller: Caller) -> frozenset[str]:
        """The names of all commands the caller's role may call."""
        return (await self._access.load()).commands(caller.role_id)
