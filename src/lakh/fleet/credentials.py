"""What agents show when they connect: nothing, or the certificate that a server gave them or the fleet made for them.

An agent's certificate takes half a KiB while it is kept and no TLS context of its own: agents of one trust share a
context, and each session is made with its agent's certificate.

With the authority's own key (`--ca-certificate`, `--ca-key`) the fleet makes certificates itself, so that a strict
server lets it in from the start. Each agent has its own certificate then, with its own names; the key is one for all
agents of a process, since no server sees more of it than that it fits.
"""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from lakh.agent.host import Agent, Keystore
from lakh.wire.certificates import (
    Certificate,
    issued_by,
    key_der,
    new_leaf,
    new_p256_key,
    read_certificate,
    read_key,
)
from lakh.wire.openssl import Identity
from lakh.wire.tls import CertificateFiles, PeerCheck, TlsLink, TlsSide

_VALIDITY = timedelta(days=365)


class Credentials:
    """Makes the TLS sessions of one process's agents."""

    def __init__(self) -> None:
        self._plain = TlsSide.client()
        self._sides: dict[str, TlsSide] = {}

    def link(self, agent: Agent) -> TlsLink:
        """The agent's end of a new session. Raises OpenSslError for a certificate or key that cannot be used."""
        keystore = agent.keystore
        if keystore is None:
            return TlsLink(self._plain)
        side = self._sides.get(keystore.authority)
        if side is None:
            check = _trusts(keystore.authority.encode()) if keystore.authority else None
            side = self._sides[keystore.authority] = TlsSide.client(check_peer=check)
        return TlsLink(side, identity=Identity(keystore.certificate, keystore.key))


def _trusts(authority_pem: bytes) -> PeerCheck:
    """As `issued_by`; a server that presents an authority itself, as most do, is known by its bytes."""
    text = authority_pem.decode()
    known = {ssl.PEM_cert_to_DER_cert(part + _END) for part in text.split(_END) if "BEGIN CERTIFICATE" in part}
    issued = issued_by(authority_pem)

    def check(der: bytes | None) -> None:
        if der not in known:
            issued(der)

    return check


_END = "-----END CERTIFICATE-----\n"


class _Kept(msgspec.Struct, array_like=True):
    key: bytes
    certificates: dict[str, bytes]


class OwnAuthority:
    """Makes certificates for agents with the installation's authority.

    `folder` keeps them: a fleet that is started again shows what it showed before, and starts at once.
    """

    def __init__(self, files: CertificateFiles, folder: Path | None, part: str) -> None:
        """The first certificate of the file issues; agents trust all of it. `part` tells processes apart.

        Raises CertificateError and OSError for files that cannot be used."""
        self._own: Certificate = read_certificate(files.certificate.read_bytes(), files.key.read_bytes())
        self._trusted = files.certificate.read_text()
        self._path = folder / f"certificates-{part}" if folder is not None else None
        self._changed = False
        kept = self._read()
        self._key = new_p256_key() if kept is None else read_key(kept.key)
        self._key_der = key_der(self._key)
        self._certificates = {} if kept is None else kept.certificates

    def equip(self, agent: Agent) -> None:
        """Gives the agent a certificate for its name and addresses."""
        name = agent.own_name
        certificate = self._certificates.get(name)
        if certificate is None:
            sans = list(dict.fromkeys(san for san in (name, agent.own_address, agent.dials_from) if san))
            now = datetime.now(UTC)
            made = new_leaf(self._own, self._key, name=name, sans=sans, now=now, validity=_VALIDITY)
            certificate = self._certificates[name] = made.certificate_der()
            self._changed = True
        agent.keystore = Keystore(self._key_der, certificate, self._trusted)

    def keep(self) -> None:
        """Writes down what was made since."""
        if self._path is None or not self._changed:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.msgpack.encode(_Kept(self._key_der, self._certificates)))
        fresh.rename(self._path)
        self._changed = False

    def _read(self) -> _Kept | None:
        if self._path is None or not self._path.exists():
            return None
        return msgspec.msgpack.decode(self._path.read_bytes(), type=_Kept)
