"""Gateways are restarted one after another, told with processes that are only counted."""

from __future__ import annotations

import signal
import subprocess
from typing import cast

from lakh.base import limits
from lakh.server.child import Child
from lakh.server.rolling import Rolling


class Process:
    """One start of a child: ends when told to."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: int | None = None
        self.signals: list[int] = []

    def poll(self) -> int | None:
        return self.code

    def send_signal(self, number: int) -> None:
        self.signals.append(number)


class Story:
    """Three gateways under a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pids = 0
        self.rolling = Rolling()
        self.gateways = [Child(f"gateway {number}", self._start) for number in (1, 2, 3)]
        self.go_on()

    def _start(self) -> subprocess.Popen[bytes]:
        self.pids += 1
        return cast("subprocess.Popen[bytes]", Process(self.pids))

    def process(self, number: int) -> Process:
        return cast(Process, self.gateways[number - 1].process)

    def go_on(self, seconds: float = 0.0) -> None:
        self.now += seconds
        for gateway in self.gateways:
            gateway.watch(self.now)
        self.rolling.go_on(self.now)

    def told(self) -> list[int]:
        """Gateways that have a signal, by number."""
        return [number for number in (1, 2, 3) if self.gateways[number - 1].process and self.process(number).signals]

    def ends(self, number: int) -> None:
        """The process ends in order, and its successor starts at once."""
        self.process(number).code = 0
        self.go_on()
        self.go_on()

    def listens(self, number: int) -> None:
        self.rolling.listens(self.gateways[number - 1], self.now)


def test_the_next_one_waits_until_the_last_one_listens_and_agents_are_back() -> None:
    story = Story()
    story.rolling.begin(story.gateways)
    story.go_on()
    assert story.told() == [1]
    assert story.process(1).signals == [signal.SIGHUP]
    story.go_on(30)
    assert story.told() == [1]
    story.ends(1)
    assert (story.process(1).pid, story.told()) == (4, [])
    story.go_on(5)
    assert story.told() == []  # it does not listen yet
    story.listens(1)
    story.go_on(limits.GATEWAY_RESTART_PAUSE_SECONDS - 1)
    assert story.told() == []
    story.go_on(1)
    assert story.told() == [2]
    for number in (2, 3):
        story.ends(number)
        story.listens(number)
        story.go_on(limits.GATEWAY_RESTART_PAUSE_SECONDS)
    assert [story.process(number).pid for number in (1, 2, 3)] == [4, 5, 6]
    assert not story.rolling.is_under_way


def test_a_gateway_that_does_not_end_is_killed() -> None:
    story = Story()
    story.rolling.begin(story.gateways)
    story.go_on()
    story.go_on(limits.GATEWAY_RESTART_SECONDS + 1)
    story.go_on(1)
    assert story.process(1).signals == [signal.SIGHUP, signal.SIGKILL]
    story.ends(1)
    story.listens(1)
    story.go_on(limits.GATEWAY_RESTART_PAUSE_SECONDS)
    assert story.told() == [2]


def test_where_a_new_one_does_not_come_up_the_others_are_left_alone() -> None:
    story = Story()
    story.rolling.begin(story.gateways)
    story.go_on()
    story.ends(1)
    story.go_on(limits.GATEWAY_RESTART_SECONDS + limits.GATEWAY_LISTEN_SECONDS + 1)
    story.go_on(100)
    assert (story.told(), story.rolling.is_under_way) == ([], False)


def test_asking_twice_restarts_each_once() -> None:
    story = Story()
    story.rolling.begin(story.gateways)
    story.go_on()
    story.rolling.begin(story.gateways)
    for number in (1, 2, 3):
        story.ends(number)
        story.listens(number)
        story.go_on(limits.GATEWAY_RESTART_PAUSE_SECONDS)
    assert [story.process(number).pid for number in (1, 2, 3)] == [4, 5, 6]
    assert not story.rolling.is_under_way


def test_one_that_died_by_itself_is_told_nothing() -> None:
    story = Story()
    story.process(1).code = -9
    for gateway in story.gateways[:1]:
        gateway.watch(story.now)
    story.rolling.begin(story.gateways)
    story.rolling.go_on(story.now)
    story.rolling.go_on(story.now)
    assert story.told() == [2]


def test_the_next_one_waits_for_agents_that_come_back_slowly() -> None:
    story = Story()
    story.rolling.connected(100_000)
    story.rolling.begin(story.gateways)
    story.go_on()
    story.rolling.connected(87_500)
    story.ends(1)
    story.listens(1)
    for back in (90_000, 95_000, 99_000):
        story.rolling.connected(back)
        story.go_on(limits.GATEWAY_RESTART_PAUSE_SECONDS)
        assert story.told() == []
    story.rolling.connected(99_600)
    story.go_on(1)
    assert story.told() == [2]


def test_agents_that_never_come_back_are_waited_for_within_a_bound() -> None:
    story = Story()
    story.rolling.connected(1000)
    story.rolling.begin(story.gateways)
    story.go_on()
    story.rolling.connected(500)
    story.ends(1)
    story.listens(1)
    story.go_on(limits.GATEWAY_RETURN_SECONDS - 1)
    assert story.told() == []
    story.go_on(1)
    assert story.told() == [2]
