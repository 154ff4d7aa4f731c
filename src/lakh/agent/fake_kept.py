"""What a fake host keeps: its domains and the pools it mounted, and a diary from which they can be had again.

Hosts do not lose their VMs when the process that plays them ends, if somebody keeps a diary: each change is noted, and
a host that is made anew recalls them in the same order. What another host's diary says too (a move that a power cut
caught half way), or what lost its volume, is not recalled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from lakh.agent.fake_addresses import SharedAddresses
from lakh.agent.fake_disks import FakeVolumes
from lakh.agent.fake_domain import Domain, Domains, Extra
from lakh.agent.fake_storage import SharedStorage
from lakh.agent.hypervisor import DomainSpec, RefusedError


class Diary(Protocol):
    """Notes what a host would find on its own disks after a restart. `number` is the host's."""

    def domain(self, number: int, spec: DomainSpec, snapshots: Mapping[str, bool]) -> None: ...
    def gone(self, number: int, name: str) -> None: ...
    def pools(self, number: int, uuids: Collection[str]) -> None: ...
    def ruleset(self, number: int, name: str, vm_id: int, ruleset: int) -> None: ...


class FakeKept(FakeVolumes):
    """The half of FakeHypervisor that remembers. `_reserved`: bytes that running and announced domains hold."""

    __slots__ = ("_addresses", "_diary", "_domains", "_reserved")

    def __init__(
        self, storage: SharedStorage, number: int, addresses: SharedAddresses | None, diary: Diary | None
    ) -> None:
        super().__init__(storage, number)
        self._addresses = addresses
        self._diary = diary
        self._domains: Domains | None = None
        self._reserved = 0

    # --- changes -----------------------------------------------------------------------------------------------------
    def _put(self, domain: Domain) -> None:
        """The domain is here, or has changed."""
        if self._domains is None:
            self._domains = Domains()
        self._domains.put(domain)
        if self._diary is not None:
            snapshots = domain.extra.snapshots if domain.extra else {}
            self._diary.domain(self._number, domain.spec(self._storage), snapshots)

    def _take(self, name: str) -> Domain | None:
        """The domain is here no more."""
        domain = self._domains.pop(name) if self._domains else None
        if domain is not None and self._diary is not None:
            self._diary.gone(self._number, name)
        return domain

    def _set_pools(self, pools: frozenset[str]) -> None:
        super()._set_pools(pools)
        if self._diary is not None:
            self._diary.pools(self._number, pools)

    # --- recalling ---------------------------------------------------------------------------------------------------
    def recall(self, spec: DomainSpec, snapshots: Mapping[str, bool]) -> None:
        """It was here, as its last entry says."""
        domain = Domain.of(spec, self._storage)
        if snapshots:
            domain.extra = domain.extra or Extra()
            domain.extra.snapshots.update(snapshots)
        if self._domains is None:
            self._domains = Domains()
        self._domains.put(domain)

    def recall_gone(self, name: str) -> None:
        """It was here and went."""
        if self._domains:
            self._domains.pop(name)

    def recall_pools(self, uuids: Collection[str]) -> None:
        super()._set_pools(frozenset(uuids))

    def recalled(self) -> list[DomainSpec]:
        """All entries are read: takes locks and addresses for what is here; returns what could not have its own."""
        lost = []
        for domain in self._domains or ():
            spec = domain.spec(self._storage)
            try:
                self._lock_all(spec.disks)
            except RefusedError:
                lost.append(spec)
                continue
            try:
                if self._addresses is not None:
                    self._addresses.claim(spec.nics, self._number)
            except RefusedError:
                self._unlock_all(spec.disks)
                lost.append(spec)
                continue
            self._reserved += spec.min_ram
        for spec in lost:
            self._take(spec.name)
        return lost

    def keep_all(self) -> None:
        """Notes everything that is here, as for a new diary."""
        assert self._diary is not None
        if self._pools:
            self._diary.pools(self._number, self._pools)
        for domain in self._domains or ():
            self._put(domain)
