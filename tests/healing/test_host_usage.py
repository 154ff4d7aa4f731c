"""Memory that was left behind by a crossing commit follows the store again."""

from __future__ import annotations

from tests.ground import Ground
from tests.resources.host.test_verbs import put_vm

from lakh.healing.host_usage import HostUsage
from lakh.resources.host.index import HostIndex


async def test_what_memory_says_of_a_host_is_corrected_once_it_stands(ground: Ground) -> None:
    cloud, host = ground.api.cloud, await ground.join()
    vm = await put_vm(ground, host, "real")
    columns, usage = cloud.part(HostIndex).columns, HostUsage()
    await cloud.part(HostIndex).refresh_usage(host.id)
    right = columns.usage(host.id)
    assert right.memory_used_bytes == vm.memory_mb << 20
    columns.reserve(host.id, 500, 1 << 30)
    wrong = columns.usage(host.id)
    await usage.run(cloud)
    assert columns.usage(host.id) == wrong  # it may be a job's that has not committed yet; look again first
    columns.reserve(host.id, 500, 1 << 30)
    await usage.run(cloud)
    columns.release(host.id, 500, 1 << 30)
    await usage.run(cloud)
    assert columns.usage(host.id) == wrong
    await usage.run(cloud)
    assert columns.usage(host.id) == right
