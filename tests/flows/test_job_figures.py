"""What a server tells of how long jobs took."""

from __future__ import annotations

from tests.flows.server import Server
from tests.flows.test_deploy import deployment

from lakh.jobs.figures import BOUNDS, JobSeconds


def test_bounds_hold_what_took_exactly_as_long() -> None:
    seconds = JobSeconds()
    for took in (BOUNDS[0], BOUNDS[0] + 0.001, BOUNDS[-1] + 1):
        seconds.count(took)
    told = seconds.cumulative()
    assert told[:2] == [(str(BOUNDS[0]), 1.0), (str(BOUNDS[1]), 2.0)]
    assert told[-2:] == [(str(BOUNDS[-1]), 2.0), ("+Inf", 3.0)]
    assert list(BOUNDS) == sorted(set(BOUNDS))


async def test_every_ended_job_is_counted_by_its_command(server: Server) -> None:
    for _ in range(3):
        await server.run(deployment(server))
    found = server.cloud.worker.seconds["deployVirtualMachine"]
    assert found.cumulative()[-1] == ("+Inf", 3.0)
    assert 0 <= found.seconds < 60
