"""The record layer of TLS 1.2 after the handshake: what protects each record (RFC 5246, 6.2.3.3; 5288; 7905).

OpenSSL keeps 13 to 22 KiB for every session it has open, for what it can do with one: other handshakes, other versions,
records in pipelines. A session of an agent does nothing more for days but seal and open records by one AEAD cipher with
two keys. So OpenSSL makes the handshake and is dismissed: its keys come here, as they go into the kernel where TLS is
left to that, and a session takes half a KiB. The ciphers themselves are those of `cryptography`, made anew for each
record: one that is kept takes 2.5 KiB, a new one a microsecond.

Nothing but application data and alerts may come (`link.records` holds that): no renegotiation, no other ciphers.
"""

from __future__ import annotations

import hmac
from struct import Struct
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from lakh.base.limits import TLS_PLAINTEXT_BYTES
from lakh.wire.errors import PeerClosedError, ProtocolError
from lakh.wire.link import ALERT, APPLICATION_DATA, RECORD_HEADER_BYTES, records

_CHANGE_CIPHER_SPEC: Final = 0x14
_HANDSHAKE: Final = 0x16
_VERSION: Final = 0x0303
_TAG_BYTES: Final = 16
_EXPLICIT_BYTES: Final = 8
_FATAL: Final = 2
_CLOSE_NOTIFY: Final = 0
_BAD_RECORD_MAC: Final = 20
_RECORD_OVERFLOW: Final = 22
_NONCES: Final = 1 << 64

_header: Final = Struct(">BHH")  # type, version, length
_associated: Final = Struct(">QBHH")  # number, type, version, length of the plaintext


class Suite(NamedTuple):
    """What a cipher suite says of keys: which AEAD, bytes of its key and of its fixed nonce, the hash that makes them.

    `explicit`: whether a part of the nonce travels with each record.
    """

    cipher: type[AESGCM] | type[ChaCha20Poly1305]
    key_bytes: int
    fixed_bytes: int
    digest: str
    explicit: bool


_AES_256: Final = Suite(AESGCM, 32, 4, "sha384", True)
_AES_128: Final = Suite(AESGCM, 16, 4, "sha256", True)
_CHACHA20: Final = Suite(ChaCha20Poly1305, 32, 12, "sha256", False)


def suite_of(name: str) -> Suite:
    """By OpenSSL's name of a cipher. Raises ProtocolError for one that `tls.CIPHERS` does not offer."""
    if name.endswith("AES256-GCM-SHA384"):
        return _AES_256
    if name.endswith("AES128-GCM-SHA256"):
        return _AES_128
    if name.endswith("CHACHA20-POLY1305"):
        return _CHACHA20
    raise ProtocolError(f"cipher {name} is not spoken here")


def explicit_of_finished(flight: bytes) -> bytes:
    """The explicit nonce of the Finished that ends a flight: right behind its ChangeCipherSpec. Empty without one."""
    start, kind = 0, 0
    while start + RECORD_HEADER_BYTES <= len(flight):
        before, (kind, _, length) = kind, _header.unpack_from(flight, start)
        start += RECORD_HEADER_BYTES
        if before == _CHANGE_CIPHER_SPEC and kind == _HANDSHAKE:
            return flight[start : start + _EXPLICIT_BYTES]
        start += length
    return b""


