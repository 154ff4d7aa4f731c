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
        assert mine.missing(first, last, 0, 10**6) == free
        assert mine.missing(first, last, 7, 5) == free[7:12]
        here = sorted(number for number in plain if first <= number <= last)
        assert mine.count(first, last) == len(here)
        assert mine.first_present(first, last) == (here[0] if here else None)
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


class Looked(dict[int, int]):
    """A dict that counts how often it is asked."""

    looks = 0

    def get(self, key: int, default: int = 0) -> int:  # type: ignore[override]
        self.looks += 1
        return super().get(key, default)


def test_the_next_free_number_costs_the_same_in_a_full_range_of_a_million() -> None:
    looks = []
    for size in (5_000, 1_000_000):
        pool = NumberPool([(1, size)], range(1, size + 1))
        pool.taken.discard(size - 1)
        masks = pool.taken._masks = Looked(pool.taken._masks)
        full = pool.taken._full = Looked(pool.taken._full)
        assert (pool.take(), pool.take()) == (size - 1, None)
        looks.append(masks.looks + full.looks)
    assert looks[1] <= looks[0] + 4, "a mask of full masks for each million, not one look for each thousand"


def test_what_is_given_back_is_found_again() -> None:
    random, pool = Random(3), NumberPool([(1000, 60_999), (80_000, 80_009)])
    dealt = {pool.take() for _ in range(pool.size)}
    assert dealt == {*range(1000, 61_000), *range(80_000, 80_010)}
    back = set(random.sample(sorted(number for number in dealt if number is not None), 500))
    for number in back:
        pool.taken.discard(number)
    assert {pool.take() for _ in back} == back
    assert pool.take() is None


def test_which_numbers_a_pool_holds() -> None:
    pool = NumberPool([(20, 29), (10, 12), (40, 40)])
    inside = [number for number in range(50) if pool.contains(number)]
    assert inside == [10, 11, 12, *range(20, 30), 40]
