"""TLS handshakes by the OpenSSL that the `cryptography` package carries, without sockets.

Python's own `ssl` would do, and did. But a storm of 100,000 agents is made of handshakes, and it takes them from the
system's OpenSSL, which is 3.0 on the systems of these years: an agent's end of a handshake costs half as much again as
with a current one, and with certificates on both sides both ends cost twice as much (figures in design 0004). It cannot
give a session a certificate of its own, so that each agent of a fleet needs its key read anew. And it never lets go of
a session, where half a KiB is enough once the handshake is over (`wire/records.py`). `cryptography` brings a current
OpenSSL and its functions, of which pyOpenSSL is made too.

A handshake has buffers only inside a call: bytes in, bytes out. What must be kept of a record that has come half,
OpenSSL keeps itself. Its queue of errors is left empty by every call, since `cryptography` shares it. A context and its
handshakes belong to one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.bindings.openssl.binding import Binding

from lakh.wire.records import Records, explicit_of_finished, suite_of

_lib: Final[Any] = Binding().lib
_ffi: Final[Any] = Binding.ffi

OPENSSL_VERSION: Final[str] = _ffi.string(_lib.OpenSSL_version(_lib.OPENSSL_VERSION)).decode()
TLS_1_2: Final = 0x0303
ALERT_REASONS: Final = 1000
"""A reason from here on is this plus the alert that the peer sent (RFC 8446, 6)."""

_PEM: Final = 1  # SSL_FILETYPE_PEM
_NO_CHECK_TIME: Final = 0x200000  # X509_V_FLAG_NO_CHECK_TIME
_SECRET_BYTES: Final = 48
_RANDOM_BYTES: Final = 32
_NOTHING: Final = _ffi.NULL
_new_buffer: Final = _lib.BIO_s_mem()


class OpenSslError(OSError):
    """What OpenSSL has to say, its number of the reason, what it found wrong with the peer's certificate
    (X509_V_ERR; 0: nothing). An OSError, as Python's own SSLError is."""

    def __init__(self, text: str, reason: int = 0, verify_code: int = 0) -> None:
        super().__init__(text)
        self.reason = reason
        self.verify_code = verify_code


class Identity:
    """A certificate and its key, for one handshake or many."""

    __slots__ = ("_certificate", "_key")

    def __init__(self, certificate_der: bytes, key_der: bytes) -> None:
        """The key as PKCS#8. Raises OpenSslError when either cannot be read."""
        self._certificate = _read(certificate_der, _lib.d2i_X509_bio, _lib.X509_free)
        self._key = _read_key(key_der)

    def show_in(self, tls: Any) -> None:
        """Raises OpenSslError when key and certificate do not belong together."""
        if not (_lib.SSL_use_certificate(tls, self._certificate) and _lib.SSL_use_PrivateKey(tls, self._key)):
            raise _error()