class Records:
    """Seals and opens the records of one end of one session, whose Finished messages were number 0 each way.

    `outgoing`: alerts that are to be sent.
    """

    __slots__ = ("_explicit", "_read", "_reading", "_suite", "_writing", "_written", "outgoing")

    def __init__(
        self,
        suite: Suite,
        master_secret: bytes,
        client_random: bytes,
        server_random: bytes,
        *,
        server_side: bool,
        explicit: bytes,
    ) -> None:
        """`explicit`: the part of the nonce that travelled with this end's Finished. Counting goes on from it, so that
        no nonce can come twice under a key; empty where the suite sends none."""
        key, fixed = suite.key_bytes, suite.fixed_bytes
        seed = b"key expansion" + server_random + client_random
        block = _expand(master_secret, seed, suite.digest, 2 * (key + fixed))
        client = block[:key] + block[2 * key : 2 * key + fixed]
        server = block[key : 2 * key] + block[2 * key + fixed :]
        self._suite = suite
        self._reading, self._writing = (client, server) if server_side else (server, client)
        self._read = self._written = 1
        self._explicit = int.from_bytes(explicit, "big")
        self.outgoing = b""

    def encrypt(self, plain: bytes | memoryview) -> bytes:
        """One record of application data: up to 16 KiB."""
        return self._seal(APPLICATION_DATA, plain)

    def decrypt(self, frame: memoryview | bytes) -> bytes:
        """The plaintext of a frame's records, which fill it exactly; empty ones give nothing.

        Raises PeerClosedError for the peer's orderly end, ProtocolError for what was not sealed by the peer.
        """
        plain = b""
        for kind, version, sealed in records(frame):
            piece = self._open(kind, version, sealed)
            if kind == ALERT:
                _hear(piece)
            else:
                plain = plain + piece if plain else piece
        return plain

    def end(self) -> None:
        """Says close_notify."""
        self.outgoing += self._seal(ALERT, bytes((1, _CLOSE_NOTIFY)))

    def _seal(self, kind: int, plain: bytes | memoryview) -> bytes:
        suite, number = self._suite, self._written
        self._written = number + 1
        key, fixed = self._writing[: suite.key_bytes], self._writing[suite.key_bytes :]
        associated = _associated.pack(number, kind, _VERSION, len(plain))
        if suite.explicit:
            explicit = ((self._explicit + number) % _NONCES).to_bytes(_EXPLICIT_BYTES, "big")
            sealed = explicit + suite.cipher(key).encrypt(fixed + explicit, plain, associated)
        else:
            sealed = suite.cipher(key).encrypt(_mixed(fixed, number), plain, associated)
        return _header.pack(kind, _VERSION, len(sealed)) + sealed

    def _open(self, kind: int, version: int, sealed: memoryview | bytes) -> bytes:
        suite, number = self._suite, self._read
        self._read = number + 1
        key, fixed = self._reading[: suite.key_bytes], self._reading[suite.key_bytes :]
        explicit = _EXPLICIT_BYTES if suite.explicit else 0
        length = len(sealed) - explicit - _TAG_BYTES
        if length > TLS_PLAINTEXT_BYTES:
            raise self._broken(_RECORD_OVERFLOW, "a record of more than 16 KiB")
        if length < 0 or version != _VERSION:
            raise self._broken(_BAD_RECORD_MAC, "bad record")
        nonce = fixed + bytes(sealed[:explicit]) if explicit else _mixed(fixed, number)
        try:
            associated = _associated.pack(number, kind, _VERSION, length)
            return suite.cipher(key).decrypt(nonce, bytes(sealed[explicit:]), associated)
        except InvalidTag:
            raise self._broken(_BAD_RECORD_MAC, "bad record mac") from None

    def _broken(self, alert: int, what: str) -> ProtocolError:
        self.outgoing += self._seal(ALERT, bytes((_FATAL, alert)))
        return ProtocolError(f"TLS: {what}")


def _hear(alert: bytes) -> None:
    if len(alert) != 2:
        raise ProtocolError("TLS: an alert that is none")
    if alert[1] == _CLOSE_NOTIFY:
        raise PeerClosedError("the peer closed its TLS session")
    if alert[0] == _FATAL:
        raise ProtocolError(f"TLS: the peer's alert {alert[1]}")


def _mixed(fixed: bytes, number: int) -> bytes:
    return (int.from_bytes(fixed, "big") ^ number).to_bytes(len(fixed), "big")


def _expand(secret: bytes, seed: bytes, digest: str, length: int) -> bytes:
    """P_hash of RFC 5246, 5."""
    made, chained = b"", seed
    while len(made) < length:
        chained = hmac.digest(secret, chained, digest)
        made += hmac.digest(secret, chained + seed, digest)
    return made[:length]
