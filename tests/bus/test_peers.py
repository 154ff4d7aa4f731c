"""Control processes that talk to each other: in order, at once, and with losses that are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lakh.base import limits
from lakh.bus.peers import SocketPeers

PATIENCE_SECONDS = 10.0


class Process:
    """One of three processes, and what it heard."""

    def __init__(self, folder: Path, number: int) -> None:
        self.peers = SocketPeers(number, (1, 2, 3), lambda n: str(folder / f"control-{n}.sock"))
        self.heard: list[tuple[int, bytes]] = []
        self.happened = asyncio.Queue[str]()
        self.peers.hear("word", lambda sender, body: self.heard.append((sender, body)))
        self.peers.on_missed = lambda: self.happened.put_nowait("missed")
        self.peers.on_away = lambda number: self.happened.put_nowait(f"{number} away")

    async def next(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.happened.get()


Start = Callable[[int], Process]


@pytest.fixture
async def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    monkeypatch.setattr(limits, "PEER_LOST_SECONDS", 0.0)
    monkeypatch.setattr(limits, "BUS_RETRY_SECONDS", 0.01)
    running: list[Process] = []

    def begin(number: int) -> Process:
        running.append(Process(tmp_path, number))
        return running[-1]

    yield begin
    for process in running:
        process.peers.close()


async def _three(start: Start) -> list[Process]:
    three = [start(number) for number in (1, 2, 3)]
    await asyncio.gather(*(process.peers.joined(PATIENCE_SECONDS) for process in three))
    return three


async def test_a_word_is_there_for_whoever_looks_after_it_was_said(start: Start) -> None:
    one, two, three = await _three(start)
    for number in range(100):
        one.peers.tell("word", b"%d" % number)
        three.peers.tell("word", b"x%d" % number)
    assert two.heard == [], "nobody has looked"
    two.peers.catch_up()
    assert [body for sender, body in two.heard if sender == 1] == [b"%d" % number for number in range(100)]
    assert [body for sender, body in two.heard if sender == 3] == [b"x%d" % number for number in range(100)]
    assert two.happened.empty(), "those that joined before they began have missed nothing"


async def test_a_barrier_waits_for_what_others_are_committing(start: Start) -> None:
    one, two, three = await _three(start)
    committed = asyncio.Event()

    async def settle() -> None:
        await committed.wait()
        two.peers.tell("word", b"committed")

    two.peers.settle = settle
    barrier = asyncio.create_task(one.peers.barrier())
    one.peers.tell("word", b"to everybody")
    three.peers.catch_up()
    assert three.heard == [(1, b"to everybody")]
    assert not barrier.done()
    committed.set()
    await barrier
    assert one.heard == [(2, b"committed")]


async def test_the_loss_of_a_peer_is_told_and_so_is_what_may_be_missing(start: Start) -> None:
    one, two, three = await _three(start)
    three.peers.close()
    assert await one.next() == "3 away"
    assert await one.next() == "missed"
    assert await two.next() == "3 away"
    assert await two.next() == "missed"
    assert one.peers.numbers == [2]

    again = start(3)
    await again.peers.joined(PATIENCE_SECONDS)
    one.peers.tell("word", b"welcome")
    again.peers.catch_up()
    assert again.heard == [(1, b"welcome")]
    assert one.happened.empty()
    assert again.happened.empty(), "it joined before it began: nothing of it can be missing"


async def test_whoever_begins_before_it_has_joined_has_missed_something(start: Start) -> None:
    one = start(1)
    await one.peers.joined(0.0)
    two = start(2)
    await two.peers.joined(0.0)
    three = start(3)
    await three.peers.joined(PATIENCE_SECONDS)
    assert await two.next() == "missed", "it began before the first one could tell it anything"
    assert one.happened.empty(), "what the second one did was told from the first moment on"
    assert three.happened.empty()
