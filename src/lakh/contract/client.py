"""A small asynchronous client of the API: signed requests on kept-alive connections, and jobs polled to their end.

    async with Client("127.0.0.1", 8080, api_key, secret_key) as client:
        zones = await client.call("listZones", available=True)
        done = await client.job("deployVirtualMachine", zoneid=zones["zone"][0]["id"], …)

It speaks to any CloudStack server. One request is one write and one parsed answer; what is the same in every request
(key, encodings, header) is prepared once, since in a benchmark the client's time is on the same cores as the server's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import httptools
import msgspec

from lakh.base.clock import Clock, SystemClock
from lakh.base.errors import LakhError
from lakh.contract.signature import Pair, encode_value, sign

POLL_SECONDS: Final = (0.04, 0.08, 0.16, 0.32)
"""Pauses before the first polls of a job; then POLL_LATER_SECONDS."""
POLL_LATER_SECONDS: Final = 1.0
REQUEST_SECONDS: Final = 300.0  # for an answer; above: ClientError 504
EXPIRY_SECONDS: Final = 600  # of signatureVersion 3


class ClientError(LakhError):
    """The server answered an error, or a job failed. `status` is HTTP's; 0 when there was no readable answer."""

    def __init__(self, status: int, errorcode: int, text: str) -> None:
        super().__init__(f"{errorcode}: {text}" if text else str(errorcode))
        self.status = status
        self.errorcode = errorcode
        self.text = text


