"""listVolumes: the caller's, or those it may see, newest first."""

from __future__ import annotations

from lakh.resources.command import Call, Listed
from lakh.resources.volume.list_command import VolumeListCommand
from lakh.resources.volume.view import VolumeView


class ListVolumes(
    VolumeListCommand,
    answer=VolumeView,
    java_class="org.apache.cloudstack.api.command.admin.volume.ListVolumesCmdByAdmin",
):
    """Lists the volumes of the caller, or those it may see."""

    async def run(self, call: Call) -> Listed:
        count, views = await self.listed(call)
        return Listed(count, views)
