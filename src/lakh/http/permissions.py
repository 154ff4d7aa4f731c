"""Which commands a role may call (api-conventions, section 11)."""

from __future__ import annotations

from functools import cache

from lakh.contract.declaration import COMMANDS
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import ADMIN, DOMAIN_ADMIN, READ_ONLY_ADMIN, RESOURCE_ADMIN
from lakh.resources.command import Caller

ROOT_ADMIN_ROLE = 1

_ROLE_TYPES = {ADMIN: "Admin", DOMAIN_ADMIN: "DomainAdmin", RESOURCE_ADMIN: "ResourceAdmin", READ_ONLY_ADMIN: "Admin"}


def role_type(account_type: int) -> str:
    """The role type in whose name an account of this type acts: Admin, ResourceAdmin, DomainAdmin or User."""
    return _ROLE_TYPES.get(account_type, "User")


class RolePermissions:
    """The compiled permissions of all roles; a part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def allowed(self, caller: Caller) -> frozenset[str]:
        """The names of all commands the caller's role may call."""
        return _by_declaration("Admin" if caller.role_id == ROOT_ADMIN_ROLE else role_type(caller.account_type))


@cache
def _by_declaration(kind: str) -> frozenset[str]:
    return frozenset(name for name, spec in COMMANDS.items() if kind == "Admin" or kind in spec.roles)
