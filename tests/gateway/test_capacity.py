"""Open files decide how many gateways there are, and when one is full."""

from __future__ import annotations

import pytest

from lakh.gateway.capacity import Capacity, gateways_needed, gateways_wanted, must_grow


@pytest.mark.parametrize(
    ("hosts", "files", "gateways"),
    [
        (0, 20_000, 2),
        (10, 20_000, 2),
        (14_545, 20_000, 2),
        (14_546, 20_000, 3),
        (100_000, 20_000, 8),
        (100_000, 1_048_576, 2),
    ],
)
def test_one_gateway_may_be_lost(hosts: int, files: int, gateways: int) -> None:
    assert gateways_needed(hosts, files) == gateways
    assert (gateways - 1) * files * 0.8 >= hosts * 1.1


def test_gateways_grow_before_the_fullest_is_full() -> None:
    assert not must_grow(14_000, 20_000)
    assert must_grow(14_001, 20_000)


def test_a_listener_does_not_flutter_around_full() -> None:
    capacity = Capacity(1064)
    assert capacity.connections == 1000
    assert [capacity.is_full(count) for count in (969, 970)] == [False, True]
    assert [capacity.has_room(count) for count in (941, 940)] == [False, True]


@pytest.mark.parametrize(
    ("known", "connections", "running", "wanted"),
    [
        (0, [10, 12], 2, 2),
        (0, [14_001, 13_000], 2, 3),  # full: 27,001 agents nobody knows yet need three
        (16_000, [14_500, 1_500, 100], 3, 3),  # the newest fill first
        (40_000, [15_000, 14_800, 14_900, 14_700], 4, 6),
        (20_000, [14_100, 8_000, 7_100], 3, 4),  # enough in sum, but one is full
        (10, [14_500], 2, 2),  # the second one is still starting
        (100_000, [5, 5], 8, 8),
        (5, [0, 0, 0], 3, 3),  # never fewer
        (10, [], 2, 2),
    ],
)
def test_gateways_follow_known_hosts_and_connecting_agents(
    known: int, connections: list[int], running: int, wanted: int
) -> None:
    assert gateways_wanted(known, connections, running, 20_000) == wanted
