"""The server's own authority and the certificates its gateways present, made once and kept in the data folder.

Like CloudStack's root provider, a gateway presents the authority's own certificate (agent-protocol 1.3); one with a
P-256 key for clients that speak ECDSA and one with an RSA key for those that do not.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lakh.base.clock import Clock

if TYPE_CHECKING:
    from lakh.wire.certificates import Certificate

KINDS = ("p256", "rsa")
BUNDLE = "ca.pem"


def certificate_files(folder: Path) -> list[tuple[Path, Path]]:
    """(certificate, key) of each kind, P-256 first."""
    return [(folder / f"ca-{kind}.pem", folder / f"ca-{kind}.key") for kind in KINDS]


def prepare(folder: Path, clock: Clock) -> list[tuple[Path, Path]]:
    """Makes what is missing and returns the files. Keys are readable by the owner only.

    `ca.pem` beside them holds both certificates: what agents must trust.
    """
    files = certificate_files(folder)
    if all(path.exists() for pair in files for path in pair):
        if not (folder / BUNDLE).exists():
            _write(folder / BUNDLE, authorities_pem(folder).encode())
        return files
    from datetime import UTC, datetime

    from lakh.wire.certificates import new_authority, new_p256_key, new_rsa_key

    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
    for (certificate_path, key_path), key in zip(files, (new_p256_key(), new_rsa_key()), strict=True):
        made = new_authority(key, now=now)
        _write(key_path, made.key_pem())
        _write(certificate_path, made.certificate_pem())
    _write(folder / BUNDLE, authorities_pem(folder).encode())
    return files


def own_authority(folder: Path) -> Certificate | None:
    """The RSA authority, which issues what hosts and system VMs present; None where nothing was prepared."""
    from lakh.wire.certificates import read_certificate

    certificate, key = certificate_files(folder)[KINDS.index("rsa")]
    if not certificate.exists() or not key.exists():
        return None
    return read_certificate(certificate.read_bytes(), key.read_bytes())


def authorities_pem(folder: Path) -> str:
    """The certificates of all kinds: what agents must trust. The one that issues comes first."""
    return "".join(certificate.read_text() for certificate, _ in reversed(certificate_files(folder)))


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