class Context:
    """What handshakes of one role share."""

    __slots__ = ("_buffer", "_context", "_scratch", "server_side")

    def __init__(self, *, server_side: bool, ciphers: str) -> None:
        """TLS 1.2 alone, no compression, tickets or renegotiation; a server's own order of ciphers counts."""
        self._context = _ffi.gc(_lib.SSL_CTX_new(_lib.TLS_method()), _lib.SSL_CTX_free)
        self.server_side = server_side
        self._scratch = _ffi.new("unsigned char[]", _SECRET_BYTES)
        self._buffer = _ffi.new("char **")
        context = self._context
        _lib.SSL_CTX_set_min_proto_version(context, TLS_1_2)
        _lib.SSL_CTX_set_max_proto_version(context, TLS_1_2)
        _lib.SSL_CTX_set_options(
            context,
            _lib.SSL_OP_NO_TICKET
            | _lib.SSL_OP_NO_COMPRESSION
            | _lib.SSL_OP_NO_RENEGOTIATION
            | _lib.SSL_OP_CIPHER_SERVER_PREFERENCE,
        )
        _lib.SSL_CTX_set_mode(context, _lib.SSL_MODE_RELEASE_BUFFERS | _lib.SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
        _lib.SSL_CTX_set_session_cache_mode(context, _lib.SSL_SESS_CACHE_OFF)
        _checked(_lib.SSL_CTX_set_cipher_list(context, ciphers.encode()))

    def load(self, certificate: Path, key: Path) -> None:
        """Presents a certificate (PEM, with its chain behind it). Raises OpenSslError, OSError for a missing file."""
        for file in (certificate, key):
            file.open("rb").close()
        _checked(_lib.SSL_CTX_use_certificate_chain_file(self._context, bytes(certificate)))
        _checked(_lib.SSL_CTX_use_PrivateKey_file(self._context, bytes(key), _PEM))
        _checked(_lib.SSL_CTX_check_private_key(self._context))

    def ask_clients(self, authorities: Sequence[Path], *, required: bool, allow_expired: bool) -> None:
        """Takes clients' certificates of one of `authorities` (PEM files), only those, and always where `required`."""
        for file in authorities:
            file.open("rb").close()
            _checked(_lib.SSL_CTX_load_verify_locations(self._context, bytes(file), _NOTHING))
        mode = _lib.SSL_VERIFY_PEER | (_lib.SSL_VERIFY_FAIL_IF_NO_PEER_CERT if required else 0)
        _lib.SSL_CTX_set_verify(self._context, mode, _NOTHING)
        if allow_expired:
            _lib.X509_VERIFY_PARAM_set_flags(_lib.SSL_CTX_get0_param(self._context), _NO_CHECK_TIME)

    def handshake(self, identity: Identity | None = None) -> Handshake:
        """A new one, which shows `identity` instead of what the context was loaded with."""
        return Handshake(self, identity)


class Handshake:
    """One session until its handshake is done.

    `outgoing`: what TLS wants sent; whoever sends it empties it. Ask after every call, also a failed one.
    """

    __slots__ = ("_explicit", "_shared", "_tls", "outgoing")

    def __init__(self, context: Context, identity: Identity | None) -> None:
        self._shared = context
        tls = self._tls = _ffi.gc(_lib.SSL_new(context._context), _lib.SSL_free)
        self._explicit = b""
        self.outgoing = b""
        if identity is not None:
            identity.show_in(tls)
        if context.server_side:
            _lib.SSL_set_accept_state(tls)
        else:
            _lib.SSL_set_connect_state(tls)

    def go_on(self, data: bytes) -> tuple[Records, bytes] | None:
        """None: more must come. Else it is done: here is what protects the records from now on, and the bytes of `data`
        that stood behind the end. Raises OpenSslError; ProtocolError for a cipher that is not spoken here."""
        kept = _ffi.from_buffer(data)
        incoming, out = self._open(kept)
        try:
            if _lib.SSL_do_handshake(self._tls) != 1:
                if _lib.SSL_get_error(self._tls, -1) == _lib.SSL_ERROR_WANT_READ:
                    return None
                raise _error(_lib.SSL_get_verify_result(self._tls))
            left = _lib.BIO_get_mem_data(incoming, self._shared._buffer)
        finally:
            self._close(out)
        return self._records(), data[len(data) - left :] if left else b""

    def peer_certificate(self) -> bytes | None:
        """DER; None when the peer sent none."""
        found = _lib.SSL_get_peer_certificate(self._tls)
        if found == _NOTHING:
            return None
        out = _lib.BIO_new(_new_buffer)
        try:
            _lib.i2d_X509_bio(out, found)
            return self._written(out)
        finally:
            _lib.BIO_free(out)
            _lib.X509_free(found)

    def _records(self) -> Records:
        tls, scratch = self._tls, self._shared._scratch
        suite = suite_of(_ffi.string(_lib.SSL_CIPHER_get_name(_lib.SSL_get_current_cipher(tls))).decode())

        def said(length: int) -> bytes:
            return bytes(_ffi.unpack(scratch, length))

        master = said(_lib.SSL_SESSION_get_master_key(_lib.SSL_get_session(tls), scratch, _SECRET_BYTES))
        client = said(_lib.SSL_get_client_random(tls, scratch, _RANDOM_BYTES))
        server = said(_lib.SSL_get_server_random(tls, scratch, _RANDOM_BYTES))
        return Records(suite, master, client, server, server_side=self._shared.server_side, explicit=self._explicit)

    def _open(self, data: Any) -> tuple[Any, Any]:
        """Puts `data`, which must live until `_close`, before OpenSSL, and something to write into."""
        incoming = _lib.BIO_new_mem_buf(data, len(data))
        _lib.BIO_set_mem_eof_return(incoming, -1)  # its end means: later more
        out = _lib.BIO_new(_new_buffer)
        _lib.SSL_set_bio(self._tls, incoming, out)
        return incoming, out

    def _close(self, out: Any) -> None:
        """Takes what was written and gives the buffers back."""
        if written := self._written(out):
            self.outgoing += written
            self._explicit = explicit_of_finished(written) or self._explicit
        _lib.SSL_set_bio(self._tls, _NOTHING, _NOTHING)

    def _written(self, out: Any) -> bytes:
        place = self._shared._buffer
        length = _lib.BIO_get_mem_data(out, place)
        return bytes(_ffi.unpack(place[0], length)) if length > 0 else b""


def _checked(result: int) -> None:
    if result != 1:
        raise _error()


def _error(verify_code: int = 0) -> OpenSslError:
    """The first error of the queue, which is what led to the others; empties the queue."""
    code = _lib.ERR_peek_error()
    text = _lib.ERR_reason_error_string(code)
    _lib.ERR_clear_error()
    said = _ffi.string(text).decode() if text != _NOTHING else f"error {code:#x}"
    return OpenSslError(said, _lib.ERR_GET_REASON(code), verify_code)


def _read(der: bytes, read: Any, free: Any) -> Any:
    source = _lib.BIO_new_mem_buf(der, len(der))
    try:
        found = read(source, _NOTHING)
    finally:
        _lib.BIO_free(source)
    if found == _NOTHING:
        raise _error()
    return _ffi.gc(found, free)


@lru_cache(maxsize=16)
def _read_key(der: bytes) -> Any:
    """Agents of one process often share a key."""
    return _read(der, _lib.d2i_PrivateKey_bio, _lib.EVP_PKEY_free)
