"""Which commands a role may call (api-conventions, section 11)."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.command import Caller
from lakh.resources.role.access import Access


class RolePermissions:
    """The permissions of all roles; a part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._access = cloud.part(Access)

    async def allowed(self, caller: Caller) -> frozenset[str]:
        """The names of all commands the caller's role may call."""
        return (await self._access.load()).commands(caller.role_id)
