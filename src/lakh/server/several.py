"""What joins the control processes of one server: who is alive, what each commits, who is logged in, how each fares.

`docs/design/0006-several-controls.md` tells why it is like this. The order at a start matters: first the others are
joined, so that nothing they commit is missed; then this process gets its epoch and its row; only then it reads.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import msgspec

from lakh.base import limits
from lakh.base.log import logger
from lakh.bus.peers import SocketPeers
from lakh.jobs.membership import Membership
from lakh.resources.certificate.known import HostCertificates
from lakh.resources.configuration.values import Settings
from lakh.resources.host.following import HostFollower
from lakh.server.control_figures import ControlFigures
from lakh.store.others import decoded, encoded
from lakh.store.postgresql import PostgresqlStore
from lakh.store.statement import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakh.bus.gateways import Gateways
    from lakh.healing.reconciler import Healing
    from lakh.http.sessions import Sessions
    from lakh.jobs.cloud import Cloud
    from lakh.server.config import Configuration
    from lakh.store.store import Store

log = logger(__name__)

COMMITTED = "committed"
SESSIONS, SESSIONS_ASKED = "sessions", "sessions asked"
FENCED = 3
"""Exit code of a process that others declared Down."""


class Several:
    """This control process among those of its server."""

    def __init__(self, config: Configuration, store: Store, number: int, *, first: bool) -> None:
        if not isinstance(store, PostgresqlStore):
            raise TypeError("several control processes need PostgreSQL")  # the configuration refuses it before
        self._store = store
        self.first = first
        self.number = number
        self.peers = SocketPeers(number, range(1, config.controls + 1), config.peer_path_of)
        self.peers.settle = store.settled
        self.peers.on_missed = self._missed
        self.peers.hear(COMMITTED, self._heard)
        store.listeners.tell_others(self._tell)
        self._settings_read: asyncio.Task[None] | None = None
        self._cloud: Cloud | None = None

    async def join(self) -> None:
        """Waits for the others; none of them is there yet when this is the first process of its server."""
        await self.peers.joined(0.0 if self.first else limits.PEER_JOIN_SECONDS)

    async def begin(self, cloud: Cloud) -> None:
        """Enters this process among the living. Its memory follows the others from here on."""
        self._cloud = cloud
        self.membership = Membership(cloud, self.number)
        self.membership.on_fenced = lambda: os._exit(FENCED)
        self.figures = ControlFigures(cloud)
        self.peers.on_away = self._away
        await self.membership.begin(first=self.first)
        self.membership.start()
        cloud.part(HostFollower)
        cloud.store.follow_others("configuration", self._configured)

    def serve(self, gateways: Gateways, healing: Healing) -> None:
        """From now on jobs of the dead are taken over, and this process leads when it is its turn."""
        gateways.before_call = self.membership.lease
        self.membership.on_lead = lambda: self._lead(healing)
        self.membership.serve()
        self._telling = asyncio.create_task(self.figures.run(), name="figures for others")

    def share(self, sessions: Sessions) -> None:
        """Logs people in and out everywhere, and asks who is logged in already."""
        sessions.on_change = lambda change: self.peers.tell(SESSIONS, change)
        self.peers.hear(SESSIONS, lambda _number, change: sessions.follow(change))
        self.peers.hear(SESSIONS_ASKED, lambda _number, _body: sessions.tell_all())
        self.peers.tell(SESSIONS_ASKED, b"")

    async def caught_up(self) -> None:
        """Returns once this process knows what others had told before the call."""
        self.peers.catch_up()
        if self._settings_read is not None:
            await asyncio.shield(self._settings_read)

    def stop(self) -> None:
        self._telling.cancel()
        self.membership.stop()

    def close(self) -> None:
        self.peers.close()

    def _away(self, number: int) -> None:
        self.figures.forget(number)
        self.membership.look()

    def _lead(self, healing: Healing) -> None:
        assert self._cloud is not None
        known = self._cloud.part(HostCertificates)
        known.on_rules()  # gateways bring what hosts say here from now on
        self._task = asyncio.create_task(known.reload(), name="certificates of hosts")
        healing.signal_all()

    # --- commits -----------------------------------------------------------------------------------------------------
    def _tell(self, steps: Sequence[Step]) -> None:
        self.peers.tell(COMMITTED, encoded(steps, self._store.listeners.wanted))

    def _heard(self, _number: int, body: bytes) -> None:
        try:
            steps = decoded(body)
        except msgspec.MsgspecError:
            log.error("a peer's commit was not understood; memory is read anew")
            self._missed()
            return
        self._store.listeners.heard(steps)

    def _missed(self) -> None:
        log.info("what others committed may have been missed; memory is read anew")
        self._store.listeners.missed()

    def _configured(self, _steps: Sequence[Step]) -> None:
        assert self._cloud is not None
        self._settings_read = asyncio.create_task(self._read_settings(self._cloud), name="settings of others")

    async def _read_settings(self, cloud: Cloud) -> None:
        await cloud.part(Settings).refresh()
        cloud.part(HostCertificates).follow_settings()
