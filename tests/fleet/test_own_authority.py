"""A fleet with the authority's own key: every agent has a certificate from the start, and has it again next time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.fleet.management import ManagementServer, certificate_files

from lakh.fleet.fleet import Fleet
from lakh.fleet.identity import Sources, source_address, spread
from lakh.fleet.main import main, options_from, parser
from lakh.fleet.options import Options
from lakh.wire.certificates import new_authority, new_p256_key
from lakh.wire.tls import CertificateFiles, ClientRules, PeerCertificate, TlsSide


def options(server: ManagementServer, files: CertificateFiles, tmp_path: Path, quick: str) -> Options:
    entries = tuple(spread(6, "1", 1, 2))
    return Options(
        (("127.0.0.1", server.port),), entries, 1, 6, behaviour=quick, authority=files, keystores=tmp_path / "kept"
    )


async def test_a_strict_server_takes_all_of_it_and_sees_each_ones_own(tmp_path: Path, quick: str) -> None:
    server = ManagementServer(tmp_path)
    files = certificate_files(tmp_path)
    server.side = TlsSide.server([files], clients=ClientRules((files.certificate,)))
    await server.start()
    shown: list[dict[str, PeerCertificate]] = []
    for _ in range(2):
        fleet = Fleet(options(server, files, tmp_path, quick))
        await fleet.start()
        await server.until(lambda: len(server.seats) == 6)
        facts = {name: seat.link.peer_facts() for name, seat in server.seats.items()}
        seats = {name: certificate for name, certificate in facts.items() if certificate is not None}
        for member in fleet.members:
            agent = member.agent
            assert set(seats[agent.own_name].names) == {
                agent.own_name,
                agent.own_address,
                source_address(member.number),
            }
        assert server.seats["kvm-000003"].peer == source_address(3)
        shown.append(seats)
        await fleet.stop()
        await server.until(lambda: not server.seats)
    assert shown[0] == shown[1]
    assert len({certificate.serial for certificate in shown[0].values()}) == 6
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "kept").iterdir())
    await server.stop()


async def test_its_agents_take_no_server_of_another_authority(tmp_path: Path, quick: str) -> None:
    server = ManagementServer(tmp_path)
    await server.start()
    other = new_authority(new_p256_key(), now=datetime.now(UTC))
    files = CertificateFiles(tmp_path / "other.crt", tmp_path / "other.key")
    files.certificate.write_bytes(other.certificate_pem())
    files.key.write_bytes(other.key_pem())
    fleet = Fleet(options(server, files, tmp_path, quick))
    await fleet.start()
    await server.until(lambda: fleet.statistics.failures >= 6)
    assert server.seats == {}
    await fleet.stop()
    await server.stop()


def test_the_two_flags_need_each_other(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--ca-certificate", str(tmp_path / "ca.pem")]) == 2
    assert "one needs the other" in capsys.readouterr().err
    given = parser().parse_args(["--ca-certificate", "a.pem", "--ca-key", "a.key", "--keystores", "k"])
    made = options_from(given)
    assert made.authority == CertificateFiles(Path("a.pem"), Path("a.key"))
    assert made.keystores == Path("k")


def test_agents_away_from_loopback_share_the_machines_address() -> None:
    assert Sources(("127.0.0.1", 8250)).of(7) == source_address(7)
    assert Sources(("localhost", 8250)).of(7) == source_address(7)
    assert Sources(("no.such.host.invalid", 8250)).of(7) == ""
