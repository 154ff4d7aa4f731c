"""Hostile input gets the stated error or a bounded cut, never a stack trace, and nothing is half done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.api import Api
from tests.refusal import refused

from lakh.base import limits
from lakh.http.listener import Listener, PortTakenError
from lakh.resources.user.list import ListUsers
from lakh.store.store import StoreUnavailableError

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


class Wire:
    """A bare connection, to send what no client would."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """(status, body) of the next answer."""
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(int(line[15:]) for line in head.split("\r\n") if line.startswith("Content-Length:"))
            return int(head.split()[1]), await self.reader.readexactly(length)

    async def closed(self) -> bool:
        """Waits for the server's end; True when nothing else came."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


@pytest.fixture
async def wire(api: Api) -> AsyncIterator[Wire]:
    opened = await connect(api)
    yield opened
    opened.writer.close()


async def connect(api: Api) -> Wire:
    return Wire(*await asyncio.open_connection("127.0.0.1", api.port, limit=1 << 24))


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - gives the server the loop until it has read what was sent
            await asyncio.sleep(0)


def text(body: bytes) -> str:
    ((_, inner),) = msgspec.json.decode(body).items()
    return str(inner["errortext"])


# --- size ------------------------------------------------------------------------------------------------------------
async def test_an_oversized_header_is_431_and_the_connection_closes(wire: Wire) -> None:
    await wire.send(b"GET /client/api?x=" + b"a" * (limits.HTTP_HEADER_BYTES + 1))
    status, body = await wire.answer()
    assert (status, "exceed" in text(body)) == (431, True)
    assert await wire.closed()


@pytest.mark.parametrize("declared", [True, False])
async def test_an_oversized_body_is_413_and_the_connection_closes(wire: Wire, declared: bool) -> None:
    size = limits.HTTP_BODY_BYTES + 1
    head = b"POST /client/api HTTP/1.1\r\nHost: x\r\n"
    if declared:
        await wire.send(head + b"Content-Length: %d\r\n\r\n" % size)
    else:
        chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
        await wire.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17)
    status, body = await wire.answer()
    assert (status, "exceeds" in text(body)) == (413, True)
    assert await wire.closed()


async def test_too_many_parameters_are_400(api: Api) -> None:
    client = api.client()
    answer = await client.post("response=json&" + "&".join(f"p{i}=1" for i in range(limits.HTTP_PARAMETERS)))
    assert (answer.status, "5000 parameters" in answer.body.decode()) == (400, True)


async def test_long_values_maps_and_pages_are_refused_with_their_error(api: Api) -> None:
    admin = api.admin
    await refused(admin.call("createDomain", name="x" * 256), 431, "Value greater than max allowed length 255")
    await refused(admin.call("listDomains", page=1, pagesize=10**9), 431, "Page size can't exceed")
    await refused(admin.call("listDomains", page=1, pagesize=10**12), 431, "invalid value")
    answer = await admin.get(command="createAccount", **{"accountdetails[x].a": "1"})
    assert answer.status == 430
    await refused(admin.call("listDomains", name="a\x00b"), 431, "control characters")
    assert (await admin.call("listDomains"))["count"] == 1


# --- nonsense --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET /client/api HTTP/9.9\r\n\r\n",
        b"POST /client/api HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /client/api HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /client/api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /client/api HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_400_and_the_connection_closes(api: Api, wire: Wire, raw: bytes) -> None:
    await wire.send(raw)
    status, body = await wire.answer()
    assert status in (400, 401)
    assert b"Traceback" not in body
    if status == 400:
        assert await wire.closed()
    assert (await api.client().get("x")).status == 401  # everybody else is served as before


async def test_bytes_that_are_no_text_do_no_harm(api: Api) -> None:
    client = api.client()
    for query in ("command=%ff%fe&response=json", "command=%zz&response=json", "&&&=&=x&%", "response=json&%00=%00"):
        assert (await client.get(query)).status in (401, 431)
    raw = b"GET /client/api?command=\xff\xfe&response=json HTTP/1.1\r\nHost: x\r\n\r\n"
    assert (await api.client().send(raw)).status in (400, 401)


async def test_line_ends_in_an_error_text_make_no_header(api: Api) -> None:
    answer = await api.admin.get(command="listUsers", id="x\r\nSet-Cookie: a=b")
    assert answer.status == 431
    assert answer.header("set-cookie") is None
    assert "x Set-Cookie: a=b" in (answer.header("x-description") or "")


# --- time ------------------------------------------------------------------------------------------------------------
async def test_a_client_that_never_finishes_its_header_is_told_and_cut(api: Api, wire: Wire) -> None:
    await wire.send(b"GET /client/api HTTP/1.1\r\nHost")
    connection = await _begun(api)
    api.clock.forward(limits.HTTP_HEADER_SECONDS - 1)
    await wire.send(b": x")  # a byte now and then does not help
    api.edge.listener.sweep()
    assert connection in api.edge.listener.connections
    api.clock.forward(2)
    api.edge.listener.sweep()
    status, body = await wire.answer()
    assert (status, text(body)) == (408, "The request was not sent in time")
    assert await wire.closed()


