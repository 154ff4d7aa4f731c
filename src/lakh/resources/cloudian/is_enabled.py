"""cloudianIsEnabled: whether a Cloudian object store is connected. The plugin is not here."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.view import View
from lakh.resources.command import Call, SyncCommand


class CloudianEnabledView(View):
    OBJECT: ClassVar[str] = "cloudianisenabled"

    enabled: bool | None = None
    url: str | None = None


class CloudianIsEnabled(SyncCommand, answer=CloudianEnabledView, since="4.11.0", absent_plugin=True):
    """Tells whether a Cloudian object store is connected."""

    async def run(self, call: Call) -> CloudianEnabledView:
        return CloudianEnabledView(enabled=False)
