"""The bus over unix sockets: MessagePack messages, each after its 4-byte length, many to one write.

A turn of the event loop gathers what it sends and writes once at its end, or as soon as BUS_BATCH_BYTES are gathered.
A read that brings many messages is handed out a few in a turn, so that whatever else the process serves gets its own.
What the peer does not take is kept up to BUS_BACKLOG_BYTES; above, the peer counts as lost, because a control process
that stops reading must not fill a gateway's memory. The same class serves both ends, over asyncio in a control process
and over the gateway's own loop: all it needs of either is a `Poller`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections import deque
from collections.abc import Callable
from struct import Struct
from typing import Any

import msgspec

from lakh.base import limits
from lakh.base.errors import LakhError
from lakh.bus.connection import Poller, ignore_loss, ignore_message

_LENGTH = Struct(">I")
_scratch = bytearray(256 * 1024)  # one per process: a read is parsed before the next one starts


class BusAddressError(LakhError):
    """The bus socket cannot be opened at this path; the text says why and what would be right."""


class AsyncioPoller:
    """The running asyncio (or uvloop) event loop as a `Poller`."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop if loop is not None else asyncio.get_running_loop()

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        self._loop.add_reader(fd, callback)

    def remove_reader(self, fd: int) -> None:
        self._loop.remove_reader(fd)

    def add_writer(self, fd: int, callback: Callable[[], None]) -> None:
        self._loop.add_writer(fd, callback)

    def remove_writer(self, fd: int) -> None:
        self._loop.remove_writer(fd)

    def soon(self, callback: Callable[[], None]) -> None:
        self._loop.call_soon(callback)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._loop.call_later(seconds, callback)


class Outbox:
    """Encoded messages on their way out: batches that are full, and the one being filled."""

    __slots__ = ("_encoder", "_filling", "_full", "_offset", "backlog_bytes")

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._full: deque[bytearray] = deque()
        self._filling = bytearray()
        self._offset = 0  # bytes of the oldest batch that are already written
        self.backlog_bytes = 0

    def put(self, message: msgspec.Struct) -> None:
        batch = self._filling
        start = len(batch)
        batch += b"\0\0\0\0"
        self._encoder.encode_into(message, batch, -1)
        _LENGTH.pack_into(batch, start, len(batch) - start - 4)
        self.backlog_bytes += len(batch) - start
        if len(batch) >= limits.BUS_BATCH_BYTES:
            self._full.append(batch)
            self._filling = bytearray()

    def write_to(self, sock: socket.socket) -> bool:
        """Writes what the socket takes; True when nothing is left. Raises OSError when the peer is gone."""
        if self._filling:
            self._full.append(self._filling)
            self._filling = bytearray()
        while self._full:
            batch = self._full[0]
            try:
                with memoryview(batch) as view, view[self._offset :] as rest:
                    sent = sock.send(rest)
            except BlockingIOError:
                return False
            self.backlog_bytes -= sent
            self._offset += sent
            if self._offset == len(batch):
                self._full.popleft()
                self._offset = 0
        return True


