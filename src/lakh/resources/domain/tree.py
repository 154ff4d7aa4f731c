"""The tree of domains in memory: subtrees, paths of names, who stands above whom."""

from __future__ import annotations

from collections.abc import Iterable

from lakh.jobs.cloud import Cloud
from lakh.resources.domain.row import ROOT_DOMAIN, DomainRow
from lakh.store.snapshot import Loaded


class Tree:
    """The tree as of the last commit that was followed; it is the same one all along. Removed domains keep their names
    and places, but are in no subtree."""

    __slots__ = ("_children", "_named", "_paths", "_placed", "rows", "source")

    def __init__(self, source: Loaded[DomainRow]) -> None:
        self.source = source
        self.rows = source.by_id
        self._children: dict[int, dict[int, None]] = {}
        self._named: dict[tuple[int, str], int] = {}  # below a domain, by name
        self._placed: dict[int, tuple[int, str]] = {}  # what the two above know of a domain
        self._paths: dict[int, str] = {}
        for row in source.live:
            self._place(row)

    def follow(self, source: Loaded[DomainRow], changed: Iterable[int]) -> None:
        """Takes the domains that changed."""
        self.source, self.rows = source, source.by_id
        for domain_id in changed:
            row, before = self.rows.get(domain_id), self._placed.pop(domain_id, None)
            if before is not None:
                self._children.get(before[0], {}).pop(domain_id, None)
                if self._named.get(before) == domain_id:
                    del self._named[before]
                if row is None or before[1] != row.name:
                    self._paths.clear()  # those below have its name in theirs
            if row is not None and row.removed_ms is None:
                self._place(row)

    def _place(self, row: DomainRow) -> None:
        if row.parent_id is not None:
            self._placed[row.id] = place = row.parent_id, row.name
            self._children.setdefault(row.parent_id, {})[row.id] = None
            self._named.setdefault(place, row.id)

    def children(self, domain_id: int) -> list[int]:
        """Ids of the domains directly below."""
        return list(self._children.get(domain_id, ()))

    def subtree(self, domain_id: int) -> list[int]:
        """Ids of the domain itself and of all below it, in id order."""
        found = [domain_id]
        for parent in found:
            found.extend(self._children.get(parent, ()))
        return sorted(found)

    def is_within(self, domain_id: int, ancestor_id: int) -> bool:
        """True when the domain is `ancestor_id` or stands below it."""
        row, ancestor = self.rows.get(domain_id), self.rows.get(ancestor_id)
        return row is not None and ancestor is not None and row.path.startswith(ancestor.path)

    def name_path(self, domain_id: int) -> str:
        """The path the API shows: `ROOT/sales/north`."""
        known = self._paths.get(domain_id)
        if known is None:
            ids = [int(part) for part in self.rows[domain_id].path.strip("/").split("/")]
            known = self._paths[domain_id] = "/".join([self.rows[i].name for i in ids])
        return known

    def find(self, path: str) -> DomainRow | None:
        """The live domain of a log-in path: `/sales/north/`, with or without the outer slashes; empty is ROOT."""
        found = self.rows.get(ROOT_DOMAIN)
        for name in [part for part in path.split("/") if part]:
            if found is None:
                return None
            found = self.rows.get(self._named.get((found.id, name), 0))
        return found


class DomainTree:
    """The current tree; a part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._snapshots = cloud.snapshots
        self._tree: Tree | None = None

    async def current(self) -> Tree:
        """The tree of the last commit."""
        loaded, tree = await self._snapshots.of(DomainRow), self._tree
        if tree is not None and tree.source is loaded:
            return tree
        changed = loaded.changed_since(tree.source) if tree is not None else None
        if tree is None or changed is None:
            tree = self._tree = Tree(loaded)
        else:
            tree.follow(loaded, changed)
        return tree
