"""Every flow, at every step: it fails, the server dies, it repeats, an answer is lost, a host refuses; nothing leaks.

Flows are found in FLOWS and faults are made here, so a new flow is proven by writing a scenario of it; one without
fails `test_every_flow_has_a_scenario`. In the end `World.check()` must hold, and what the scenario itself says.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.flows import scenario
from tests.flows.scenario import SCENARIOS, Case, command_of
from tests.flows.server import Server

from lakh.agent.host import Host
from lakh.base.errors import ResourceUnavailableError
from lakh.healing.host_usage import HostUsage
from lakh.jobs.execution import Crash
from lakh.jobs.flow import FLOWS, Flow, Step
from lakh.jobs.row import FAILED, PENDING, SUCCEEDED, JobRow
from lakh.resources.vm.power_report import take_report
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError, StoreUnavailableError
from lakh.wire.message import Message

scenario.load()

IMPOSSIBLE = statement("test.impossible", "UPDATE account SET name = name WHERE id = -1")
REFUSALS = 40
"""Of one kind of command, before a host that says no to everything gives in: an undo would else try for ever."""

PLOTS = [(name, title) for name in sorted(FLOWS) for title in SCENARIOS.get(name, ())]


def stages(choose: Any = lambda _flow, _step: True) -> list[tuple[str, str, str]]:
    """(command, scenario, step) of every step that `choose` takes."""
    return [(name, title, s.name) for name, title in PLOTS for s in FLOWS[name].steps if choose(FLOWS[name], s)]


def commits(_flow: Flow[Any], step: Step[Any]) -> bool:
    return step.commits


def passes(_flow: Flow[Any], step: Step[Any]) -> bool:
    return not step.commits


def undoable(flow: Flow[Any], step: Step[Any]) -> bool:
    return step is not flow.steps[-1] and (step.undo is not None or (step.commits and step is not flow.steps[0]))


class Stage:
    """One scenario, ready to be run once with one fault."""

    def __init__(self, server: Server, command: str, case: Case) -> None:
        self.server, self.command, self.case = server, command, case

    @classmethod
    async def set_up(cls, server: Server, command: str, title: str) -> Stage:
        stage = cls(server, command, await SCENARIOS[command][title](server))
        await server.world.check()
        server.hosts.said.clear()
        return stage

    async def run(self) -> JobRow:
        return await self.server.run(command_of(self.command, self.case.parameters), self.case.caller)

    async def holds(self, job: JobRow) -> None:
        """The job has an end, the world is whole, and what the scenario says is so."""
        await self.server.idle()
        self.server.probe = None
        assert job.status in (SUCCEEDED, FAILED), "the job has no end"
        await self.server.world.check()
        await (self.case.succeeded() if job.status == SUCCEEDED else self.case.failed())

    def at(self, moment: str, step: str, error: BaseException) -> list[str]:
        """Raises `error` once, when this command's job comes to `moment` of `step`; the list then is not empty."""
        met: list[str] = []

        def probe(when: str, job: JobRow, name: str) -> None:
            if (job.command, when, name) == (self.command, moment, step) and not met:
                met.append(step)
                raise error

        self.server.probe = probe
        return met


def test_every_flow_has_a_scenario() -> None:
    assert sorted(FLOWS.keys() - SCENARIOS.keys()) == [], "write one in tests/flows/scenarios"
    assert sorted(SCENARIOS.keys() - FLOWS.keys()) == [], "scenarios of flows that do not exist"


@pytest.mark.parametrize(("command", "title"), PLOTS)
async def test_it_succeeds(server: Server, command: str, title: str) -> None:
    stage = await Stage.set_up(server, command, title)
    job = await stage.run()
    assert job.status == SUCCEEDED, job.result_json
    await stage.holds(job)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("command", "title", "step"), stages())
async def test_a_step_fails(server: Server, command: str, title: str, step: str, moment: str) -> None:
    stage = await Stage.set_up(server, command, title)
    met = stage.at(moment, step, ResourceUnavailableError("the test says no"))
    job = await stage.run()
    assert met
    assert job.status == FAILED
    assert "the test says no" in (job.result_json or "")
    await stage.holds(job)


