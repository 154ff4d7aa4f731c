"""Pings are answered by the gateway; control hears what changed, and who fell silent."""

from __future__ import annotations

from tests.gateway.conftest import Attach
from tests.gateway.stand import MANAGEMENT_SERVER_ID, Agent, Control, Gateways, Stand, only, settings, soon

ONE = {"i-2-10-VM": "PowerOn"}


async def test_the_answer_echoes_the_ping_whole(attach: Attach, gateways: Gateways) -> None:
    agent = await attach(5)
    answer = await agent.ping(ONE)
    assert (answer.header.flags, answer.header.sequence) == (0x22, 1)
    assert (answer.header.management_server_id, answer.header.host_id, answer.header.via) == (
        MANAGEMENT_SERVER_ID,
        5,
        5,
    )
    body = only(answer).body
    assert only(answer).name == "PingAnswer"
    assert body["_command"]["_hostVmStateReport"] == {"i-2-10-VM": {"state": "PowerOn", "host": "kvm-1"}}
    assert body["_command"]["commandInfos"] == []
    assert body["avoidMsList"] == []


async def test_startup_is_asked_for_until_the_host_is_up(attach: Attach, gateways: Gateways) -> None:
    agent = await attach(5)
    assert only(await agent.ping({})).body["sendStartup"] is True
    assert only(await agent.ping({}, gateway_accessible=False)).body["sendStartup"] is False
    gateways.host_is_up(5)
    await until_up(agent)
    assert only(await agent.ping({})).body["sendStartup"] is False


async def until_up(agent: Agent) -> None:
    """HostIsUp travels over the bus while pings travel over TCP: ping until the answer changes."""
    for _ in range(1000):
        if not only(await agent.ping({})).body["sendStartup"]:
            return
    raise AssertionError("the host never got up")


async def test_startup_on_an_attached_link_goes_to_control_with_its_host(
    attach: Attach, control: Control, stand: Stand
) -> None:
    agent = await attach(5)
    stand.now += 60
    sequence = await agent.say_startup()
    answer = await agent.frame()
    assert (answer.header.sequence, answer.header.via, only(answer).body["hostId"]) == (sequence, 5, 0)
    again = await soon(control.startups.get())
    assert (again.attached_host_id, again.known_host_id) == (5, 5)
    again.attach(5)
    again.answer([only(answer)._replace(body={"hostId": 5, "hostUuid": "u", "result": True})])
    second = await agent.frame()
    assert (second.header.sequence, second.header.flags, only(second).body["hostId"]) == (sequence, 0x20, 5)


async def test_a_power_report_is_passed_on_only_when_it_changes(attach: Attach, control: Control, stand: Stand) -> None:
    agent = await attach(5)
    for states in (ONE, ONE, ONE, {}, {}, ONE):
        await agent.ping(states)
    reports = [await soon(control.reports.get()) for _ in range(3)]
    assert [report.states for report in reports] == [ONE, {}, ONE]
    assert {(report.host_id, report.out_of_band, report.gateway_accessible) for report in reports} == {(5, False, True)}
    await agent.ping(ONE, out_of_band=True)
    await agent.ping(ONE, gateway_accessible=False)
    told = [await soon(control.reports.get()) for _ in range(2)]
    assert [(report.out_of_band, report.gateway_accessible) for report in told] == [(True, True), (False, False)]
    await agent.ping(None)  # says nothing about VMs
    assert stand.gateway.figures.pings == 9
    assert stand.gateway.figures.power_reports == 5


async def test_security_group_rulesets_are_passed_on_when_they_change(attach: Attach, control: Control) -> None:
    agent = await attach(5)
    for sequence in (1, 1, 2):
        await agent.ping({}, rulesets={"i-2-10-VM": (10, sequence)})
    reports = [await soon(control.rulesets.get()) for _ in range(2)]
    assert [report.sequences for report in reports] == [{"i-2-10-VM": (10, 1)}, {"i-2-10-VM": (10, 2)}]
    assert control.rulesets.empty()


async def test_a_silent_host_is_reported_once_and_again_when_heard(
    attach: Attach, control: Control, stand: Stand
) -> None:
    silent, lively = await attach(5), await attach(6)
    for _ in range(5):
        stand.pass_time(50)
        await lively.ping({})
    assert await soon(control.behind.get()) == (5,)
    stand.pass_time(100)
    assert control.behind.empty()
    await silent.ping({})
    stand.pass_time(1)
    assert await soon(control.seen.get()) == (5,)
    stand.pass_time(151)
    assert set(await soon(control.behind.get())) <= {5, 6}


async def test_who_pinged_is_told_once_a_second(attach: Attach, control: Control, stand: Stand) -> None:
    often, seldom = await attach(5), await attach(6)
    stand.pass_time(1)
    assert await soon(control.pinged.get()) == {5, 6}, "an attached host was heard of"
    for _ in range(20):
        await often.ping({})
    assert control.pinged.empty()
    stand.pass_time(1)
    assert await soon(control.pinged.get()) == {5}
    await seldom.ping({})
    stand.pass_time(1)
    assert await soon(control.pinged.get()) == {6}


async def test_a_shorter_ping_timeout_holds_for_hosts_already_attached(
    attach: Attach, control: Control, gateways: Gateways, stand: Stand
) -> None:
    agent = await attach(5)
    gateways.set_settings(settings(ping_interval_seconds=2, avoid_servers=("10.0.0.9",)))
    await until_told(agent)
    stand.pass_time(6)
    assert await soon(control.behind.get()) == (5,)


async def until_told(agent: Agent) -> None:
    for _ in range(1000):
        if only(await agent.ping({})).body["avoidMsList"] == ["10.0.0.9"]:
            return
    raise AssertionError("the settings never arrived")
