"""The server's own certificates are made once, kept, and readable by their owner only."""

from __future__ import annotations

from pathlib import Path

from lakh.base.clock import SystemClock
from lakh.server.certificates import prepare
from lakh.wire.tls import CertificateFiles, TlsLink, TlsSide


def test_made_once_and_kept(tmp_path: Path) -> None:
    files = prepare(tmp_path, SystemClock())
    first = [path.read_bytes() for pair in files for path in pair]
    assert prepare(tmp_path, SystemClock()) == files
    assert [path.read_bytes() for pair in files for path in pair] == first
    assert all(path.stat().st_mode & 0o077 == 0 for pair in files for path in pair)


def test_agents_can_shake_hands_with_them(tmp_path: Path) -> None:
    side = TlsSide.server([CertificateFiles(*pair) for pair in prepare(tmp_path, SystemClock())])
    server, client = TlsLink(side), TlsLink(TlsSide.client())
    for _ in range(10):
        server.receive(client.outgoing())
        client.receive(server.outgoing())
    assert server.handshake_done
    assert client.handshake_done
    assert server.receive(client.send(b"hello")) == [b"hello"]
