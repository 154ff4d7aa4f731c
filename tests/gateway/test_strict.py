"""Strict mutual TLS: who is turned away, how that is counted, and that an agent may try again."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.gateway.conftest import Connect
from tests.gateway.stand import Agent, Control, Gateways, Stand, raw_connection, settings, soon
from tests.wire.sessions import raw_client

from lakh.bus.messages import CERTIFICATES_ASKED, CERTIFICATES_REQUIRED, NO_CERTIFICATE
from lakh.wire.certificates import (
    BACKDATE,
    Certificate,
    new_authority,
    new_leaf,
    new_p256_key,
    read_certificate,
)
from lakh.wire.errors import ProtocolError
from lakh.wire.tls import CertificateFiles, TlsLink, TlsSide, serial_text

NOW = datetime.now(UTC)
Issue = Callable[..., tuple[TlsSide, str]]


@pytest.fixture
def issue(certificate: CertificateFiles, tmp_path: Path) -> Issue:
    """Makes a client's side with a certificate of its own; returns it with the certificate's serial."""
    own = read_certificate(certificate.certificate.read_bytes(), certificate.key.read_bytes())

    def issued(
        sans: Sequence[str] = ("kvm-1", "127.0.0.1"),
        now: datetime = NOW,
        days: float = 1,
        authority: Certificate = own,
    ) -> tuple[TlsSide, str]:
        made = new_leaf(authority, new_p256_key(), name="kvm-1", sans=sans, now=now, validity=timedelta(days=days))
        serial = serial_text(made.certificate.serial_number)
        files = CertificateFiles(tmp_path / f"{serial}.crt", tmp_path / f"{serial}.key")
        files.certificate.write_bytes(made.certificate_pem())
        files.key.write_bytes(made.key_pem())
        return TlsSide.client(certificate=files), serial

    return issued


async def turned_away(stand: Stand, tls: TlsSide, reason: str) -> None:
    with pytest.raises((ConnectionResetError, ProtocolError)):
        await Agent.connect(stand.port, tls)
    await stand.until(lambda: stand.gateway.figures.handshakes_failed[reason] == 1)
    assert stand.gateway.figures.report()[f'lakh_gateway_handshakes_failed_total{{reason="{reason}"}}'] == 1
    assert stand.connections == 0


@pytest.fixture
async def strict(stand: Stand, gateways: Gateways) -> Stand:
    await become(stand, gateways, client_certificates=CERTIFICATES_REQUIRED, allow_expired_certificates=False)
    return stand


async def become(stand: Stand, gateways: Gateways, **changes: object) -> None:
    """Settings on the way reach the gateway before anything that is asked of it later."""
    before = stand.gateway._settings
    gateways.set_settings(settings(**changes))
    await stand.until(lambda: stand.gateway._settings is not before)


async def test_an_agent_with_a_certificate_of_ours_gets_in_and_control_hears_which(
    strict: Stand, control: Control, issue: Issue
) -> None:
    side, serial = issue()
    agent = await Agent.connect(strict.port, side)
    await agent.say_startup()
    await agent.frame()
    shown, expires_ms = (await soon(control.startups.get())).certificate
    assert shown == serial
    assert abs(expires_ms - (NOW + timedelta(days=1)).timestamp() * 1000) < 2000
    agent.close()


async def test_none_at_all(strict: Stand, client_tls: TlsSide) -> None:
    await turned_away(strict, client_tls, "certificate-missing")


async def _shake_hands(sock: socket.socket, link: TlsLink) -> None:
    while data := await soon(asyncio.get_running_loop().sock_recv(sock, 65536)):
        link.receive(data)


async def test_an_agent_that_does_not_trust_us(stand: Stand) -> None:
    link = TlsLink(raw_client("ECDHE+AESGCM", trusting=False))
    sock, loop = await raw_connection(stand.port), asyncio.get_running_loop()
    await loop.sock_sendall(sock, link.outgoing())
    with pytest.raises(ProtocolError):
        await _shake_hands(sock, link)
    await loop.sock_sendall(sock, link.outgoing())  # the alert that says so
    sock.close()
    await stand.until(lambda: stand.gateway.figures.handshakes_failed["untrusted"] == 1)
    assert stand.connections == 0


async def test_another_authority(strict: Stand, issue: Issue) -> None:
    other = new_authority(new_p256_key(), now=NOW)
    await turned_away(strict, issue(authority=other)[0], "certificate-foreign")


async def test_expired(strict: Stand, issue: Issue) -> None:
    await turned_away(strict, issue(now=NOW - timedelta(days=400), days=365)[0], "certificate-expired")


async def test_made_by_a_clock_years_ahead(strict: Stand, issue: Issue) -> None:
    await turned_away(strict, issue(now=NOW + timedelta(days=800), days=365)[0], "certificate-not-yet-valid")


async def test_an_agents_own_clock_does_not_matter(strict: Stand, issue: Issue) -> None:
    """A certificate begins half a day before it is issued, and only the server's clock judges it."""
    assert timedelta(hours=12) == BACKDATE
    (await Agent.connect(strict.port, issue(now=NOW + timedelta(hours=11))[0])).close()


