"""Hosts are lost, fall silent, die and come back: what becomes of them and of their instances."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from tests.ground import Ground
from tests.resources.host.test_verbs import put_vm

from lakh.healing.host_liveness import HostLiveness
from lakh.resources.host.absence import Absences
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import BY_ID, CAPACITY, HostRow
from lakh.resources.vm.row import BY_ID as VM_BY_ID
from lakh.server.agents import Agents

PING_SECONDS, PING_TIMEOUT_SECONDS, ALERT_SECONDS = 60, 120, 1800


class Story:
    """A cloud whose agents are lost by the bus's own words."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.cloud = ground.api.cloud
        self.agents = Agents(self.cloud)
        self.liveness = HostLiveness()

    def lose(self, hosts: Iterable[HostRow], reason: str = "closed") -> None:
        for host in hosts:
            self.ground.leave(host)
            self.agents.on_gone((host.id,), reason)

    async def look(self, after_seconds: float = 1) -> None:
        """One run of the reconciler, that much later."""
        self.ground.api.clock.forward(after_seconds)
        await self.liveness.run(self.cloud)

    async def status(self, host: HostRow) -> str:
        """As stored; memory must say the same."""
        row = (await self.cloud.store.rows(BY_ID, host.id))[0]
        assert self.cloud.part(HostIndex).facts[host.id].status == row.status
        return row.status

    async def told(self) -> list[str]:
        listed = await self.ground.api.admin.call("listEvents", type="HOST.RECONNECT", listall=True)
        return [event["description"] for event in reversed(listed.get("event", []))]

    async def alerts(self) -> list[str]:
        listed = await self.ground.api.admin.call("listAlerts", type=7)
        return [alert["description"] for alert in listed.get("alert", [])]

    def asked(self, command: str) -> list[int]:
        return [host_id for host_id, name in self.ground.fakes.said if name == command]


@pytest.fixture
def story(ground: Ground) -> Story:
    return Story(ground)


async def test_a_late_ping_is_asked_after_and_changes_nothing(story: Story) -> None:
    host = await story.ground.join()
    story.agents.on_ping_behind((host.id,))
    await story.look()
    assert (await story.status(host), story.asked("CheckHealthCommand")) == ("Up", [host.id])
    await story.look(ALERT_SECONDS)
    assert await story.status(host) == "Up"  # it answers, however late its pings are
    story.agents.on_ping_seen((host.id,))
    assert story.cloud.part(Absences).of == {}
    await story.look(ALERT_SECONDS)
    assert (await story.status(host), await story.alerts()) == ("Up", [])


async def test_a_lost_link_waits_for_the_agent(story: Story) -> None:
    host = await story.ground.join()
    story.lose([host])
    await story.look()
    await story.look(5)
    assert (await story.status(host), await story.told()) == ("Up", [])

    fake = story.ground.fakes.hosts[host.id]
    story.ground.fakes.away.clear()
    await story.ground.come_back(fake)
    await story.look(ALERT_SECONDS)
    assert (await story.status(host), await story.told()) == ("Up", [])


async def test_a_host_of_which_nobody_hears_is_in_alert_after_a_time(story: Story) -> None:
    host = await story.ground.join()
    vm = await put_vm(story.ground, host, "still")
    story.lose([host])
    await story.look(PING_SECONDS)
    await story.look(ALERT_SECONDS - PING_SECONDS - 1)
    assert (await story.status(host), await story.alerts()) == ("Up", [])
    await story.look(1)
    assert (await story.status(host), await story.alerts()) == ("Alert", ["Host kvm-1: Alert"])
    assert (await story.cloud.store.rows(VM_BY_ID, vm.id))[0].state == "Running"
    assert await story.told() == [
        "Host kvm-1 lost contact; waiting for it before anything is decided",
        "Host kvm-1 is Alert: nothing was heard of it for 1800 seconds",
    ]

    story.ground.fakes.away.clear()
    await story.ground.come_back(story.ground.fakes.hosts[host.id])
    assert await story.status(host) == "Up"