@pytest.mark.parametrize("moment", ["before", "after", "committed"])
@pytest.mark.parametrize(("command", "title", "step"), stages())
async def test_the_server_dies(server: Server, command: str, title: str, step: str, moment: str) -> None:
    flow = FLOWS[command]
    if moment == "committed" and not flow.steps[flow.index(step)].commits:
        return  # nothing is committed there
    stage = await Stage.set_up(server, command, title)
    met = stage.at(moment, step, Crash())
    job = await stage.run()
    assert met
    finished = moment == "committed" and flow.steps[-1].name == step
    assert job.status == (SUCCEEDED if finished else PENDING)
    resumed = await server.crash()
    assert finished == (resumed == 0)
    job = await server.ended(job.uuid)
    assert job.status == SUCCEEDED, job.result_json
    await stage.holds(job)


@pytest.mark.parametrize("moment", ["before", "after", "committed"])
@pytest.mark.parametrize(("command", "title", "step"), stages(undoable))
async def test_the_server_dies_while_undoing(server: Server, command: str, title: str, step: str, moment: str) -> None:
    stage = await Stage.set_up(server, command, title)
    last, dead = FLOWS[command].steps[-1].name, []

    def trouble(when: str, job: JobRow, name: str) -> None:
        if job.command != command or dead:
            return
        if (when, name) == ("before", last):
            raise ResourceUnavailableError("the test says no")
        if (when, name) == (moment, f"undo {step}"):
            dead.append(step)
            raise Crash

    server.probe = trouble
    job = await stage.run()
    if dead:
        assert await server.crash()
        job = await server.ended(job.uuid)
    await stage.holds(job)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("command", "title"), [(c, t) for c, t in PLOTS if FLOWS[c].failed is not None])
async def test_the_server_dies_while_giving_up(server: Server, command: str, title: str, moment: str) -> None:
    """What hosts were told then (to delete files) may come to pass late: nobody goes forward again."""
    stage = await Stage.set_up(server, command, title)
    last, dead = FLOWS[command].steps[-1].name, []

    def trouble(when: str, job: JobRow, name: str) -> None:
        if job.command != command or dead:
            return
        if (when, name) == ("before", last):
            raise ResourceUnavailableError("the test says no")
        if (when, name) == (moment, "failed"):
            dead.append(name)
            raise Crash

    server.probe = trouble
    job = await stage.run()
    assert dead
    await server.crash()
    job = await server.ended(job.uuid)
    committed = any(step.commits for step in FLOWS[command].steps[:-1])
    assert job.status == FAILED or not committed
    await stage.holds(job)


def outrun(flow: Flow[Any], step: Step[Any]) -> bool:
    """Whether a later step that has an undo may have been done when this one is repeated after a crash."""
    return passes(flow, step) and any(later.undo is not None for later in uncommitted_after(flow, step))


def uncommitted_after(flow: Flow[Any], step: Step[Any]) -> list[Step[Any]]:
    after = flow.steps[flow.index(step.name) + 1 :]
    return list(itertools.takewhile(lambda later: not later.commits, after))


@pytest.mark.parametrize(("command", "title", "step"), stages(outrun))
async def test_the_server_dies_and_an_earlier_step_fails_then(
    server: Server, command: str, title: str, step: str
) -> None:
    """What the dead process did after that step, and told nobody, is undone too."""
    flow = FLOWS[command]
    stage = await Stage.set_up(server, command, title)
    last = uncommitted_after(flow, next(s for s in flow.steps if s.name == step))[-1]
    died = stage.at("after", last.name, Crash())
    job = await stage.run()
    assert died
    met = stage.at("before", step, ResourceUnavailableError("the test says no"))
    assert await server.crash() > 0
    job = await server.ended(job.uuid)
    assert met
    assert job.status == FAILED
    await stage.holds(job)


@pytest.mark.parametrize(("command", "title", "step"), stages(passes))
async def test_a_step_repeats(
    server: Server, monkeypatch: pytest.MonkeyPatch, command: str, title: str, step: str
) -> None:
    flow = FLOWS[command]
    position = flow.index(step)
    found = flow.steps[position]

    async def twice(run: Any) -> None:
        await found.do(run)
        await found.do(run)

    stage = await Stage.set_up(server, command, title)
    steps = [*flow.steps[:position], dataclasses.replace(found, do=twice), *flow.steps[position + 1 :]]
    monkeypatch.setattr(flow, "steps", tuple(steps))
    job = await stage.run()
    assert job.status == SUCCEEDED, job.result_json
    await stage.holds(job)


