"""listUsageTypes: every type that a usage record may have."""

from __future__ import annotations

from typing import ClassVar

from lakh.catalogue.kinds import usage_types
from lakh.contract.declaration import ADMIN
from lakh.contract.view import View
from lakh.resources.command import Call, Listed, SyncCommand


class UsageTypeView(View):
    OBJECT: ClassVar[str] = "usagetype"

    id: int | None = None
    name: str | None = None
    description: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class ListUsageTypes(SyncCommand, roles=ADMIN, answer=UsageTypeView, envelope="list"):
    """Lists the types of usage records."""

    async def run(self, call: Call) -> Listed:
        views = [
            UsageTypeView(id=kind.id, name=kind.name, description=kind.name.replace("_", " ").capitalize())
            for kind in usage_types()
        ]
        return Listed(len(views), list(views))
