"""Request signatures: HMAC-SHA1 over the sorted, encoded, lower-cased parameters (api-conventions, section 2).

Clients disagree on small things, so several canonical forms are accepted: CloudStack's own first, then those that
clients in use really sign. None of them lets two different requests share a text that CloudStack would tell apart,
because in every form `&`, `=` and `%` of a value are escaped.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha1
from hmac import compare_digest
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from lakh.base.limits import IDENTITIES
from lakh.contract.dates import has_zone, parse_date

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

Pair = tuple[str, str]
_BLOCK_BYTES: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))

_name = itemgetter(0)
_unescaped = re.compile(r"[A-Za-z0-9.*_-]*", re.ASCII).fullmatch


def _lower_name(pair: Pair) -> str:
    return pair[0].lower()


class _Form(NamedTuple):
    """How a family of clients encodes: sorted by lower-cased name or by name, what stays bare, names encoded too."""

    lower_sorted: bool
    bare: str
    names_encoded: bool
    plus_for_space: bool


_LENIENT = (
    _Form(True, "*~[]", False, False),  # Marvin, libcloud
    _Form(False, "*~", False, False),  # exoscale cs, cloudmonkey, cloudstack-go with a ~
    _Form(True, "*", False, False),
    _Form(False, "~", True, True),  # Go's Values.Encode as it is
    _Form(False, "~", True, False),  # the same with + replaced
)


def encode_value(value: str) -> str:
    """Java's URLEncoder with `+` turned into `%20`: bare are letters, digits, `.`, `-`, `*`, `_`."""
    if _unescaped(value):
        return value
    return quote(value, safe="*").replace("~", "%7E")


def canonical(pairs: Iterable[Pair]) -> str:
    """CloudStack's text to sign. `pairs` are all parameters but `signature`."""
    ordered = sorted(pairs, key=_name)
    if _unescaped("".join([value for _, value in ordered])):
        return "&".join([f"{name}={value}" for name, value in ordered]).lower()
    return "&".join([f"{name}={encode_value(value)}" for name, value in ordered]).lower()


def _lenient(pairs: list[Pair], form: _Form) -> str:
    parts = []
    for name, value in sorted(pairs, key=_lower_name if form.lower_sorted else _name):
        encoded = quote(value, safe=form.bare)
        if "~" not in form.bare:
            encoded = encoded.replace("~", "%7E")
        if form.names_encoded:
            name = quote(name, safe=form.bare)
        if form.plus_for_space:
            encoded = encoded.replace("%20", "+")
        parts.append(f"{name}={encoded}")
    return "&".join(parts).lower()


def sign(pairs: Iterable[Pair], secret: bytes) -> str:
    """The signature of a request, Base64 with padding; encode it before it goes into a query string."""
    return _mac(canonical(pairs), secret).decode()


@lru_cache(maxsize=IDENTITIES)
def _keyed(secret: bytes) -> tuple[HASH, HASH]:
    """HMAC's inner and outer hash (RFC 2104) with the key already in them.

    `hmac.digest` takes the key in anew for each request. And it lets go of the interpreter, which a busy thread then
    keeps for half a millisecond: that cost a poll more than all the rest of its signature.
    """
    key = (sha1(secret).digest() if len(secret) > _BLOCK_BYTES else secret).ljust(_BLOCK_BYTES, b"\0")
    return sha1(key.translate(_INNER)), sha1(key.translate(_OUTER))


def _mac(text: str, secret: bytes) -> bytes:
    known_inner, known_outer = _keyed(secret)
    inner, outer = known_inner.copy(), known_outer.copy()
    inner.update(text.encode())
    outer.update(inner.digest())
    return b2a_base64(outer.digest(), newline=False)


def verify(pairs: Iterable[Pair], signature: str, secret: bytes) -> bool:
    """True when `signature` fits `pairs`, which are all parameters of the request but the signature itself."""
    given = signature.encode()
    listed = list(pairs)
    if compare_digest(_mac(canonical(listed), secret), given):
        return True
    return any(compare_digest(_mac(_lenient(listed, form), secret), given) for form in _LENIENT)


def expired(version: str | None, expires: str | None, now_ms: int) -> bool:
    """True when a request of signatureVersion 3 lacks a readable `expires` or it lies in the past.

    Any other version, or none, never expires: `expires` is ignored then.
    """
    if version != "3":
        return False
    if expires is None or not has_zone(expires.strip()):
        return True
    try:
        return parse_date(expires) < now_ms
    except ValueError:
        return True
