"""A fleet gets its certificates: all of it when strictness is turned on, anew before they end, never all at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from tests.ground import Ground
from tests.resources.certificate.conftest import certified

from lakh.agent.host import Reconnect
from lakh.base import limits
from lakh.bus.messages import (
    CERTIFICATES_ASKED,
    CERTIFICATES_IGNORED,
    CERTIFICATES_REQUIRED,
    NO_CERTIFICATE,
)
from lakh.healing.certificates import Certificates
from lakh.resources.certificate.known import HostCertificates
from lakh.resources.certificate.row import LOAD
from lakh.resources.host.absence import Absences
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import HostRow
from lakh.server.agents import Agents

__all__ = ["certified"]

DAY_SECONDS = 86_400


class Story:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.cloud = ground.api.cloud
        self.known = self.cloud.part(HostCertificates)
        self.reconciler = Certificates()

    async def set(self, name: str, value: str, **scope: Any) -> None:
        await self.ground.api.admin.call("updateConfiguration", name=name, value=value, **scope)

    async def strict(self) -> None:
        await self.set("ca.plugin.root.auth.strictness", "true")

    async def pass_by(self, seconds: float = limits.CERTIFICATE_ROUND_SECONDS) -> None:
        self.ground.api.clock.forward(seconds)
        await self.reconciler.run(self.cloud)

    def certified(self, hosts: Iterable[HostRow]) -> list[bool]:
        return [self.ground.fakes.hosts[host.id].keystore is not None for host in hosts]

    async def alerts(self) -> list[str]:
        found = await self.ground.api.admin.call("listAlerts", name="ALERT.CA.CERT")
        return [alert["description"] for alert in found.get("alert", [])]

    def asked(self) -> int:
        return sum(name == "SetupKeyStoreCommand" for _, name in self.ground.fakes.said)


@pytest.fixture
async def story(certified: Ground) -> Story:
    return Story(certified)


async def test_nobody_gets_one_while_none_is_asked_for(story: Story) -> None:
    hosts = [await story.ground.join() for _ in range(3)]
    await story.pass_by()
    assert story.certified(hosts) == [False] * 3
    assert story.known.mode == CERTIFICATES_IGNORED


async def test_strictness_waits_until_all_that_are_there_have_theirs(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CERTIFICATES_A_ROUND", 4)
    monkeypatch.setattr(limits, "CERTIFICATES_AT_ONCE", 3)
    hosts = [await story.ground.join() for _ in range(10)]
    modes: list[int] = []
    story.known.on_rules = lambda: modes.append(story.known.mode)
    await story.strict()
    counts = []
    for _ in range(4):
        await story.pass_by()
        counts.append(sum(story.certified(hosts)))
    assert counts == [4, 8, 10, 10]
    assert modes == [CERTIFICATES_ASKED] * 3 + [CERTIFICATES_REQUIRED]
    rows = await story.cloud.store.rows(LOAD, 0)
    assert sorted(row.host_id or 0 for row in rows) == sorted(host.id for host in hosts)
    assert all(row.installed_ms is not None for row in rows)
    events = await story.ground.api.admin.call("listEvents", type="CA.CERTIFICATE.PROVISION", listall=True)
    assert events["count"] == 3
    new = HostCertificates(story.cloud)
    await new.load()
    new.follow_settings()
    assert new.mode == CERTIFICATES_REQUIRED


async def test_a_pass_costs_few_transactions(story: Story) -> None:
    for _ in range(40):
        await story.ground.join()
    await story.strict()
    story.known.follow_settings()
    before = story.cloud.store.counters()["transactions"]
    await story.pass_by()
    assert sum(story.certified(await hosts_of(story))) == 40
    assert story.cloud.store.counters()["transactions"] - before <= 4


async def hosts_of(story: Story) -> list[Any]:
    return list(story.cloud.part(HostIndex).facts.values())


async def test_a_host_that_takes_none_keeps_the_others_waiting_three_times_and_is_an_alert(story: Story) -> None:
    good, bad = await story.ground.join(), await story.ground.join()
    story.ground.fakes.refuse = lambda host, _: "no keytool" if host == bad.id else ""
    await story.strict()
    for _ in range(3):
        await story.pass_by()
        assert story.known.mode == CERTIFICATES_ASKED
    await story.pass_by()
    assert story.known.mode == CERTIFICATES_REQUIRED
    assert story.certified([good, bad]) == [True, False]
    assert await story.alerts() == [f"Certificate auto-renewal failed for Host {bad.name}"]


async def test_an_agent_that_goes_to_take_up_its_certificate_is_not_disconnected(story: Story) -> None:
    host = await story.ground.join()
    await story.strict()
    await story.pass_by()
    agent = story.ground.fakes.hosts[host.id]
    assert any(isinstance(wish, Reconnect) and "certificate" in wish.reason for wish in agent.wishes)
    agents, absences = Agents(story.cloud), story.cloud.part(Absences)
    agents.on_gone((host.id,), "shutdown")
    assert absences.of[host.id].reason == "certificate"
    absences.heard((host.id,))
    agents.on_gone((host.id,), "shutdown")
    assert absences.of[host.id].reason == "shutdown"


async def test_renewal_is_spread_over_half_of_the_period(story: Story) -> None:
    hosts = [await story.ground.join() for _ in range(24)]
    await story.strict()
    await story.pass_by()
    await story.pass_by()
    assert story.asked() == 24
    await story.set("ca.plugin.root.auth.strictness", "false")  # renewal does not depend on it
    renewed = []
    await story.pass_by((365 - 15) * DAY_SECONDS - 3600)
    assert story.asked() == 24
    for _ in range(9):
        before = story.asked()
        await story.pass_by(DAY_SECONDS)
        renewed.append(story.asked() - before)
    assert sum(renewed) == 24
    assert max(renewed) < 12, renewed
    assert sum(share > 0 for share in renewed) >= 4, renewed
    assert await story.alerts() == []
    assert len({story.known.of[host.id].serial for host in hosts}) == 24


async def test_where_renewal_is_off_operators_are_told_once_a_day(story: Story) -> None:
    for _ in range(3):
        await story.ground.join()
    cluster = story.ground.cluster["id"]
    await story.strict()
    await story.pass_by()
    await story.set("ca.framework.cert.automatic.renewal", "false", clusterid=cluster)
    await story.set("ca.framework.cert.expiry.alert.period", "30", clusterid=cluster)
    await story.pass_by(336 * DAY_SECONDS)
    assert await story.alerts() == ["Certificate expiring soon for Hosts kvm-1, kvm-2 and kvm-3"]
    await story.pass_by(DAY_SECONDS / 2)
    assert len(await story.alerts()) == 1
    await story.pass_by(DAY_SECONDS / 2 + 60)
    assert len(await story.alerts()) == 2
    assert story.asked() == 3


async def test_what_a_host_shows_is_known_and_stored(story: Story) -> None:
    host = await story.ground.join()
    fact = story.cloud.part(HostIndex).facts[host.id]
    signals: list[int] = []
    story.known.on_unrecorded = lambda: signals.append(1)
    await story.known.load()
    expires = story.cloud.now_ms() + 300 * DAY_SECONDS * 1000
    story.known.shown(fact, "abc1", expires)
    story.known.shown(fact, "abc1", expires)
    await story.strict()
    await story.pass_by()
    assert (signals, story.known.mode, story.asked()) == ([1], CERTIFICATES_REQUIRED, 0)
    rows = await story.cloud.store.rows(LOAD, 0)
    assert [(row.serial, row.host_id, row.expires_ms) for row in rows] == [("abc1", host.id, expires)]


async def test_who_may_come_without_a_certificate_and_with_whose(story: Story) -> None:
    first, second = await story.ground.join(), await story.ground.join()
    known, index = story.known, story.cloud.part(HostIndex)
    known.installed(second.id, "5ec0", story.cloud.now_ms() + 1000)
    suffix = "-LibvirtComputingResource"
    assert known.objection(first.guid + suffix, "") == ""
    assert known.objection(first.guid, NO_CERTIFICATE) == ""
    assert known.objection("stranger", NO_CERTIFICATE) == "it is not known, and showed no certificate"
    assert known.objection(second.guid, NO_CERTIFICATE) == "it has a certificate, and did not show it"
    assert known.objection(second.guid, "5ec0") == ""
    assert known.objection(first.guid, "5ec0") == f"it showed the certificate of host {second.name}"
    index.remove(second.id)
    assert known.objection(first.guid, "5ec0") == ""
