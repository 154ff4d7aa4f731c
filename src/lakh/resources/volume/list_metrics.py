"""listVolumesMetrics: the list with figures as people read them."""

from __future__ import annotations

from lakh.contract.declaration import EVERYONE
from lakh.contract.view import widened
from lakh.resources.capacity.words import gigabytes
from lakh.resources.command import Call, Listed
from lakh.resources.volume.list_command import VolumeListCommand
from lakh.resources.volume.view import VolumeView


class VolumeMetricsView(VolumeView, kw_only=True):
    """A volume with its size in words; to root admins `storagetype` tells its type too: `Shared (ROOT)`."""

    sizegb: str | None = None

    OBJECT = "volume"


class ListVolumesMetrics(
    VolumeListCommand,
    roles=EVERYONE,
    answer=VolumeMetricsView,
    response="listvolumesresponse",
    since="4.9.3",
    java_class="org.apache.cloudstack.api.ListVolumesMetricsCmd",
):
    """Lists volumes with metrics."""

    async def run(self, call: Call) -> Listed:
        count, views = await self.listed(call)
        answers = [widened(view, VolumeMetricsView, sizegb=gigabytes(view.size, "GiB")) for view in views]
        if call.caller.is_root_admin:
            for view in answers:
                view.storagetype = f"{view.storagetype.capitalize()} ({view.type})"
        return Listed(count, answers)
