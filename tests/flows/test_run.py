"""What steps and undos want done in memory, once the store has what they decided."""

from __future__ import annotations

from tests.blank import blank
from tests.flows.server import Server

from lakh.jobs.flow import Run, State
from lakh.jobs.row import JobRow


async def test_acts_follow_the_commit_that_they_belong_to(server: Server) -> None:
    done: list[str] = []
    job = blank(server.cloud, JobRow, command="none")
    run = Run(server.cloud, job, State())
    run.when_committed(lambda: done.append("a step that failed"))
    run.not_committed()
    run.when_committed(lambda: done.append("an undo"))
    run.carry()
    run.when_committed(lambda: done.append("a step that lost a race"))
    run.not_committed()
    run.when_committed(lambda: done.append("the step that commits"))
    assert done == []
    run.committed()
    assert done == ["an undo", "the step that commits"]
    run.committed()
    assert len(done) == 2, "once"