class Inbox:
    """Turns the peer's byte stream into messages of one union of types."""

    __slots__ = ("_decoder", "_partial")

    def __init__(self, types: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[msgspec.Struct] = msgspec.msgpack.Decoder(types)
        self._partial = bytearray()

    def feed(self, data: memoryview) -> list[msgspec.Struct]:
        """All messages completed by `data`.

        Raises msgspec.ValidationError or msgspec.DecodeError for what is no message of the union, or is too long.
        """
        partial = self._partial
        if not partial:
            messages, used = self._parse(data)
            partial += data[used:]
            return messages
        partial += data
        with memoryview(partial) as view:
            messages, used = self._parse(view)
        del partial[:used]
        return messages

    def _parse(self, view: memoryview) -> tuple[list[msgspec.Struct], int]:
        messages: list[msgspec.Struct] = []
        position, end = 0, len(view)
        while end - position >= 4:
            (length,) = _LENGTH.unpack_from(view, position)
            if length > limits.BUS_MESSAGE_BYTES:
                raise msgspec.DecodeError(f"bus message of {length} bytes")
            following = position + 4 + length
            if following > end:
                break
            messages.append(self._decoder.decode(view[position + 4 : following]))
            position = following
        return messages, position


class BusSocket:
    """One end of a bus connection over a connected unix socket; see `Connection`. `receives` is the union it reads."""

    def __init__(self, sock: socket.socket, poller: Poller, receives: Any) -> None:
        sock.setblocking(False)
        self.on_message: Callable[[msgspec.Struct], None] = ignore_message
        self.on_lost: Callable[[], None] = ignore_loss
        self._sock = sock
        self._poller = poller
        self._outbox = Outbox()
        self._inbox = Inbox(receives)
        self._kept: list[msgspec.Struct] = []  # read and not handed out yet; nothing is read meanwhile
        self._open = True
        self._flush_waits = False  # a flush is scheduled, or the socket is watched for room
        poller.add_reader(sock.fileno(), self._readable)

    @property
    def is_open(self) -> bool:
        return self._open

    @property
    def backlog_bytes(self) -> int:
        return self._outbox.backlog_bytes

    def send(self, message: msgspec.Struct) -> None:
        if not self._open:
            return
        self._outbox.put(message)
        backlog = self._outbox.backlog_bytes
        if backlog > limits.BUS_BACKLOG_BYTES:
            self._lose()
        elif not self._flush_waits:
            self._flush_waits = True
            self._poller.soon(self._flush)

    def flush(self) -> None:
        """Writes what was sent now, not at the end of the turn, as far as the peer takes it."""
        if self._open:
            try:
                self._outbox.write_to(self._sock)
            except OSError:
                self._lose()

    def take_all(self) -> None:
        """Hands out every message that has arrived, now."""
        while self._open:
            kept, self._kept = self._kept, []
            for message in kept:
                if self._open:
                    self.on_message(message)
            if self._open and not self._receive():
                return

    def close(self) -> None:
        if self._open:
            self.on_lost = ignore_loss
            try:
                self._outbox.write_to(self._sock)
            except OSError:
                pass  # the peer is gone: nothing to tell it
            self._lose()

    def _flush(self) -> None:
        if not self._open:
            return
        try:
            done = self._outbox.write_to(self._sock)
        except OSError:
            self._lose()
            return
        if done:
            self._flush_waits = False
        else:
            self._poller.add_writer(self._sock.fileno(), self._writable)

    def _writable(self) -> None:
        try:
            done = self._outbox.write_to(self._sock)
        except OSError:
            self._lose()
            return
        if done:
            self._poller.remove_writer(self._sock.fileno())
            self._flush_waits = False

    def _readable(self) -> None:
        if self._receive() and not self._hand_out(self._kept):
            self._poller.remove_reader(self._sock.fileno())
            self._poller.soon(self._go_on)

    def _receive(self) -> bool:
        """Reads once, behind what was kept; False when nothing was there, or the peer is lost."""
        try:
            count = self._sock.recv_into(_scratch)
        except BlockingIOError:
            return False
        except OSError:
            count = 0
        if not count:
            self._lose()
            return False
        try:
            with memoryview(_scratch) as view:
                self._kept += self._inbox.feed(view[:count])
        except msgspec.MsgspecError:  # a peer of another make: whatever follows cannot be trusted either
            self._lose()
            return False
        return True

    def _go_on(self) -> None:
        if not self._open:
            return
        if not self._hand_out(self._kept):
            self._poller.soon(self._go_on)
        elif self._open:
            self._poller.add_reader(self._sock.fileno(), self._readable)

    def _hand_out(self, messages: list[msgspec.Struct]) -> bool:
        """Tells of the first messages and keeps the rest; True when there is none."""
        self._kept = messages[limits.BUS_MESSAGES_A_TURN :]
        for message in messages[: limits.BUS_MESSAGES_A_TURN]:
            if not self._open:
                return True
            self.on_message(message)
        return not self._kept

    def _lose(self) -> None:
        if not self._open:
            return
        self._open = False
        fd = self._sock.fileno()
        self._poller.remove_reader(fd)
        self._poller.remove_writer(fd)
        self._sock.close()
        self._poller.soon(self._tell_loss)

    def _tell_loss(self) -> None:
        self.on_lost()


class BusListener:
    """Takes bus connections at a unix socket path that only the owner may open."""

    def __init__(self, path: str, poller: Poller, receives: Any, on_connection: Callable[[BusSocket], None]) -> None:
        self._path = path
        self._poller = poller
        self._receives = receives
        self._on_connection = on_connection
        self._sock = _listening_socket(path)
        poller.add_reader(self._sock.fileno(), self._acceptable)

    def close(self) -> None:
        """Takes no more connections; those taken live on."""
        self._poller.remove_reader(self._sock.fileno())
        self._sock.close()
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            pass

    def _acceptable(self) -> None:
        try:
            sock, _address = self._sock.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self._on_connection(BusSocket(sock, self._poller, self._receives))


class BusDialer:
    """Keeps one bus connection to a listener's path: dials, and dials again after each loss until `close`."""

    def __init__(self, path: str, poller: Poller, receives: Any, on_connection: Callable[[BusSocket], None]) -> None:
        """`on_connection` gets each new connection and sets its `on_message`; its `on_lost` stays the dialer's."""
        self.on_lost: Callable[[], None] = ignore_loss
        self._path = path
        self._poller = poller
        self._receives = receives
        self._on_connection = on_connection
        self._connection: BusSocket | None = None
        self._closed = False

    def dial(self) -> None:
        """Connects, or tries again every BUS_RETRY_SECONDS until there is someone to connect to."""
        if self._closed:
            return
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.connect(self._path)
        except OSError:  # nobody there yet, or its backlog is full
            sock.close()
            self._poller.later(limits.BUS_RETRY_SECONDS, self.dial)
            return
        self._connection = BusSocket(sock, self._poller, self._receives)
        self._connection.on_lost = self._lost
        self._on_connection(self._connection)

    def close(self) -> None:
        self._closed = True
        if self._connection is not None:
            self._connection.close()

    def _lost(self) -> None:
        self._connection = None
        self.on_lost()
        self._poller.later(limits.BUS_RETRY_SECONDS, self.dial)


def _listening_socket(path: str) -> socket.socket:
    """A listening socket at `path`, over a dead one's remains. Raises BusAddressError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        _clear_remains(path)
        sock.bind(path)
        os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)
        sock.listen(limits.BUS_PEERS)
    except OSError as error:
        sock.close()
        raise BusAddressError(
            f"bus socket {path}: {error.strerror or error}; give a path in a writable folder"
        ) from error
    except BusAddressError:
        sock.close()
        raise
    return sock


def _clear_remains(path: str) -> None:
    """Removes the socket of a process that died; raises BusAddressError when it is in use or is something else."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise BusAddressError(f"bus socket {path}: a file of another kind is there; give a path that is free")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            os.unlink(path)
            return
    raise BusAddressError(f"bus socket {path}: another server listens there; stop it or give another path")
