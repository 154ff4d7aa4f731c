"""Identities follow from the seed; agents go to the clusters they are told."""

from __future__ import annotations

import pytest

from lakh.fleet.identity import FleetMapError, Identities, MapEntry, read_map, source_address, spread
from lakh.fleet.main import options_from, parser
from lakh.fleet.options import OptionError, read_seed_image, read_servers
from lakh.fleet.several import merge, shares


def identities(seed: int = 1, agents: int = 100, network: str = "10.64.0.0/12") -> Identities:
    return Identities(
        spread(agents, "1", 2, 5),
        seed=seed,
        network=network,
        prefix="kvm",
        cpus=32,
        speed_mhz=2600,
        memory_bytes=1 << 37,
    )


def test_the_same_seed_is_the_same_fleet() -> None:
    first, again, other = identities(), identities(), identities(seed=2)
    assert [first.guid(n) for n in range(1, 101)] == [again.guid(n) for n in range(1, 101)]
    assert first.guid(1) != other.guid(1)
    assert first.facts(7).name == "kvm-000007"
    for field in ("private_ip", "private_mac", "name"):
        assert len({getattr(first.facts(n), field) for n in range(1, 101)}) == 100
    assert len({source_address(n) for n in range(1, 100_001)}) == 100_000


def test_agents_spread_over_clusters_and_clusters_over_pods() -> None:
    entries = spread(10, "7", 2, 3)
    assert [(entry.pod, entry.cluster, entry.count) for entry in entries] == [
        ("1", "1", 3),
        ("1", "2", 3),
        ("2", "3", 4),
    ]
    with pytest.raises(FleetMapError):
        spread(10, "1", 3, 2)


def test_a_map_says_who_belongs_where() -> None:
    text = '[{"zone": 1, "pod": "p", "cluster": 5, "count": 2}, {"zone": 1, "pod": "p", "cluster": 6, "count": 3}]'
    made = Identities(
        read_map(text, None), seed=1, network="10.0.0.0/16", prefix="x", cpus=1, speed_mhz=1, memory_bytes=1
    )
    assert [made.place(n).cluster for n in range(1, 6)] == ["5", "5", "6", "6", "6"]
    assert [entry.count for entry in read_map(text, 3)] == [2, 1]
    with pytest.raises(FleetMapError, match="5 agents, 6 wanted"):
        read_map(text, 6)
    with pytest.raises(FleetMapError, match="Expected"):
        read_map('{"zone": 1}', None)


def test_a_network_that_is_too_small() -> None:
    with pytest.raises(FleetMapError, match="has no addresses for 300 agents"):
        identities(agents=300, network="10.0.0.0/24")


def test_arguments() -> None:
    assert read_servers("a:1, b") == (("a", 1), ("b", 8250))
    for wrong in ("", "a:x", ":5", "a:70000"):
        with pytest.raises(OptionError, match="--server"):
            read_servers(wrong)
    image = read_seed_image("routing-9=template/tmpl/1/9/x.qcow2:100:50")
    assert (image.name, image.path, image.size_bytes, image.physical_bytes) == (
        "routing-9",
        "template/tmpl/1/9/x.qcow2",
        100,
        50,
    )
    with pytest.raises(OptionError):
        read_seed_image("routing-9")
    options = options_from(parser().parse_args(["--agents", "20", "--clusters", "4", "--memory", "0.5"]))
    assert (options.first, options.last, options.memory_bytes) == (1, 20, 1 << 29)
    assert options.entries[3] == MapEntry("1", "1", "4", 5)
    assert options.seed_images[0].name == "routing-3"


def test_processes_share_agents_out_and_answers_are_summed() -> None:
    assert shares(10, 3) == [(1, 3), (4, 6), (7, 10)]
    assert shares(2, 5) == [(1, 1), (2, 2)]
    ends = [
        {"done": True, "count": 1, "totals": {"a": 1, "b": 5}},
        {"error": "x"},
        {"done": True, "count": 2, "totals": {"a": 2}},
    ]
    assert merge(ends) == {"done": True, "count": 3, "totals": {"a": 3, "b": 5}}
    assert merge(ends[1:2]) == {"error": "x"}
