"""Secondary storage as a fleet knows it: image stores and what its own agents put there.

A store is an NFS export that others may have filled: a path nobody here wrote is taken to exist unless an agent of this
fleet deleted it. What the fleet's secondary storage VMs report is what they downloaded or were told of at the start.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

STORE_ENTRIES = 100_000  # of one image store; more are accepted and not remembered


class Image(NamedTuple):
    """`name` is a template's unique name, or a volume's id. Sizes in bytes."""

    name: str
    path: str
    kind: str
    size_bytes: int
    physical_bytes: int


class ImageStore:
    """One store: entries by path, and the paths that were deleted."""

    __slots__ = ("deleted", "entries")

    def __init__(self, seeds: Iterable[Image]) -> None:
        self.entries = {image.path: image for image in seeds}
        self.deleted: set[str] = set()

    def add(self, image: Image) -> None:
        self.deleted.discard(image.path)
        if len(self.entries) < STORE_ENTRIES or image.path in self.entries:
            self.entries[image.path] = image

    def delete(self, path: str) -> None:
        """Removes a file, or a folder with all that is in it."""
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
    """Every image store of the fleet, by its url. New ones hold the seeds: templates that the export came with."""

    __slots__ = ("_seeds", "_stores", "capacity_bytes")

    def __init__(self, seeds: Iterable[Image] = (), capacity_bytes: int = 1 << 47) -> None:
        self._seeds = tuple(seeds)
        self._stores: dict[str, ImageStore] = {}
        self.capacity_bytes = capacity_bytes

    def of(self, url: str) -> ImageStore:
        store = self._stores.get(url)
        if store is None:
            store = self._stores[url] = ImageStore(self._seeds)
        return store

    def all(self) -> dict[str, ImageStore]:
        return self._stores
