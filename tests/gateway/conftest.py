"""A gateway and a control process over a real unix socket, and agents that connect to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.gateway.stand import Agent, Control, Gateways, Stand, settings, soon

from lakh.wire.certificates import new_authority, new_p256_key
from lakh.wire.tls import CertificateFiles, ClientRules, TlsSide

Connect = Callable[[], Awaitable[Agent]]
Attach = Callable[[int], Awaitable[Agent]]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    folder = tmp_path_factory.mktemp("certificates")
    made = new_authority(new_p256_key(), now=datetime(2026, 1, 1, tzinfo=UTC))
    files = CertificateFiles(folder / "ca.pem", folder / "ca.key")
    files.certificate.write_bytes(made.certificate_pem())
    files.key.write_bytes(made.key_pem())
    return files


@pytest.fixture
def server_tls(certificate: CertificateFiles) -> TlsSide:
    return TlsSide.server([certificate])


@pytest.fixture
def client_tls() -> TlsSide:
    return TlsSide.client()


@pytest.fixture
def control() -> Control:
    return Control()


@pytest.fixture
async def gateways(control: Control, tmp_path: Path) -> AsyncIterator[Gateways]:
    made = Gateways(settings(), control)
    made.listen(str(tmp_path / "bus"))
    yield made
    made.close()


@pytest.fixture
async def stand(
    gateways: Gateways, server_tls: TlsSide, certificate: CertificateFiles, tmp_path: Path
) -> AsyncIterator[Stand]:
    rules = (certificate.certificate,)
    made = Stand(
        server_tls,
        tmp_path / "bus",
        certified=lambda required, expired: TlsSide.server(
            [certificate], clients=ClientRules(rules, required, expired)
        ),
    )
    await made.until(lambda: made.gateway.newcomers.is_listening)
    yield made
    made.die()


@pytest.fixture
async def connect(stand: Stand, client_tls: TlsSide) -> AsyncIterator[Connect]:
    agents: list[Agent] = []

    async def connected() -> Agent:
        agent = await Agent.connect(stand.port, client_tls)
        agents.append(agent)
        return agent

    yield connected
    for agent in agents:
        agent.close()


@pytest.fixture
async def attach(connect: Connect, control: Control, stand: Stand) -> Attach:
    """Connects an agent and has control attach it as the given host."""

    async def attached(host_id: int) -> Agent:
        agent = await connect()
        await agent.say_startup()
        await agent.frame()
        starting = await soon(control.startups.get())
        starting.attach(host_id)
        await stand.until(lambda: stand.gateway.holds(host_id))
        agent.host_id = host_id
        return agent

    return attached
