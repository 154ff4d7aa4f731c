"""Randomness in blocks is still the system's, and no byte of it is used twice."""

from __future__ import annotations

import os

import pytest

from lakh.base.entropy import BlockRandom


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> bytearray:
    """All that the system gave: bytes that tell their place."""
    given = bytearray()

    def urandom(count: int) -> bytes:
        part = b"".join(n.to_bytes(4, "big") for n in range(len(given) // 4, (len(given) + count + 3) // 4))[:count]
        given.extend(part)
        return part

    monkeypatch.setattr("lakh.base.entropy.os.urandom", urandom)
    return given


def test_no_byte_is_used_twice(counted: bytearray) -> None:
    random = BlockRandom()
    numbers = [random.getrandbits(32) for _ in range(5000)]
    assert len(set(numbers)) == 5000
    assert len(counted) < 5000 * 4 + 8192
    assert random.getrandbits(8 * 5000) not in numbers


def test_numbers_lie_where_they_should() -> None:
    random = BlockRandom()
    assert all(0.0 <= random.random() < 1.0 for _ in range(2000))
    assert {random.getrandbits(3) for _ in range(400)} == set(range(8))
    assert random.getrandbits(0) == 0
    assert sorted(random.sample(range(50), 50)) == list(range(50))
    with pytest.raises(ValueError, match="non-negative"):
        random.getrandbits(-1)


def test_a_child_process_draws_its_own() -> None:
    random = BlockRandom()
    random.getrandbits(8)
    out, into = os.pipe()
    child = os.fork()
    if not child:
        os.write(into, random.getrandbits(256).to_bytes(32, "big"))
        os._exit(0)
    os.waitpid(child, 0)
    assert int.from_bytes(os.read(out, 32), "big") != random.getrandbits(256)
    os.close(out)
    os.close(into)
