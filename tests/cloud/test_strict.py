"""A running fleet is switched to strict mutual TLS: enrolled over its links, and nobody locked out but strangers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from urllib.request import urlopen

import pytest
from tests.cloud.installation import Installation

from lakh.lab.installation import until
from lakh.wire.errors import ProtocolError
from lakh.wire.tls import TlsLink, TlsSide


async def metrics(installation: Installation) -> dict[str, float]:
    def page() -> str:
        with urlopen(f"http://127.0.0.1:{installation.api_port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    lines = (await asyncio.to_thread(page)).splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines) if name[:1] != "#"}


async def stranger(port: int) -> None:
    """An agent that nobody gave a certificate. Raises what becomes of its handshake."""
    loop, link = asyncio.get_running_loop(), TlsLink(TlsSide.client())
    with socket.socket() as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        while not link.handshake_done:
            await loop.sock_sendall(sock, link.outgoing())
            data = await loop.sock_recv(sock, 65536)
            if not data:
                raise ConnectionResetError("closed during the handshake")
            link.receive(data)


async def test_a_running_fleet_becomes_strict_and_stays_so(installation: Installation) -> None:
    client = installation.client
    await stranger(installation.agent_port)
    await client.call("updateConfiguration", name="ca.plugin.root.auth.strictness", value="true")

    async def strict() -> bool:
        return (await metrics(installation))["lakh_client_certificates"] == 2

    await until(strict, 60, "certificates are not required")
    assert (await metrics(installation))['lakh_host_certificates{what="in use"}'] == installation.hosts
    assert (await client.call("listHosts", type="Routing", state="Up"))["count"] == installation.hosts
    with pytest.raises((ConnectionResetError, ProtocolError)):
        await stranger(installation.agent_port)
    events = await client.call("listEvents", type="CA.CERTIFICATE.PROVISION", listall=True)
    assert events["count"] == 1

    async def reconnected() -> bool:
        return int((await installation.fleet.ask("stats"))[-1]["connects"]) >= 2 * installation.hosts

    await until(reconnected, 30, "agents have not taken up their certificates")
    for pid in installation.server.pids():
        os.kill(pid, signal.SIGKILL)
    installation.server.process.wait()
    installation.start_server()
    await installation.server.ready()
    await installation.all_up()
    assert await strict()
    with pytest.raises((ConnectionResetError, ProtocolError)):
        await stranger(installation.agent_port)
