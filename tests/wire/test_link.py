"""Cutting the stream into frames, however the network split or merged it, and refusing wrong words."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakh.wire.errors import ProtocolError
from lakh.wire.link import LinkReader, link_word, records

FRAMES = st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.booleans()), max_size=12)


def _cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({cut % (len(stream) + 1) for cut in cuts}), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(edges)]


@given(frames=FRAMES, cuts=st.lists(st.integers(min_value=0), max_size=40))
def test_any_split_gives_the_same_frames(frames: list[tuple[bytes, bool]], cuts: list[int]) -> None:
    stream = b"".join(link_word(len(data), more=more) + data for data, more in frames)
    reader = LinkReader()
    seen = [(bytes(view), more) for piece in _cut(stream, cuts) for view, more in reader.feed(piece)]
    assert seen == frames
    assert list(reader.feed(b"")) == []


def test_bytes_one_by_one() -> None:
    stream = link_word(18_000, more=True) + bytes(18_000) + link_word(1) + b"x"
    reader = LinkReader()
    seen = [(len(view), more) for i in range(len(stream)) for view, more in reader.feed(stream[i : i + 1])]
    assert seen == [(18_000, True), (1, False)]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("00004651", "length 18001, from 1 to 18000"),
        ("00007fff", "length 32767"),
        ("00008000", "length -32768"),
        ("0000ffff", "length -1"),
        ("00000000", "length 0"),
        ("00010000", "length 0"),
        ("00020010", "bits 17 to 31 must be zero"),
        ("80000010", "bits 17 to 31 must be zero"),
        ("17030300", "start of a TLS record"),
        ("15030300", "closed its TLS session"),
        ("47455420", "bits 17 to 31 must be zero"),
    ],
)
def test_wrong_words_are_refused_before_their_bytes_come(word: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        list(LinkReader().feed(bytes.fromhex(word)))


@pytest.mark.parametrize("length", [-1, 0, 18_001, 32_768])
def test_no_wrong_word_is_made(length: int) -> None:
    with pytest.raises(ProtocolError, match="from 1 to 18000"):
        link_word(length)


@given(st.binary(max_size=64))
def test_records_are_counted_or_refused(frame: bytes) -> None:
    try:
        count = len(list(records(memoryview(frame))))
    except ProtocolError:
        return
    assert count * 5 <= len(frame)


def test_records_must_fill_their_frame() -> None:
    record = b"\x17\x03\x03\x00\x02ab"
    assert [(kind, version, bytes(body)) for kind, version, body in records(memoryview(record * 3))] == [
        (0x17, 0x0303, b"ab")
    ] * 3
    for wrong in (record[:-1], record + b"\x17", record + record[:-1], b"\x16" + record[1:], b"\x14" + record[1:]):
        with pytest.raises(ProtocolError):
            list(records(memoryview(wrong)))
