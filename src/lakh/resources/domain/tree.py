"""The tree of domains in memory: subtrees, paths of names, who stands above whom."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.domain.row import ROOT_DOMAIN, DomainRow
from lakh.store.snapshot import Loaded


class Tree:
    """One state of the tree. Removed domains keep their names and places, but are in no subtree."""

    __slots__ = ("_children", "_paths", "rows", "source")

    def __init__(self, source: Loaded[DomainRow]) -> None:
        self.source = source
        self.rows = source.by_id
        self._children: dict[int, list[int]] = {}
        self._paths: dict[int, str] = {}
        for row in source.live:
            if row.parent_id is not None:
                self._children.setdefault(row.parent_id, []).append(row.id)

    def children(self, domain_id: int) -> list[int]:
        """Ids of the domains directly below."""
        return self._children.get(domain_id, [])

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
            below = (self.rows[i] for i in self._children.get(found.id, ()))
            found = next((row for row in below if row.name == name), None)
        return found


class DomainTree:
    """The current tree; a part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._snapshots = cloud.snapshots
        self._tree: Tree | None = None

    async def current(self) -> Tree:
        """The tree of the last commit; rebuilt only when a domain has changed."""
        loaded = await self._snapshots.of(DomainRow)
        if self._tree is None or self._tree.source is not loaded:
            self._tree = Tree(loaded)
        return self._tree
