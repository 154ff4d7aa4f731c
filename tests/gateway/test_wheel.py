"""Deadlines in one-second slots: nothing early, nothing forgotten, nothing twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lakh.gateway.wheel import Wheel


class Entry:
    def __init__(self) -> None:
        self.due = -1


@given(st.lists(st.floats(0, 50), max_size=30), st.lists(st.floats(0, 5), min_size=1, max_size=30))
def test_everything_comes_up_once_within_a_second_and_never_early(times: list[float], steps: list[float]) -> None:
    wheel: Wheel[Entry] = Wheel(0.0)
    filed = {Entry(): at for at in times}
    for entry, at in filed.items():
        wheel.file(entry, at)
    now = 0.0
    waiting = dict(filed)
    for step in [*steps, 60.0]:
        now += step
        for entry in wheel.take(now):
            assert waiting.pop(entry) <= now
        assert all(at > now - 1 for at in waiting.values())
    assert not waiting


def test_an_entry_may_be_filed_again_and_dropped_while_others_come_up() -> None:
    wheel: Wheel[Entry] = Wheel(0.0)
    lives, leaves = Entry(), Entry()
    wheel.file(lives, 5)
    wheel.file(leaves, 7)
    seen = []
    for entry in wheel.take(6):
        seen.append(entry)
        wheel.file(entry, 5)  # already past: comes up with the next second, not at once for ever
        wheel.drop(leaves)
    assert seen == [lives, lives]
    assert list(wheel.take(7)) == [lives]
    assert list(wheel.take(100)) == []
    wheel.drop(leaves)