async def test_a_dead_host_is_down_and_its_instances_are_stopped(story: Story) -> None:
    ground = story.ground
    await ground.add_pool()
    host, neighbour = await ground.join(), await ground.join()
    vm = await put_vm(ground, host, "lost")
    ground.addresses.set_beating(host.private_ip, False)
    story.lose([host])
    await story.look(1)
    assert (await story.status(host), story.asked("CheckOnHostCommand")) == ("Up", [])
    await story.look(PING_SECONDS)
    assert (await story.status(host), story.asked("CheckOnHostCommand")) == ("Down", [neighbour.id])
    assert await story.alerts() == ["Host kvm-1: Down"]
    assert story.asked("FenceCommand") == [neighbour.id]
    after = (await story.cloud.store.rows(VM_BY_ID, vm.id))[0]
    assert (after.state, after.host_id, after.last_host_id) == ("Stopped", None, host.id)
    assert (await story.cloud.store.rows(CAPACITY, host.id))[0].memory_used_bytes == 0
    assert await story.status(neighbour) == "Up"


async def test_a_host_given_up_is_down_once_a_neighbour_can_tell(story: Story) -> None:
    ground = story.ground
    await ground.add_pool()
    host, neighbour = await ground.join(), await ground.join()
    vm = await put_vm(ground, host, "lost")
    ground.addresses.set_beating(host.private_ip, False)
    story.lose([host, neighbour])
    await story.look(PING_SECONDS)
    await story.look(ALERT_SECONDS)
    assert (await story.status(host), await story.status(neighbour)) == ("Alert", "Alert")
    ground.fakes.away.discard(neighbour.id)
    await ground.come_back(ground.fakes.hosts[neighbour.id])
    await story.look(PING_SECONDS)
    assert (await story.status(host), await story.status(neighbour)) == ("Down", "Up")
    assert (await story.cloud.store.rows(VM_BY_ID, vm.id))[0].state == "Stopped"


async def test_an_instance_that_is_not_fenced_is_not_stopped(story: Story) -> None:
    ground = story.ground
    await ground.add_pool()
    host, _ = await ground.join(), await ground.join()
    vm = await put_vm(ground, host, "maybe")
    ground.addresses.set_beating(host.private_ip, False)
    ground.fakes.refuse = lambda _, command: "not sure" if command.name == "FenceCommand" else ""
    story.lose([host])
    await story.look(PING_SECONDS)
    assert await story.status(host) == "Down"
    assert (await story.cloud.store.rows(VM_BY_ID, vm.id))[0].state == "Running"
    ground.fakes.refuse = lambda _, command: ""
    await story.look(PING_SECONDS)
    assert (await story.cloud.store.rows(VM_BY_ID, vm.id))[0].state == "Stopped"


async def test_a_host_whose_heart_beats_has_only_lost_its_agent(story: Story) -> None:
    ground = story.ground
    await ground.add_pool()
    host, neighbour = await ground.join(), await ground.join()
    ground.addresses.set_beating(host.private_ip, True)
    story.lose([host])
    await story.look(PING_SECONDS)
    assert (await story.status(host), story.asked("CheckOnHostCommand")) == ("Up", [neighbour.id])
    await story.look(ALERT_SECONDS)
    assert await story.status(host) == "Alert"


async def test_a_restart_is_no_news_about_hosts(story: Story) -> None:
    await story.ground.add_pool()
    lost, neighbour = await story.ground.join(), await story.ground.join()
    await story.look()
    story.ground.leave(lost)  # nobody tells: it never came to this server
    story.cloud.part(HostIndex).set_connected(lost.id, False)
    await story.look(PING_TIMEOUT_SECONDS - 2)
    assert (story.cloud.part(Absences).of, story.asked("CheckOnHostCommand")) == ({}, [])
    await story.look(1)
    await story.look(PING_SECONDS)
    assert story.asked("CheckOnHostCommand") == [neighbour.id]


