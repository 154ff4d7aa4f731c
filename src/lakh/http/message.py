"""A request and a response, as the listener hands them on and takes them back."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_plus

from lakh.base import limits
from lakh.base.errors import BadRequestError
from lakh.contract.encoding import JSON_TYPE, XML_TYPE

_SECURITY_HEADERS: Final = b"X-Content-Type-Options: nosniff\r\nX-XSS-Protection: 1; mode=block\r\n"
_API_HEADERS: Final = (
    b"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nCache-Control: no-store\r\n"
)
_REASONS: Final = {431: b"Parameter Error", 530: b"Internal Error", 531: b"Account Error"}


class Request:
    """One whole request. Header names are lower-cased; of a repeated header the last counts."""

    __slots__ = ("body", "headers", "keep_alive", "method", "path", "peer", "query")

    def __init__(
        self,
        method: str,
        path: str,
        query: str,
        headers: dict[bytes, bytes],
        body: bytes,
        *,
        peer: str = "",
        keep_alive: bool = True,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
        self.keep_alive = keep_alive

    def pairs(self) -> list[tuple[str, str]]:
        """All parameters: those of the body first, without such as the query string repeats.

        Raises BadRequestError when there are too many.
        """
        found = parse_form(self.query)
        if self.body and self.method == "POST" and self._is_form():
            named = {name for name, _ in found}
            found = [p for p in parse_form(self.body.decode("utf-8", "replace")) if p[0] not in named] + found
        if len(found) > limits.HTTP_PARAMETERS:
            raise BadRequestError(f"More than {limits.HTTP_PARAMETERS} parameters in one request")
        return found

    def _is_form(self) -> bool:
        kind = self.headers.get(b"content-type", b"application/x-www-form-urlencoded")
        return kind.lower().startswith(b"application/x-www-form-urlencoded")

    def cookies(self) -> dict[str, str]:
        """The request's cookies by name."""
        found: dict[str, str] = {}
        for part in self.headers.get(b"cookie", b"").decode("latin-1").split(";"):
            name, separator, value = part.strip().partition("=")
            if separator:
                found[name] = value.strip('"')
        return found


def parse_form(text: str) -> list[tuple[str, str]]:
    """`a=1&b=2` as pairs; an entry without `=` is an empty value. Bytes that are not UTF-8 become U+FFFD."""
    found: list[tuple[str, str]] = []
    for part in text.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if "%" in part or "+" in part:
            name, value = unquote_plus(name), unquote_plus(value)
        found.append((name, value))
    return found


class Response:
    """One whole response. `headers` are further ones besides type, length and the security headers.

    `is_api`: it is an answer of the API, which no browser may keep or show as a page, whatever its type is called.
    """

    __slots__ = ("body", "content_type", "headers", "is_api", "status")

    def __init__(
        self,
        status: int,
        body: bytes,
        content_type: bytes = JSON_TYPE,
        headers: Iterable[tuple[bytes, bytes]] = (),
        *,
        is_api: bool | None = None,
    ) -> None:
        self.is_api = content_type in (JSON_TYPE, XML_TYPE) if is_api is None else is_api
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers

    def encode(self, keep_alive: bool) -> bytes:
        """The bytes on the wire."""
        key = (self.status, self.content_type, self.is_api, keep_alive)
        head = _heads.get(key)
        if head is None:
            head = _heads[key] = _head(*key)
        more = b"".join([b"%b: %b\r\n" % header for header in self.headers])
        return b"%bContent-Length: %d\r\n%b\r\n%b" % (head, len(self.body), more, self.body)


_heads: dict[tuple[int, bytes, bool, bool], bytes] = {}


def _head(status: int, content_type: bytes, is_api: bool, keep_alive: bool) -> bytes:
    reason = _REASONS.get(status)
    if reason is None:
        reason = HTTPStatus(status).phrase.encode() if status in HTTPStatus._value2member_map_ else b"Error"
    connection = b"keep-alive" if keep_alive else b"close"
    security = _SECURITY_HEADERS + (_API_HEADERS if is_api else b"")
    return b"HTTP/1.1 %d %b\r\nContent-Type: %b\r\nConnection: %b\r\n%b" % (
        status,
        reason,
        content_type,
        connection,
        security,
    )


def header_text(text: str) -> bytes:
    """A text made fit for a header's value: one line of Latin-1, at most 1,000 characters."""
    return " ".join(text.split()).encode("latin-1", "replace")[:1000]
