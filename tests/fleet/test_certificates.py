"""An agent that was given a certificate presents it on its next connection."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from tests.agent.cloud import command
from tests.fleet.management import ManagementServer, certificate_files

from lakh.fleet.fleet import Fleet
from lakh.wire import certificates
from lakh.wire.errors import ProtocolError
from lakh.wire.message import CA
from lakh.wire.tls import ClientRules, TlsLink, TlsSide, serial_text


async def test_a_strict_server_lets_only_the_certified_agent_in(
    server: ManagementServer, fleet: Fleet, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    files = certificate_files(tmp_path)
    authority = certificates.read_certificate(files.certificate.read_bytes(), files.key.read_bytes())
    seat, agent = server.seats["kvm-000001"], fleet.members[0].agent
    (asked,) = await seat.call([command(CA + "SetupKeyStoreCommand", validityDays=1, handleByAgent=True)])
    request = asked.body["csr"].encode()
    issued = certificates.issue(authority, request, sans=["10.1.0.1"], now=now, validity=timedelta(days=1))
    body = {"certificate": issued.decode(), "caCertificates": authority.certificate_pem().decode()}
    (answer,) = await seat.call([command(CA + "SetupCertificateCommand", **body, handleByAgent=True)])
    assert answer.result
    strict = TlsSide.server([files], clients=ClientRules((files.certificate,)))
    here, there = fleet.tls_link(agent), TlsLink(strict)
    for _ in range(4):
        there.receive(here.outgoing())
        here.receive(there.outgoing())
    assert (here.handshake_done, there.handshake_done) == (True, True)
    presented = there.peer_facts()
    assert presented is not None
    assert presented.serial == serial_text(x509.load_pem_x509_certificate(issued).serial_number)
    stranger, there = fleet.tls_link(fleet.members[1].agent), TlsLink(strict)
    there.receive(stranger.outgoing())
    stranger.receive(there.outgoing())
    with pytest.raises(ProtocolError):
        there.receive(stranger.outgoing())
