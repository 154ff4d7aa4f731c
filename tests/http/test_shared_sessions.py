"""Log-ins that several control processes share: each tells the others."""

from __future__ import annotations

from lakh.http.sessions import IDLE_SECONDS, TOLD_SECONDS, Sessions


class Watch:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 5000.0

    def monotonic(self) -> float:
        return self.now


def _two(watch: Watch) -> tuple[Sessions, Sessions, list[bytes]]:
    """Two processes' sessions, and what the first told the second."""
    first, second = Sessions(watch), Sessions(watch)  # type: ignore[arg-type]
    told: list[bytes] = []

    def tell(change: bytes) -> None:
        told.append(change)
        second.follow(change)

    first.on_change, second.on_change = tell, first.follow
    return first, second, told


def test_who_logs_in_at_one_is_known_at_the_other_and_so_is_who_leaves() -> None:
    first, second, _ = _two(Watch())
    made = first.open(7)
    there = second.checked(made.id, made.key, made.key)
    assert there is not None
    assert there.user_id == 7
    assert second.close(made.id)
    assert first.find(made.id) is None


def test_use_at_one_keeps_it_alive_at_the_other() -> None:
    watch = Watch()
    first, second, told = _two(watch)
    made = first.open(7)
    for _ in range(int(IDLE_SECONDS / TOLD_SECONDS) + 5):
        watch.now += TOLD_SECONDS + 1
        assert first.find(made.id) is not None
        assert first.find(made.id) is not None
    assert len(told) == int(IDLE_SECONDS / TOLD_SECONDS) + 6, "once a minute, however often it is used"
    assert second.find(made.id) is not None


def test_a_wrong_key_ends_it_everywhere() -> None:
    first, second, _ = _two(Watch())
    made = first.open(7)
    assert second.checked(made.id, made.key, "guessed") is None
    assert first.find(made.id) is None


def test_who_joins_later_is_told_of_all() -> None:
    watch = Watch()
    first, late = Sessions(watch), Sessions(watch)  # type: ignore[arg-type]
    made = [first.open(user) for user in (2, 3)]
    first.on_change = late.follow
    first.tell_all()
    assert [found.user_id for each in made if (found := late.find(each.id)) is not None] == [2, 3]
