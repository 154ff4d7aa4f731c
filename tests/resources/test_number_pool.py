"""Pools of numbers: dealt in order, round the ranges, each once, however many there are."""

from __future__ import annotations

from random import Random

from lakh.resources.number_pool import NumberPool, NumberSet


def test_a_set_of_numbers_is_a_set() -> None:
    random, mine, plain = Random(5), NumberSet(), set[int]()
    for _ in range(20_000):
        number = random.choice((random.randrange(3000), 1_000_000 + random.randrange(40)))
        if random.random() < 0.6:
            mine.add(number)
            plain.add(number)
        else:
            mine.discard(number)
            plain.discard(number)
    assert set(mine) == plain
    assert len(mine) == len(plain)
    for first, last in ((0, 2999), (500, 700), (1023, 1025), (2048, 1_000_050), (999_999, 1_000_000)):
        free = [number for number in range(first, last + 1) if number not in plain]
        assert mine.first_missing(first, last) == (free[0] if free else None)
    assert "1" not in mine


def test_numbers_go_round_the_ranges() -> None:
    pool = NumberPool([(10, 12), (20, 21)], taken=(11,))
    assert [pool.take() for _ in range(5)] == [10, 12, 20, 21, None]
    pool.taken.discard(12)
    pool.taken.discard(20)
    assert [pool.take(), pool.take(), pool.take()] == [12, 20, None]
    assert NumberPool([]).take() is None


def test_the_cursor_begins_anywhere() -> None:
    pool = NumberPool([(10, 12), (20, 21)])
    pool.start_at(4)
    assert [pool.take() for _ in range(6)] == [21, 10, 11, 12, 20, None]
    assert (pool.size, pool.contains(20), pool.contains(15)) == (5, True, False)


def test_the_last_of_a_million_is_found() -> None:
    first = 10 << 24
    pool = NumberPool([(first, first + 999_999)], taken=range(first, first + 999_998))
    assert [pool.take() for _ in range(3)] == [first + 999_998, first + 999_999, None]
    pool.taken.discard(first + 123_456)
    assert pool.take() == first + 123_456