async def test_revoked_before_and_while_the_gateway_runs(strict: Stand, gateways: Gateways, issue: Issue) -> None:
    side, serial = issue()
    (await Agent.connect(strict.port, side)).close()
    await strict.until(lambda: strict.connections == 0)
    gateways.revoke([serial])
    await strict.until(lambda: serial in strict.gateway._admission._revoked)
    await turned_away(strict, side, "certificate-revoked")
    (await Agent.connect(strict.port, issue()[0])).close()


async def test_a_gateway_that_starts_later_knows_what_was_revoked(
    gateways: Gateways, certificate: CertificateFiles, server_tls: TlsSide, tmp_path: Path, issue: Issue
) -> None:
    _, serial = issue()
    gateways.revoke([serial])
    late = Stand(server_tls, tmp_path / "bus", number=2)
    await late.until(lambda: late.gateway.newcomers.is_listening)
    assert serial in late.gateway._admission._revoked
    late.die()


async def test_anothers_address(strict: Stand, issue: Issue) -> None:
    await turned_away(strict, issue(sans=["kvm-1", "192.0.2.1"])[0], "certificate-address")


async def test_an_address_written_as_a_name_fits_too(strict: Stand, issue: Issue) -> None:
    """CloudStack compares texts, whatever kind of name they are."""
    (await Agent.connect(strict.port, issue(sans=["127.0.0.1"])[0])).close()


async def test_expired_ones_may_be_let_in(stand: Stand, gateways: Gateways, issue: Issue) -> None:
    await become(stand, gateways, client_certificates=CERTIFICATES_REQUIRED, allow_expired_certificates=True)
    (await Agent.connect(stand.port, issue(now=NOW - timedelta(days=400), days=365)[0])).close()
    other = new_authority(new_p256_key(), now=NOW)
    await turned_away(stand, issue(authority=other)[0], "certificate-foreign")


async def test_old_connections_stay_when_strictness_comes_and_new_ones_are_plain_when_it_goes(
    stand: Stand, gateways: Gateways, connect: Connect, client_tls: TlsSide, control: Control
) -> None:
    old = await connect()
    await become(stand, gateways, client_certificates=CERTIFICATES_REQUIRED)
    await old.say_startup()
    await old.frame()
    assert (await soon(control.startups.get())).certificate == ("", 0)
    with pytest.raises((ConnectionResetError, ProtocolError)):
        await connect()
    await become(stand, gateways)
    await (await connect()).say_startup()
    assert (await soon(control.startups.get())).certificate == ("", 0)


async def test_where_certificates_are_only_asked_for_control_hears_who_has_none(
    stand: Stand, gateways: Gateways, connect: Connect, control: Control, issue: Issue
) -> None:
    await become(stand, gateways, client_certificates=CERTIFICATES_ASKED, allow_expired_certificates=False)
    await (await connect()).say_startup()
    assert (await soon(control.startups.get())).certificate == (NO_CERTIFICATE, 0)
    before = stand.connections
    with pytest.raises((ConnectionResetError, ProtocolError)):
        await Agent.connect(stand.port, issue(now=NOW - timedelta(days=400), days=365)[0])
    assert stand.gateway.figures.handshakes_failed["certificate-expired"] == 1
    assert stand.connections == before


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_1])
async def test_other_versions_of_tls(stand: Stand, version: ssl.TLSVersion) -> None:
    await turned_away(stand, raw_client("ALL:@SECLEVEL=0", version=version, lowest=version), "tls-version")
