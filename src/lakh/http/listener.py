"""The HTTP/1.1 edge: an own protocol class over httptools, because a framework costs more than the request.

A connection is one object; requests of it are answered one after another in order. Nothing here may grow without
limit: header, body, pipelined requests and unsent answers are bounded, and every phase has a deadline. Deadlines are a
number on the connection, and one sweep a second looks at all of them, so a connection costs no timer.
"""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import httptools

from lakh.base import limits
from lakh.base.clock import Clock
from lakh.base.errors import ApiError, BadRequestError, InternalError, LakhError
from lakh.base.log import logger
from lakh.contract.encoding import ERROR_RESPONSE, error_answer
from lakh.http.message import Request, Response

log = logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]

SWEEP_SECONDS: Final = 1.0
NEVER: Final = float("inf")


class PortTakenError(LakhError):
    """Another process listens on the port, or this one may not."""


class HeaderTooLargeError(ApiError):
    errorcode = 431
    cserrorcode = None


class BodyTooLargeError(ApiError):
    errorcode = 413
    cserrorcode = None


class TooSlowError(ApiError):
    errorcode = 408
    cserrorcode = None


class Listener:
    """One listening port and its connections."""

    def __init__(self, handler: Handler, clock: Clock) -> None:
        self.handler = handler
        self.clock = clock
        self.connections: set[Connection] = set()
        self.refused = 0
        self.cut = 0
        self.stopping = False
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int, *, shared: bool = False) -> int:
        """Listens and returns the port (a free one for 0). `shared`: with other processes, each of which gets a part of
        the connections. Raises PortTakenError that names it."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Connection(self), host, port, backlog=1024, reuse_port=shared or None
            )
        except OSError as error:
            raise PortTakenError(_why_not(host, port, error)) from error
        self._sweeper = asyncio.create_task(self._sweep_forever(), name=f"http sweep {port}")
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Takes no more connections, lets answers under way finish for HTTP_STOP_SECONDS, then closes all."""
        self.stopping = True
        if self._server is not None:
            self._server.close()
        busy = [c.task for c in self.connections if c.task is not None]
        for connection in list(self.connections):
            connection.finish()
        if busy:
            await asyncio.wait(busy, timeout=limits.HTTP_STOP_SECONDS)
        for connection in list(self.connections):
            connection.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()

    async def _sweep_forever(self) -> None:
        while True:
            await self.clock.sleep(SWEEP_SECONDS)
            self.sweep()

    def sweep(self) -> None:
        """Ends every connection whose deadline has passed."""
        now = self.clock.monotonic()
        for connection in [c for c in self.connections if c.deadline < now]:
            self.cut += 1
            connection.expire()


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken by another process: stop it, or choose another port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} on {host} may not be opened by this user: choose one above 1023"
    return f"cannot listen on {host}:{port}: {error.strerror or error}"


