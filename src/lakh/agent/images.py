"""Secondary storage as a fleet knows it: image stores and what its own agents put there.

A store is an NFS export that others may have filled: a path nobody here wrote is taken to exist unless an agent of this
fleet deleted it. What the fleet's secondary storage VMs report is what they downloaded or were told of at the start.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

STORE_ENTRIES = 100_000  # of one image store; more are accepted and not remembered


class Image(NamedTuple):
    """`name` is a template's unique name, or a volume's id. Sizes in bytes."""

    name: str
    path: str
    kind: str
    size_bytes: int
    physical_bytes: int


class Journal:
    """A file of changes that several processes append to and all of them read: each line a JSON array.

    A line is one write to a file opened for appending, so lines of different processes never mix.
    """

    __slots__ = ("_descriptor", "_read")

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._read = 0

    def append(self, change: list[object]) -> None:
        os.write(self._descriptor, msgspec.json.encode(change) + b"\n")

    def news(self) -> Iterator[tuple[str, str, Image]]:
        """Changes since the last call: what happened, in which store, to which file."""
        size = os.fstat(self._descriptor).st_size
        if size == self._read:
            return
        lines = os.pread(self._descriptor, size - self._read, self._read)
        lines = lines[: lines.rfind(b"\n") + 1]  # the last one may still be on its way
        self._read += len(lines)
        for line in lines.splitlines():
            yield msgspec.json.decode(line, type=tuple[str, str, Image])


class ImageStore:
    """One store: entries by path, and the paths that were deleted."""

    __slots__ = ("_journal", "_url", "deleted", "entries")

    def __init__(self, url: str, seeds: Iterable[Image], journal: Journal | None) -> None:
        self._url = url
        self._journal = journal
        self.entries = {image.path: image for image in seeds}
        self.deleted: set[str] = set()

    def add(self, image: Image) -> None:
        if self._journal is not None:
            self._journal.append(["add", self._url, image])
        self.put(image)

    def delete(self, path: str) -> None:
        """Removes a file, or a folder with all that is in it."""
        if self._journal is not None:
            self._journal.append(["delete", self._url, Image("", path, "", 0, 0)])
        self.drop(path)

    def put(self, image: Image) -> None:
        """What `add` does here, also when another process did it."""
        self.deleted.discard(image.path)
        if len(self.entries) < STORE_ENTRIES or image.path in self.entries:
            self.entries[image.path] = image

    def drop(self, path: str) -> None:
        """What `delete` does here, also when another process did it."""
        folder = path.rstrip("/") + "/"
        for known in [p for p in self.entries if p == path or p.startswith(folder)]:
            del self.entries[known]
        if len(self.deleted) < STORE_ENTRIES:
            self.deleted.add(path)

    def find(self, path: str) -> Image | None:
        """The entry at a path, or the only one in the folder of that name."""
        if path in self.entries:
            return self.entries[path]
        folder = path.rstrip("/") + "/"
        inside = [image for known, image in self.entries.items() if known.startswith(folder)]
        return inside[0] if len(inside) == 1 else None

    def of_kind(self, kind: str) -> list[Image]:
        return [image for image in self.entries.values() if image.kind == kind]

    @property
    def used_bytes(self) -> int:
        return sum(image.physical_bytes for image in self.entries.values())


class ImageStores:
    """Every image store of the fleet, by its url. New ones hold the seeds: templates that the export came with.

    `journal`: where several processes tell each other of changes; None for one process.
    """

    __slots__ = ("_journal", "_seeds", "_stores", "capacity_bytes")

    def __init__(self, seeds: Iterable[Image] = (), capacity_bytes: int = 1 << 47, journal: Path | None = None) -> None:
        self._seeds = tuple(seeds)
        self._stores: dict[str, ImageStore] = {}
        self._journal = Journal(journal) if journal is not None else None
        self.capacity_bytes = capacity_bytes

    def of(self, url: str) -> ImageStore:
        self._catch_up()
        return self._of(url)

    def all(self) -> dict[str, ImageStore]:
        self._catch_up()
        return self._stores

    def _of(self, url: str) -> ImageStore:
        store = self._stores.get(url)
        if store is None:
            store = self._stores[url] = ImageStore(url, self._seeds, self._journal)
        return store

    def _catch_up(self) -> None:
        """Takes over what other processes changed; our own lines come along and change nothing more."""
        if self._journal is None:
            return
        for change, url, image in self._journal.news():
            if change == "add":
                self._of(url).put(image)
            else:
                self._of(url).drop(image.path)
