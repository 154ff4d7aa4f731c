"""What control processes say to each other: words on topics, from each to all the others, in order, or known as lost.

`Peers` is all that anything above knows of it. `Alone` is what a single control process has: nobody hears.
`SocketPeers` joins the control processes of one machine by unix sockets, each pair by one. Servers on several machines
will have another implementation; its users stay as they are.

*Order and loss.* A word is written to every peer's socket before `tell` returns. So whoever learns of something here
afterwards, as a client does by an answer, and then asks a peer, finds the word already in that peer's socket: the peer
takes it first (`catch_up`), and answers as if it had done the thing itself. What a peer does not take stays queued up
to BUS_BACKLOG_BYTES; above, it is cut off. When a peer is lost, or comes back after it was cut off, nobody can say
what it had no time to tell, and `on_missed` says so: remember nothing of what it may have changed.

*A peer that starts* has neither read nor written anything before it has joined the others (`joined`), so nobody has
missed anything of it, nor it of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Protocol

import msgspec

from lakh.base import limits
from lakh.base.log import logger
from lakh.bus.connection import ignore_loss
from lakh.bus.socket import AsyncioPoller, BusDialer, BusListener, BusSocket

_log = logger(__name__)

Hearer = Callable[[int, bytes], None]
"""Takes the number of the peer that speaks, and what it says."""


class Peers(Protocol):
    """The other control processes."""

    on_missed: Callable[[], None]
    """Called when words of peers may have been lost."""
    on_away: Callable[[int], None]
    """Called with the number of a peer that is gone."""

    def tell(self, topic: str, body: bytes) -> None:
        """Says a word to all peers that are there. Never blocks, never raises."""
        ...

    def hear(self, topic: str, hearer: Hearer) -> None:
        """Has `hearer` called with each word on the topic from now on; one per topic."""
        ...

    def catch_up(self) -> None:
        """Takes the words that have arrived and were not taken yet."""
        ...

    async def barrier(self) -> None:
        """Returns once all peers have told what they committed before this call, or after PEER_BARRIER_SECONDS."""
        ...


class Alone:
    """No peers."""

    def __init__(self) -> None:
        self.on_missed: Callable[[], None] = ignore_loss
        self.on_away: Callable[[int], None] = lambda _number: None

    def tell(self, topic: str, body: bytes) -> None:
        pass

    def hear(self, topic: str, hearer: Hearer) -> None:
        pass

    def catch_up(self) -> None:
        pass

    async def barrier(self) -> None:
        pass


class _Word(msgspec.Struct, array_like=True, tag=True):
    topic: str
    body: bytes


class _Hello(msgspec.Struct, array_like=True, tag=True):
    """The first word on a connection. `fresh`: has neither read nor written anything yet."""

    number: int
    fresh: bool


class _Ask(msgspec.Struct, array_like=True, tag=True):
    """Answer it once everything committed before is told."""

    question: int


class _Answer(msgspec.Struct, array_like=True, tag=True):
    question: int


_Said = _Word | _Hello | _Ask | _Answer


class _Peer:
    """One connection. `number` is -1 until its hello."""

    __slots__ = ("connection", "number", "questions")

    def __init__(self, connection: BusSocket) -> None:
        self.connection = connection
        self.number = -1
        self.questions: dict[int, asyncio.Future[None]] = {}


class SocketPeers:
    """Peers on this machine. Process `number` listens at `path_of(number)` and dials all lower ones of `numbers`."""

    def __init__(self, number: int, numbers: Iterable[int], path_of: Callable[[int], str]) -> None:
        """`settle`, to be set, returns once what is being committed now has been told."""
        self.on_missed: Callable[[], None] = ignore_loss
        self.on_away: Callable[[int], None] = lambda _number: None
        self.settle: Callable[[], Awaitable[None]] = _settled
        self._number = number
        self._others = frozenset(numbers) - {number}
        self._hearers: dict[str, Hearer] = {}
        self._peers: list[_Peer] = []
        self._arrival = asyncio.Event()
        self._begun = False
        self._closed = False
        self._last_question = 0
        self._tasks: set[asyncio.Task[None]] = set()
        poller = AsyncioPoller()
        self._listener = BusListener(path_of(number), poller, _Said, self._take)
        self._dialers = [BusDialer(path_of(n), poller, _Said, self._dialled) for n in self._others if n < number]
        for dialer in self._dialers:
            dialer.dial()

    def hear(self, topic: str, hearer: Hearer) -> None:
        self._hearers[topic] = hearer

    @property
    def numbers(self) -> list[int]:
        """The peers that are there."""
        return sorted(peer.number for peer in self._peers if peer.number >= 0)

    async def joined(self, seconds: float) -> None:
        """Waits until all peers are there, at most so long; from then on this process reads and writes."""
        try:
            async with asyncio.timeout(seconds):
                while not self._others <= set(self.numbers):
                    self._arrival.clear()
                    await self._arrival.wait()
        except TimeoutError:
            _log.warning("begins without some peers", there=self.numbers, wanted=sorted(self._others))
        self._begun = True

    def tell(self, topic: str, body: bytes) -> None:
        word = _Word(topic, body)
        for peer in self._peers:
            peer.connection.send(word)
            peer.connection.flush()

    def catch_up(self) -> None:
        for peer in list(self._peers):
            peer.connection.take_all()

    async def barrier(self) -> None:
        asked: list[asyncio.Future[None]] = []
        self._last_question += 1
        number = self._last_question
        for peer in self._peers:
            asked.append(peer.questions.setdefault(number, asyncio.get_running_loop().create_future()))
            peer.connection.send(_Ask(number))
        if not asked:
            return
        _, late = await asyncio.wait(asked, timeout=limits.PEER_BARRIER_SECONDS)
        if late:
            _log.warning("peers are late", count=len(late))
            for peer in self._peers:
                peer.questions.pop(number, None)

    def close(self) -> None:
        """Leaves the others; they are told by the end of the connections."""
        if self._closed:
            return
        self._closed = True
        self._listener.close()
        for dialer in self._dialers:
            dialer.close()
        for peer in self._peers:
            peer.connection.close()
        self._peers.clear()

    # --- one peer ----------------------------------------------------------------------------------------------------
    def _dialled(self, connection: BusSocket) -> None:
        self._take(connection)

    def _take(self, connection: BusSocket) -> None:
        peer = _Peer(connection)
        after = connection.on_lost

        def lost() -> None:
            self._lost(peer)
            after()

        connection.on_message = partial(self._receive, peer)
        connection.on_lost = lost
        self._peers.append(peer)
        connection.send(_Hello(self._number, not self._begun))

    def _receive(self, peer: _Peer, said: msgspec.Struct) -> None:
        match said:
            case _Word():
                hearer = self._hearers.get(said.topic)
                if hearer is not None:
                    try:
                        hearer(peer.number, said.body)
                    except Exception:
                        _log.exception("a peer's word was not understood", topic=said.topic)
            case _Ask():
                task = asyncio.create_task(self._answer(peer, said.question))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case _Answer():
                asked = peer.questions.pop(said.question, None)
                if asked is not None and not asked.done():
                    asked.set_result(None)
            case _Hello():
                self._hello(peer, said)

    def _hello(self, peer: _Peer, hello: _Hello) -> None:
        for other in [known for known in self._peers if known is not peer and known.number == hello.number]:
            other.connection.close()  # its old connection, of which nobody knows yet that it is dead
            self._lost(other)
        peer.number = hello.number
        _log.info("peer joined", peer=hello.number, fresh=hello.fresh)
        self._arrival.set()
        if self._begun and not hello.fresh:
            self.on_missed()

    async def _answer(self, peer: _Peer, question: int) -> None:
        await self.settle()
        peer.connection.send(_Answer(question))
        peer.connection.flush()

    def _lost(self, peer: _Peer) -> None:
        if peer not in self._peers:
            return
        self._peers.remove(peer)
        for asked in peer.questions.values():
            if not asked.done():
                asked.set_result(None)
        if peer.number >= 0:
            _log.warning("peer lost", peer=peer.number)
            self.on_away(peer.number)
            # What it committed last and had no time to tell lands within moments.
            asyncio.get_running_loop().call_later(limits.PEER_LOST_SECONDS, self._missed)

    def _missed(self) -> None:
        self.on_missed()


async def _settled() -> None:
    """Nothing is being committed."""