@pytest.mark.parametrize(("command", "title", "step"), stages(commits))
async def test_a_commit_loses_a_race(
    server: Server, monkeypatch: pytest.MonkeyPatch, command: str, title: str, step: str
) -> None:
    """The step decides anew, after it has decided once and nothing of that was stored."""
    flow, lost = FLOWS[command], []
    position = flow.index(step)
    found = flow.steps[position]

    async def loses_once(run: Any) -> TxnSpec:
        txn = await found.do(run) or TxnSpec("")
        if not lost:
            lost.append(step)
            txn.add(IMPOSSIBLE)
        return txn

    stage = await Stage.set_up(server, command, title)
    steps = [*flow.steps[:position], dataclasses.replace(found, do=loses_once), *flow.steps[position + 1 :]]
    monkeypatch.setattr(flow, "steps", tuple(steps))
    job = await stage.run()
    assert lost
    assert job.status == SUCCEEDED, job.result_json
    await stage.holds(job)


@pytest.mark.parametrize(("command", "title", "step"), stages(undoable))
async def test_an_undo_loses_a_race(
    server: Server, monkeypatch: pytest.MonkeyPatch, command: str, title: str, step: str
) -> None:
    """What an undo decided is overtaken before its commit: it is decided anew, and the job has an end."""
    flow, lost = FLOWS[command], []
    position, last = flow.index(step), flow.steps[-1].name
    found = flow.steps[position]

    async def loses_once(run: Any) -> TxnSpec:
        txn = (await found.undo(run) if found.undo is not None else None) or TxnSpec("")
        if not lost:
            lost.append(step)
            txn.add(IMPOSSIBLE)
        return txn

    stage = await Stage.set_up(server, command, title)
    steps = [*flow.steps[:position], dataclasses.replace(found, undo=loses_once), *flow.steps[position + 1 :]]
    monkeypatch.setattr(flow, "steps", tuple(steps))
    stage.at("before", last, ResourceUnavailableError("the test says no"))
    job = await stage.run()
    assert lost
    assert job.status in (SUCCEEDED, FAILED), "forward again, it may get through"
    usage = HostUsage()
    for _ in range(2):  # memory may be behind what was decided in vain
        await usage.run(server.cloud)
    await stage.holds(job)


@pytest.mark.parametrize("happened", [True, False])
@pytest.mark.parametrize(("command", "title"), PLOTS)
async def test_the_store_goes_away_at_a_commit(
    server: Server, monkeypatch: pytest.MonkeyPatch, command: str, title: str, happened: bool
) -> None:
    """At each of the flow's own commits: whether it happened, the job finds out by itself."""
    stage = await Stage.set_up(server, command, title)
    submit, away = server.store.submit, []

    async def goes_away(txn: TxnSpec) -> list[int]:
        first = txn.label.startswith(f"{command}.") and not txn.label.endswith(".admit") and txn.label not in away
        if not first:
            return await submit(txn)
        away.append(txn.label)
        if happened:
            await submit(txn)
        raise StoreUnavailableError("the engine went away")

    monkeypatch.setattr(server.store, "submit", goes_away)
    job = await stage.run()
    assert len(away) == sum(s.commits for s in FLOWS[command].steps)
    assert job.status == SUCCEEDED, job.result_json
    await stage.holds(job)


@pytest.mark.parametrize(("command", "title", "step"), stages())
async def test_the_store_goes_away_at_a_read(
    server: Server, monkeypatch: pytest.MonkeyPatch, command: str, title: str, step: str
) -> None:
    """The first read of a step finds nobody; the job waits and goes on."""
    stage = await Stage.set_up(server, command, title)
    read, armed, away = server.store.read, [False], list[str]()

    def probe(when: str, job: JobRow, name: str) -> None:
        if (job.command, name) == (command, step):
            armed[0] = when == "before" and not away

    async def goes_away(*query: Any) -> Any:
        if armed[0]:
            armed[0] = False
            away.append(step)
            raise StoreUnavailableError("the engine went away")
        return await read(*query)

    server.probe = probe
    monkeypatch.setattr(server.store, "read", goes_away)
    job = await stage.run()
    monkeypatch.setattr(server.store, "read", read)
    assert job.status == SUCCEEDED, job.result_json
    await stage.holds(job)