async def test_a_client_that_never_finishes_its_body_is_told_and_cut(api: Api, wire: Wire) -> None:
    await wire.send(b"POST /client/api HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\na")
    connection = await _begun(api)
    await until(lambda: connection.deadline > api.clock.monotonic() + limits.HTTP_HEADER_SECONDS)
    api.clock.forward(limits.HTTP_BODY_SECONDS + 1)
    api.edge.listener.sweep()
    assert (await wire.answer())[0] == 408
    assert await wire.closed()


async def test_an_idle_connection_is_closed_without_a_word(api: Api, wire: Wire) -> None:
    await wire.send(GET)
    assert (await wire.answer())[0] == 200
    api.clock.forward(limits.HTTP_IDLE_SECONDS - 5)
    api.edge.listener.sweep()
    await wire.send(GET)
    assert (await wire.answer())[0] == 200
    api.clock.forward(limits.HTTP_IDLE_SECONDS + 1)
    api.edge.listener.sweep()
    assert await wire.closed()


async def test_a_client_that_reads_nothing_is_cut(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HTTP_RESPONSE_BACKLOG_BYTES", 64 * 1024)
    wire = await connect(api)
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
    query = api.admin.client.query("listApis", {})
    request = f"GET /client/api?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    connection = await _begun(api, started=False)
    wire.writer.write(request * 200)
    await until(lambda: connection._writable is not None)
    api.clock.forward(limits.HTTP_SEND_SECONDS + 1)
    api.edge.listener.sweep()
    await until(lambda: connection not in api.edge.listener.connections)
    wire.writer.close()


async def _begun(api: Api, *, started: bool = True) -> Any:
    """The one connection of the test besides the clients', once its first bytes are there."""
    listener = api.edge.listener
    await until(lambda: any(not started or c._head_bytes or c._in_body for c in listener.connections))
    return next(c for c in listener.connections if not started or c._head_bytes or c._in_body)


# --- number ----------------------------------------------------------------------------------------------------------
async def test_pipelined_requests_are_answered_in_order_however_many(api: Api, wire: Wire) -> None:
    paths = [b"/healthz", b"/nowhere"] * 40
    await wire.send(b"".join(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in paths))
    statuses = [(await wire.answer())[0] for _ in paths]
    assert statuses == [200, 404] * 40


async def test_connections_beyond_the_limit_are_closed_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HTTP_CONNECTIONS", 2)
    kept = [await connect(api), await connect(api)]
    for wire in kept:
        await wire.send(GET)
        assert (await wire.answer())[0] == 200
    third = await connect(api)
    assert await third.closed()
    assert api.edge.listener.refused == 1
    for wire in [*kept, third]:
        wire.writer.close()


async def test_a_client_that_closes_its_half_still_gets_its_answer(api: Api, wire: Wire) -> None:
    await wire.send(f"GET /client/api?{api.admin.client.query('listDomains', {})} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    wire.writer.write_eof()
    assert (await wire.answer())[0] == 200
    assert await wire.closed()


async def test_connection_close_and_old_http_are_honoured(api: Api) -> None:
    for head in (b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"GET /healthz HTTP/1.0\r\n\r\n"):
        wire = await connect(api)
        await wire.send(head)
        assert (await wire.answer())[0] == 200
        assert await wire.closed()
        wire.writer.close()


async def test_a_body_is_asked_for_when_the_client_waits_for_it(wire: Wire) -> None:
    await wire.send(b"POST /client/api HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 13\r\n\r\n")
    assert (await wire.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    await wire.send(b"response=json")
    assert (await wire.answer())[0] == 401


async def test_a_taken_port_is_a_clear_error_that_names_it(api: Api) -> None:
    async def nobody(request: Any) -> Any:
        raise AssertionError

    with pytest.raises(PortTakenError, match=f"port {api.port} on 127.0.0.1 is taken"):
        await Listener(nobody, api.clock).start("127.0.0.1", api.port)


# --- inside ----------------------------------------------------------------------------------------------------------
async def test_an_unexpected_error_is_a_plain_530(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: Any, call: Any) -> Any:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(ListUsers, "run", broken)
    answer = await api.admin.get(command="listUsers")
    assert answer.status == 530
    assert b"secret" not in answer.body
    assert list(msgspec.json.decode(answer.body)) == ["listusersresponse"]


async def test_a_store_that_is_away_is_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(self: Any, call: Any) -> Any:
        raise StoreUnavailableError("the database does not answer")

    monkeypatch.setattr(ListUsers, "run", away)
    await refused(api.admin.call("listUsers"), 503, "the database does not answer")


async def test_credentials_that_almost_fit_are_401(api: Api) -> None:
    client = api.admin.client
    good = client.query("listDomains", {"name": "ROOT"})
    assert (await api.client().get(good)).status == 200
    for wrong in (
        good.replace("ROOT", "ROOM"),
        good + "&listall=true",
        good.replace("signature=", "signature=A"),
        good.replace("apiKey=", "apiKey=x"),
        good.partition("&signature")[0],
        good.replace("&signature=", "&signature=&x="),
    ):
        answer = await api.client().get(wrong)
        assert answer.status == 401, wrong
        assert msgspec.json.decode(answer.body)["listdomainsresponse"]["uuidList"] == []


async def test_stopping_finishes_what_is_under_way_and_closes_the_rest(api: Api, wire: Wire) -> None:
    await wire.send(GET)
    await wire.answer()
    await api.edge.stop()
    assert await wire.closed()
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", api.port)
