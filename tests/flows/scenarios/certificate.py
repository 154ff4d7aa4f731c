"""Scenarios of certificates: issued, brought to a host, revoked."""

from __future__ import annotations

import ssl

from tests.flows.scenario import Case, scenario
from tests.flows.server import Server

from lakh.resources.certificate.known import HostCertificates
from lakh.resources.certificate.row import LOAD, REVOKED
from lakh.wire.certificates import facts_of, new_p256_key, signing_request


@scenario("issueCertificate")
async def sign_a_request(server: Server) -> Case:
    request = signing_request(new_p256_key(), name="kvm-9", sans=["kvm-9"]).decode()

    async def succeeded() -> None:
        assert [row.common_name for row in await server.store.rows(LOAD, 0)] == ["192.0.2.9"]

    async def failed() -> None:
        """One that nobody was told of may be there."""
        assert all(row.host_id is None for row in await server.store.rows(LOAD, 0))

    return Case({"csr": request, "ipaddress": "192.0.2.9"}, succeeded, failed)


@scenario("provisionCertificate")
async def give_a_host_its_own(server: Server) -> Case:
    host = server.world.made.hosts[0]
    agent = server.hosts.hosts[host.id]

    async def succeeded() -> None:
        known = server.cloud.part(HostCertificates)  # another one after each crash
        await known.load()
        (row,) = [r for r in await server.store.rows(LOAD, 0) if r.installed_ms is not None]
        assert known.of[host.id].serial == row.serial
        assert facts_of(_pem(agent.keystore.certificate)).serial == row.serial

    async def failed() -> None:
        """What the agent has was issued here, told or not."""
        rows = await server.store.rows(LOAD, 0)
        if agent.keystore is not None:
            assert facts_of(_pem(agent.keystore.certificate)).serial in {row.serial for row in rows}

    return Case({"hostid": host.id}, succeeded, failed)


@scenario("revokeCertificate")
async def take_one_back(server: Server) -> Case:
    async def succeeded() -> None:
        assert [row.serial for row in await server.store.rows(REVOKED, 0)] == ["abc1"]
        await server.cloud.part(HostCertificates).load()
        assert server.cloud.part(HostCertificates).revoked == {"abc1"}

    async def failed() -> None:
        """A revocation that was stored stands."""
        assert {row.serial for row in await server.store.rows(REVOKED, 0)} <= {"abc1"}

    return Case({"serial": "0ABC1"}, succeeded, failed)


def _pem(der: bytes) -> bytes:
    return ssl.DER_cert_to_PEM_cert(der).encode()