@pytest.mark.parametrize(("command", "title"), PLOTS)
async def test_its_admission_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, command: str, title: str
) -> None:
    """What admission took in memory it gives back when the store says no."""
    stage = await Stage.set_up(server, command, title)
    submit, refused = server.store.submit, []

    async def refuses(txn: TxnSpec) -> list[int]:
        if txn.label == f"{command}.admit":
            refused.append(txn)
            txn.add(IMPOSSIBLE)
        return await submit(txn)

    with monkeypatch.context() as patch:
        patch.setattr(server.store, "submit", refuses)
        with pytest.raises(GuardFailedError):
            await stage.run()
    assert refused
    await server.world.check()
    job = await stage.run()
    assert job.status == SUCCEEDED, job.result_json
    await stage.holds(job)


@pytest.mark.parametrize(("command", "title"), PLOTS)
async def test_answers_are_lost(server: Server, command: str, title: str) -> None:
    """Once of every kind of command that is sent: the host has done it, and is asked again."""
    stage = await Stage.set_up(server, command, title)
    lost: set[str] = set()

    def lose(_host: int, sent: Message) -> bool:
        if sent.name in lost:
            return False
        lost.add(sent.name)
        return True

    server.hosts.lose = lose
    job = await stage.run()
    assert job.status == SUCCEEDED, job.result_json
    await stage.holds(job)


@pytest.mark.parametrize("times", [1, REFUSALS])
@pytest.mark.parametrize(("command", "title"), PLOTS)
async def test_hosts_refuse(server: Server, command: str, title: str, times: int) -> None:
    """Each kind of command in turn, once or many times; the job may find a way round it or fail, but not half."""
    stage = await Stage.set_up(server, command, title)
    for refused in await _kinds_sent(stage, title):
        left = [times]

        def refuse(_host: int, sent: Message, refused: str = refused, left: list[int] = left) -> str:
            if sent.name != refused or left[0] == 0:
                return ""
            left[0] -= 1
            return "the host does not feel like it"

        again = await Stage.set_up(server, command, title)
        server.hosts.refuse = refuse
        job = await again.run()
        server.hosts.refuse = lambda _host, _command: ""
        assert left[0] < times, f"{refused} was not sent this time"
        await again.holds(job)


@pytest.mark.parametrize("times", [1, REFUSALS])
@pytest.mark.parametrize(("command", "title"), PLOTS)
async def test_hosts_refuse_to_undo(server: Server, command: str, title: str, times: int) -> None:
    """Each kind of command that only an undo sends, once or many times."""
    last = FLOWS[command].steps[-1].name

    async def undone(refuse: Callable[[int, Message], str]) -> set[str]:
        """Kinds that were sent after the failure, and not before."""
        stage = await Stage.set_up(server, command, title)
        stage.at("before", last, ResourceUnavailableError("the test says no"))
        fail, said = server.probe, list[int]()

        def probe(when: str, job: JobRow, step: str) -> None:
            if (job.command, when, step) == (command, "before", last) and not said:
                said.append(len(server.hosts.said))
            assert fail is not None
            fail(when, job, step)

        server.hosts.refuse, server.probe = refuse, probe
        job = await stage.run()
        server.hosts.refuse = lambda _host, _sent: ""
        assert job.status == FAILED
        kinds = [name for _, name in server.hosts.said]
        await report(server)
        await stage.holds(job)
        return set(kinds[said[0] :]) - set(kinds[: said[0]])

    for kind in sorted(await undone(lambda _host, _sent: "")):
        left = [times]

        def refuse(_host: int, sent: Message, kind: str = kind, left: list[int] = left) -> str:
            if sent.name != kind or left[0] == 0:
                return ""
            left[0] -= 1
            return "the host does not feel like it"

        await undone(refuse)
        assert left[0] < times, f"{kind} was not sent this time"


async def report(server: Server) -> None:
    """Hosts that would not say what they run say so in the end."""
    for host_id, host in server.hosts.hosts.items():
        if isinstance(host, Host):
            states = {domain.spec.name: "PowerOn" for domain in host.hypervisor.domains()}
            await take_report(server.cloud, host_id, states, out_of_band=True)


async def _kinds_sent(stage: Stage, title: str) -> Iterator[str]:
    """The kinds of host commands that the flow sends when all goes well."""
    job = await stage.run()
    assert job.status == SUCCEEDED, f"{title}: {job.result_json}"
    kinds = dict.fromkeys(name for _, name in stage.server.hosts.said)
    await stage.holds(job)
    return iter(kinds)
