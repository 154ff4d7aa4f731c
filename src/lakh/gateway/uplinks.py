"""The bus connections to control processes. There may be several; one of them owns liveness.

All of them may call any host and hear which hosts are held and lost. Startups, pings and agents' own requests go to the
owner only. A connection that is lost comes back by its dialer; what could not be said meanwhile is said again from the
sessions' own state, so nothing is queued for an absent control process.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from lakh.bus.connection import Connection
from lakh.bus.messages import GatewaySettings
from lakh.gateway.calls import HostCall


class Uplink:
    """One control process that is connected now. Until its settings have come nothing but the hello goes to it."""

    __slots__ = ("calls", "connection", "settings")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.settings: GatewaySettings | None = None
        self.calls: dict[int, HostCall] = {}


class Uplinks:
    """All of a gateway's connections to control processes."""

    def __init__(self, on_message: Callable[[Uplink, msgspec.Struct], None], on_lost: Callable[[Uplink], None]) -> None:
        self._on_message = on_message
        self._on_lost = on_lost
        self._open: list[Uplink] = []

    def add(self, connection: Connection, hello: msgspec.Struct) -> None:
        """Takes a new connection and introduces the gateway. Its `on_lost`, if set, is called after ours."""
        uplink = Uplink(connection)
        self._open.append(uplink)
        after = connection.on_lost

        def lost() -> None:
            self._open.remove(uplink)
            self._on_lost(uplink)
            after()

        connection.on_message = lambda message: self._on_message(uplink, message)
        connection.on_lost = lost
        connection.send(hello)

    def owner(self) -> Uplink | None:
        """The control process that owns liveness, if one is there."""
        for uplink in self._open:
            if uplink.settings is not None and uplink.settings.owns_liveness:
                return uplink
        return None

    def claimed(self, uplink: Uplink) -> None:
        """A control process says that it owns liveness: nobody else does any more, whatever it said before."""
        for other in self._open:
            if other is not uplink and other.settings is not None and other.settings.owns_liveness:
                other.settings = msgspec.structs.replace(other.settings, owns_liveness=False)

    @property
    def several(self) -> bool:
        return len(self._open) > 1

    def tell_all(self, message: msgspec.Struct, *, but: Uplink | None = None) -> None:
        for uplink in self._open:
            if uplink is not but:
                uplink.connection.send(message)
