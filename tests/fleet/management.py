"""A management server in a few lines: TLS, Startup, the connect sequence, pings, and calls that a test makes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from lakh.wire import certificates
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import Frame, decode_frame, server_request, server_response
from lakh.wire.message import API, Message
from lakh.wire.payload import encode_payload
from lakh.wire.startup import startup_answer
from lakh.wire.tls import CertificateFiles, TlsLink, TlsSide

SERVER_ID = 345051122106


def certificate_files(folder: Path) -> CertificateFiles:
    """The authority's own certificate, as CloudStack presents it."""
    now = datetime.now(UTC)
    authority = certificates.new_authority(certificates.new_p256_key(), now=now, validity=timedelta(days=1))
    files = CertificateFiles(folder / "server.crt", folder / "server.key")
    files.certificate.write_bytes(authority.certificate_pem())
    files.key.write_bytes(authority.key_pem())
    return files


class Seat(asyncio.Protocol):
    """One agent's connection."""

    def __init__(self, server: ManagementServer) -> None:
        self.server = server
        self.link = TlsLink(server.side)
        self.transport: asyncio.Transport
        self.name = ""
        self.startup: Message | None = None
        self.startups = 0
        self.host_id = -1
        self.peer = ""
        self.sequence = 1 << 48
        self.waiting: dict[int, asyncio.Future[Frame]] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.peer = transport.get_extra_info("peername")[0]

    def data_received(self, data: bytes) -> None:
        try:
            for message in self.link.receive(data):
                self.hear(decode_frame(message))
        except ProtocolError as error:
            self.server.broken.append(str(error))
            self.transport.abort()
            return
        self.transport.write(self.link.outgoing())

    def connection_lost(self, error: Exception | None) -> None:
        if self.server.seats.get(self.name) is self:
            del self.server.seats[self.name]
        for future in self.waiting.values():
            if not future.done():
                future.cancel()
        self.server.changed()

    def hear(self, frame: Frame) -> None:
        header, messages = frame.header, frame.messages()
        if not header.is_request:
            future = self.waiting.get(header.sequence)
            if future is not None and not future.done():
                future.set_result(frame)
            else:
                self.server.late.append(frame)
            return
        first = messages[0]
        if first.name.startswith("Startup"):
            self.sit_down(frame, first)
        elif first.name.startswith("Ping"):
            body = {"_command": first.body, "sendStartup": self.server.take_startup_wish(self.name)}
            answer = Message(API + "PingAnswer", {**body, "avoidMsList": [], "reconcileCommands": [], "result": True})
            self.server.pings.append((self.name, first))
            self.send(server_response(header, encode_payload([answer]), management_server_id=SERVER_ID, via=1))
        elif first.name == "ShutdownCommand":
            self.server.farewells.append((self.name, frame))
        self.server.changed()

    def sit_down(self, frame: Frame, startup: Message) -> None:
        self.startups += 1
        self.startup = startup
        self.name = startup.body["name"]
        answer = startup_answer(self.server.ping_seconds)
        self.send(server_response(frame.header, answer, management_server_id=SERVER_ID, via=-1))
        self.host_id = self.server.id_of(startup.body["guid"])
        self.server.seats[self.name] = self
        task = asyncio.get_running_loop().create_task(self.connect())
        self.tasks.add(task)

    async def connect(self) -> None:
        try:
            if self.server.refusal:
                ready = Message(API + "ReadyCommand", {"_details": self.server.refusal, "contextMap": {}})
                self.send(
                    server_request(
                        encode_payload([ready]), sequence=-1, management_server_id=-1, host_id=-1, in_sequence=True
                    )
                )
                return
            for command in self.server.connect_commands(self):
                await self.call([command])
            for _ in range(2):
                await self.call([ready_command(self)])
        except asyncio.CancelledError:
            return
        self.server.ready.add(self.name)
        self.server.changed()

    async def call(self, commands: list[Message], *, stop_on_error: bool = True) -> list[Message]:
        frame = await self.call_frame(commands, stop_on_error=stop_on_error)
        return frame.messages()

    async def call_frame(self, commands: list[Message], *, stop_on_error: bool = True) -> Frame:
        self.sequence += 1
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self.waiting[self.sequence] = future
        self.send(
            server_request(
                encode_payload(commands),
                sequence=self.sequence,
                management_server_id=SERVER_ID,
                host_id=self.host_id,
                in_sequence=False,
                stop_on_error=stop_on_error,
            )
        )
        async with asyncio.timeout(20):
            frame = await future
        del self.waiting[frame.header.sequence]
        return frame

    def send(self, message: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(self.link.send(message))


def ready_command(seat: Seat) -> Message:
    body = {"hostId": seat.host_id, "hostUuid": f"uuid-{seat.host_id}", "hostName": seat.name, "dcId": 1}
    return Message(API + "ReadyCommand", {**body, "contextMap": {}, "wait": 60})


class ManagementServer:
    """Listens on loopback. `seats` holds the connected agents by name, `ready` those that went through."""

    def __init__(self, folder: Path) -> None:
        self.side = TlsSide.server([certificate_files(folder)])
        self.seats: dict[str, Seat] = {}
        self.ready: set[str] = set()
        self.pings: list[tuple[str, Message]] = []
        self.farewells: list[tuple[str, Frame]] = []
        self.late: list[Frame] = []
        self.broken: list[str] = []
        self.pools: list[dict[str, Any]] = []
        self.ping_seconds = 60
        self.refusal = ""
        self.port = 0
        self._ids: dict[str, int] = {}
        self._startup_wishes: set[str] = set()
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Seat(self), host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Dies as by kill -9: the listener and every connection are gone."""
        assert self._server is not None
        self._server.close()
        for seat in list(self.seats.values()):
            seat.transport.abort()
        self.seats.clear()
        self.ready.clear()

    def id_of(self, guid: str) -> int:
        return self._ids.setdefault(guid, len(self._ids) + 1)

    def wish_startup(self, name: str) -> None:
        self._startup_wishes.add(name)

    def take_startup_wish(self, name: str) -> bool:
        if name in self._startup_wishes:
            self._startup_wishes.remove(name)
            return True
        return False

    def connect_commands(self, seat: Seat) -> list[Message]:
        assert seat.startup is not None
        if seat.startup.name != "StartupRoutingCommand":
            return []
        pools = [
            Message(API + "ModifyStoragePoolCommand", {"add": True, "pool": pool, "localPath": f"/mnt//{pool['uuid']}"})
            for pool in self.pools
        ]
        return [Message(API + "CheckNetworkCommand", {"networkInfoList": []}), *pools]

    def changed(self) -> None:
        self._changed.set()

    async def until(self, condition: Any, seconds: float = 20.0) -> None:
        """Waits for events until the condition holds."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()
