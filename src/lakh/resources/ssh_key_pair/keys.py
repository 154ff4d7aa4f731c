"""Making and reading SSH keys: OpenSSH public keys, PEM private keys, MD5 fingerprints as CloudStack shows them."""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_public_key,
)

from lakh.base.errors import ParameterError

LEAST_BITS, MOST_BITS = 1024, 8192
"""Shorter keys protect nothing; longer ones take minutes to make."""


class NewKey(NamedTuple):
    """A fresh pair, both halves as text."""

    private_key: str
    public_key: str


def new_key(bits: int) -> NewKey:
    """A new RSA pair of so many bits, within what is sensible: PKCS#1 PEM, as OpenSSH and every client's SSH library
    read it. Takes about 0.1 s of CPU for 2048."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=min(max(bits, LEAST_BITS), MOST_BITS))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return NewKey(private.decode(), public.decode())


def checked(public_key: str) -> str:
    """The public key (RSA, Ed25519, ECDSA) without blanks around it. Raises ParameterError for anything else."""
    text = " ".join(public_key.split())
    try:
        load_ssh_public_key(text.encode())
    except Exception:
        raise ParameterError("Public key is invalid: give publickey in OpenSSH's form, 'ssh-rsa AAAA…'") from None
    return text


def fingerprint(public_key: str) -> str:
    """MD5 of the key's bytes, in pairs: `d4:1d:8c:…`."""
    data = base64.b64decode(public_key.split()[1])
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))