async def test_system_vms_are_not_investigated(story: Story) -> None:
    ground = story.ground
    lost, silent = await ground.join(), await ground.join()
    for host in (lost, silent):
        story.cloud.part(HostIndex).upsert(msgspec.structs.replace(host, type="ConsoleProxy", status="Up"))
    story.lose([lost])
    story.agents.on_ping_behind((silent.id,))
    await story.look()
    assert (await story.status(lost), await story.status(silent)) == ("Alert", "Disconnected")
    assert story.asked("CheckHealthCommand") == []


async def test_agents_that_stop_are_disconnected_with_one_event(story: Story) -> None:
    hosts = [await story.ground.join() for _ in range(8)]
    story.lose(hosts, "shutdown")
    await story.look()
    assert {await story.status(host) for host in hosts} == {"Disconnected"}
    told = await story.told()
    assert told == ["8 hosts (kvm-1, kvm-2, kvm-3, kvm-4, kvm-5, …) are Disconnected: the agent was stopped"]
    assert await story.alerts() == []


async def test_a_fleet_that_loses_its_links_is_one_event_and_one_alert(story: Story) -> None:
    await story.ground.add_pool()
    hosts = [await story.ground.join() for _ in range(7)]
    story.lose(hosts)
    await story.look(PING_SECONDS)
    assert story.asked("CheckOnHostCommand") == []  # nobody is left to ask
    await story.look(ALERT_SECONDS)
    assert {await story.status(host) for host in hosts} == {"Alert"}
    assert [text.split(" (")[0] for text in await story.told()] == ["7 hosts", "7 hosts"]
    assert len(await story.alerts()) == 1


async def test_links_that_break_in_waves_are_one_event(story: Story) -> None:
    hosts = [await story.ground.join() for _ in range(9)]
    for wave in range(3):
        story.lose(hosts[wave * 3 : wave * 3 + 3])
        await story.look(8)  # the next wave comes before the first one is told of
    assert await story.told() == []
    await story.look(7)
    assert [text.split(" (")[0] for text in await story.told()] == ["9 hosts"]
    await story.look(PING_SECONDS)
    assert len(await story.told()) == 1


async def test_waves_without_an_end_are_told_of_all_the_same(story: Story) -> None:
    hosts = [await story.ground.join() for _ in range(8)]
    for host in hosts:
        story.lose([host])
        await story.look(6)
    assert [text.split(" lost")[0] for text in await story.told()] == ["6 hosts (kvm-1, kvm-2, kvm-3, kvm-4, kvm-5, …)"]


async def test_a_lost_gateway_is_one_event_with_the_count(story: Story) -> None:
    hosts = [await story.ground.join() for _ in range(8)]
    story.agents.on_gateway_lost(3, [host.id for host in hosts])
    await story.agents.idle()
    told = await story.told()
    assert [text.split(" (")[0] for text in told] == ["8 hosts"]
    assert "because gateway 3 was lost" in told[0]
    for host in hosts:
        await story.ground.come_back(story.ground.fakes.hosts[host.id])
    await story.look(ALERT_SECONDS)
    assert (len(await story.told()), await story.alerts()) == (1, [])


async def test_system_vms_have_time_to_come_back_after_an_orderly_restart(story: Story) -> None:
    host = await story.ground.join()
    story.cloud.part(HostIndex).upsert(msgspec.structs.replace(host, type="ConsoleProxy", status="Up"))
    story.lose([host], "restart")
    await story.look()
    assert await story.status(host) == "Up"
    await story.look(30)
    assert await story.status(host) == "Alert"


async def test_a_silent_host_out_of_service_is_disconnected(story: Story) -> None:
    host = await story.ground.join()
    await story.ground.api.admin.call("updateHost", id=host.uuid, allocationstate="Disable")
    story.agents.on_ping_behind((host.id,))
    await story.look()
    assert (await story.status(host), story.ground.fakes.dropped) == ("Disconnected", [host.id])


async def test_hosts_that_were_up_before_a_restart_are_counted_from_then(story: Story) -> None:
    host = await story.ground.join()
    story.ground.leave(host)
    story.cloud.part(HostIndex).set_connected(host.id, False)
    await story.look(ALERT_SECONDS)
    assert await story.status(host) == "Up"
    await story.look(ALERT_SECONDS)
    assert await story.status(host) == "Alert"