class Connection(asyncio.Protocol):
    """One client's connection. Parser callbacks collect a request; `_work` answers the queue in order."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_broken",
        "_ended",
        "_head_bytes",
        "_headers",
        "_in_body",
        "_listener",
        "_parser",
        "_paused",
        "_queue",
        "_transport",
        "_url",
        "_writable",
        "deadline",
        "task",
    )

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._queue: deque[Request | ApiError] = deque()
        self._writable: asyncio.Future[None] | None = None
        self._paused = False
        self._broken = False  # nothing more is read
        self._ended = False  # the client sends nothing more
        self.task: asyncio.Task[None] | None = None
        self.deadline = NEVER
        self._clear()

    def _clear(self) -> None:
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._head_bytes = 0
        self._in_body = False

    # --- transport ---------------------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        listener = self._listener
        self._transport = transport  # type: ignore[assignment]
        if len(listener.connections) >= limits.HTTP_CONNECTIONS or listener.stopping:
            listener.refused += 1
            transport.abort()  # type: ignore[attr-defined]
            return
        transport.set_write_buffer_limits(high=limits.HTTP_RESPONSE_BACKLOG_BYTES)  # type: ignore[attr-defined]
        listener.connections.add(self)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._listener.connections.discard(self)
        self._broken = True
        self._queue.clear()
        self.deadline = NEVER
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._broken:
            return
        if not self._in_body:
            if not self._head_bytes and self.task is None:
                self.deadline = self._listener.clock.monotonic() + limits.HTTP_HEADER_SECONDS
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(BadRequestError("Upgrades of the protocol are not supported"))
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, ApiError) else BadRequestError("The request is not valid HTTP/1.1"))
        except httptools.HttpParserError:
            self._refuse(BadRequestError("The request is not valid HTTP/1.1"))
        if not self._in_body and self._head_bytes > limits.HTTP_HEADER_BYTES:
            self._refuse(HeaderTooLargeError(f"Request line and headers exceed {limits.HTTP_HEADER_BYTES} bytes"))

    def eof_received(self) -> bool:
        self._ended = True
        return self.task is not None  # a half-closed client still gets its answers

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()
        self.deadline = self._listener.clock.monotonic() + limits.HTTP_SEND_SECONDS

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # --- parser callbacks --------------------------------------------------------------------------------------------
    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._in_body = True
        length = self._headers.get(b"content-length")
        if length is not None and int(length) > limits.HTTP_BODY_BYTES:
            raise BodyTooLargeError(f"The request body exceeds {limits.HTTP_BODY_BYTES} bytes")
        if self.task is None:
            self.deadline = self._listener.clock.monotonic() + limits.HTTP_BODY_SECONDS
        if self._headers.get(b"expect", b"").lower() == b"100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > limits.HTTP_BODY_BYTES:
            raise BodyTooLargeError(f"The request body exceeds {limits.HTTP_BODY_BYTES} bytes")
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._enqueue(self._request())
        self._clear()

    def _request(self) -> Request | ApiError:
        try:
            url = httptools.parse_url(self._url)
        except httptools.HttpParserInvalidURLError:
            return BadRequestError("The request line is not valid")
        peer = self._transport.get_extra_info("peername") if self._transport is not None else None
        return Request(
            self._parser.get_method().decode("latin-1"),
            (url.path or b"/").decode("utf-8", "replace"),
            (url.query or b"").decode("utf-8", "replace"),
            self._headers,
            b"".join(self._body),
            peer=str(peer[0]) if peer else "",
            keep_alive=self._parser.should_keep_alive(),
        )

    # --- answering ---------------------------------------------------------------------------------------------------
    def _enqueue(self, request: Request | ApiError) -> None:
        self._queue.append(request)
        if self.task is None:
            self.deadline = NEVER
            self.task = asyncio.create_task(self._work())
        elif len(self._queue) >= limits.HTTP_PIPELINED and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    async def _work(self) -> None:
        try:
            while self._queue:
                request = self._queue.popleft()
                if isinstance(request, ApiError):
                    self._send(_plain_error(request), keep_alive=False)
                    return
                keep_alive = request.keep_alive and not self._listener.stopping
                self._send(await self._answer(request), keep_alive)
                if not keep_alive:
                    return
                if self._ended and not self._queue and self._transport is not None:
                    self._close_when_sent()
                    return
                if self._writable is not None:
                    await self._writable
                    self.deadline = NEVER
                if self._paused and self._transport is not None and len(self._queue) < limits.HTTP_PIPELINED // 2:
                    self._paused = False
                    self._transport.resume_reading()
        finally:
            self.task = None
            self._await_request()

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._listener.handler(request)
        except Exception as error:
            log.error("request failed", path=request.path, exc_info=error)
            return _plain_error(InternalError("Internal error executing command"))

    def _send(self, response: Response, keep_alive: bool) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(response.encode(keep_alive))
        if not keep_alive:
            self._broken = True
            self._queue.clear()
            self._close_when_sent()

    def _close_when_sent(self) -> None:
        assert self._transport is not None
        self.deadline = self._listener.clock.monotonic() + limits.HTTP_SEND_SECONDS
        self._transport.close()

    def _await_request(self) -> None:
        if self._broken:
            return
        seconds = limits.HTTP_HEADER_SECONDS if self._head_bytes else limits.HTTP_IDLE_SECONDS
        self.deadline = self._listener.clock.monotonic() + seconds

    def _refuse(self, error: ApiError) -> None:
        """Answers what came before, then the error, and closes."""
        if self._broken:
            return
        self._broken = True
        self._queue.append(error)
        if self._transport is not None and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        if self.task is None:
            self.task = asyncio.create_task(self._work())

    # --- ending ------------------------------------------------------------------------------------------------------
    def expire(self) -> None:
        """The deadline has passed: tell a slow sender, cut everybody else."""
        begun = self._head_bytes or self._in_body
        if begun and self.task is None and not self._broken:
            self.deadline = self._listener.clock.monotonic() + limits.HTTP_SEND_SECONDS
            self._refuse(TooSlowError("The request was not sent in time"))
        else:
            self.abort()

    def finish(self) -> None:
        """Closes at once when idle; otherwise after the answer under way."""
        if self.task is None and self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Drops the connection with whatever is unsent."""
        if self._transport is not None:
            self._transport.abort()


def _plain_error(error: ApiError) -> Response:
    return Response(error.errorcode, error_answer(ERROR_RESPONSE, error))