class Answer:
    """One HTTP answer as it came."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        wanted = name.lower().encode()
        return next((v.decode("latin-1") for k, v in self.headers if k.lower() == wanted), None)


class _Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request under way."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.closed = False
        self.busy = False
        self._waiter: asyncio.Future[Answer] | None = None
        self._reset()

    def _reset(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ClientError(0, 0, f"the answer is not HTTP: {error}"))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._fail(ClientError(0, 0, "the server closed the connection"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        answer = Answer(self._parser.get_status_code(), self._headers, b"".join(self._body))
        if not self._parser.should_keep_alive():
            self.close()
        self._reset()
        self.busy = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(answer)

    def _fail(self, error: ClientError) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    async def request(self, head_and_body: bytes) -> Answer:
        assert self.transport is not None
        self._waiter = asyncio.get_running_loop().create_future()
        self.busy = True
        self.transport.write(head_and_body)
        try:
            return await self._waiter
        finally:
            self._waiter = None

    def close(self) -> None:
        self.closed = True
        if self.transport is not None:
            self.transport.close()


class Client:
    """Calls one server. With keys every request is signed; without, it goes bare (the integration port).

    `polls` counts queryAsyncJobResult calls, `requests` all.
    """

    def __init__(
        self,
        host: str,
        port: int,
        api_key: str = "",
        secret_key: str = "",
        *,
        path: str = "/client/api",
        expires: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.polls = 0
        self.requests = 0
        self._address = (host, port)
        self._clock = clock or SystemClock()
        self._secret = secret_key.encode()
        self._path = path
        self._fixed: list[Pair] = [("response", "json")]
        if api_key:
            self._fixed.append(("apiKey", api_key))
        self._expires = expires
        self._tail = f" HTTP/1.1\r\nHost: {host}:{port}\r\n".encode()
        self._idle: deque[_Connection] = deque()
        self._open: set[_Connection] = set()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes all connections; requests under way fail."""
        for connection in list(self._open):
            connection.close()
        self._open.clear()
        self._idle.clear()

    # --- calls -------------------------------------------------------------------------------------------------------
    async def call(self, command: str, **parameters: Any) -> dict[str, Any]:
        """One command; returns what stands under the response name. Raises ClientError.

        Values: booleans and numbers as the API writes them, a list joined by commas, a dict as `name[0].key=value`
        with free keys, a list of dicts as one `name[i]` each; None is left out.
        """
        answer = await self.get(self.query(command, parameters))
        return _content(answer)

    async def job(self, command: str, **parameters: Any) -> dict[str, Any]:
        """Runs an asynchronous command to its end; returns `jobresult` with `jobid`, and `id` where it creates.

        Raises ClientError with the job's error where it fails.
        """
        started = await self.call(command, **parameters)
        if "jobid" not in started:
            return started
        done = await self.wait(started["jobid"])
        done.update(started)
        return done

    async def wait(self, job_uuid: str) -> dict[str, Any]:
        """Polls a job at 40, 80, 160 and 320 ms, then every second; returns its `jobresult`."""
        attempt = 0
        while True:
            pause = POLL_SECONDS[attempt] if attempt < len(POLL_SECONDS) else POLL_LATER_SECONDS
            await self._clock.sleep(pause)
            attempt += 1
            self.polls += 1
            job = await self.call("queryAsyncJobResult", jobid=job_uuid)
            status = job["jobstatus"]
            result: dict[str, Any] = job.get("jobresult") or {}
            if status == 1:
                return result
            if status != 0:
                raise ClientError(200, int(result.get("errorcode", 530)), str(result.get("errortext", "job failed")))

    # --- requests ----------------------------------------------------------------------------------------------------
    def query(self, command: str, parameters: Mapping[str, Any]) -> str:
        """The signed query string of a command."""
        pairs: list[Pair] = [("command", command), *self._fixed]
        for name, value in parameters.items():
            if type(value) is str:
                pairs.append((name, value))
            elif value is not None:
                pairs.extend(flatten(name, value))
        if self._expires:
            until = datetime.fromtimestamp(self._clock.now_ms() / 1000 + EXPIRY_SECONDS, UTC)
            pairs.append(("signatureVersion", "3"))
            pairs.append(("expires", until.strftime("%Y-%m-%dT%H:%M:%S+0000")))
        text = "&".join([f"{name}={encode_value(value)}" for name, value in pairs])
        if not self._secret:
            return text
        return f"{text}&signature={quote(sign(pairs, self._secret), safe='')}"

    async def get(self, query: str, headers: str = "") -> Answer:
        """One GET of a ready query string; `headers` are whole header lines. Raises ClientError without an answer."""
        head = f"GET {self._path}?{query}".replace("[", "%5B").replace("]", "%5D")
        return await self.send(head.encode() + self._tail + headers.encode() + b"\r\n")

    async def post(self, body: str, headers: str = "") -> Answer:
        """One POST of a ready form."""
        data = body.encode()
        head = f"POST {self._path}".encode() + self._tail
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(data)}\r\n{headers}\r\n"
        return await self.send(head + form.encode() + data)

    async def send(self, request: bytes) -> Answer:
        """Sends the bytes of a whole request and returns its answer."""
        self.requests += 1
        connection = await self._connection()
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                answer = await connection.request(request)
        except TimeoutError:
            raise ClientError(0, 504, f"no answer within {REQUEST_SECONDS:.0f} s") from None
        finally:
            self._give_back(connection)
        return answer

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
            self._open.discard(connection)
        host, port = self._address
        try:
            _, connection = await asyncio.get_running_loop().create_connection(_Connection, host, port)
        except OSError as error:
            raise ClientError(0, 0, f"cannot connect to {host}:{port}: {error.strerror or error}") from None
        self._open.add(connection)
        return connection

    def _give_back(self, connection: _Connection) -> None:
        if connection.closed or connection.busy:
            connection.close()
            self._open.discard(connection)
        else:
            self._idle.append(connection)


def flatten(name: str, value: Any) -> list[Pair]:
    """A parameter's value as the API's pairs."""
    if isinstance(value, dict):
        return [(f"{name}[0].{key}", _plain(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], dict):
            return [(f"{name}[{i}].{k}", _plain(v)) for i, entry in enumerate(value) for k, v in entry.items()]
        return [(name, ",".join(_plain(item) for item in value))]
    return [(name, _plain(value))]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


_decode = msgspec.json.Decoder().decode


def _content(answer: Answer) -> dict[str, Any]:
    try:
        (content,) = _decode(answer.body).values()
    except (msgspec.DecodeError, AttributeError, ValueError):
        raise ClientError(answer.status, answer.status, "the answer is not the API's JSON") from None
    if answer.status != 200:
        raise ClientError(
            answer.status, int(content.get("errorcode", answer.status)), str(content.get("errortext", ""))
        )
    found: dict[str, Any] = content
    return found
