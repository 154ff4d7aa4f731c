"""Reconcilers: they take no input, read the world anew on every pass, and do what is missing from it.

A reconciler is one file of this package with one subclass of `Reconciler`; `Healing` finds and runs them all. It passes
at once, then whenever a commit changed one of its `tables` or somebody told it to, and at the latest after
`interval_seconds`. A signal carries no data: what is to be done stands in the store. Signals that come during a pass
make one more pass, however many they are, and passes keep a pause between each other, so that a flood of commits costs
no more than a steady trickle. Of several control processes the one that leads runs them.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from typing import ClassVar

import lakh.healing
from lakh.base import limits
from lakh.base.log import logger
from lakh.jobs.cloud import Cloud

log = logger(__name__)

RECONCILERS: dict[str, type[Reconciler]] = {}
"""By name; filled as their modules are imported."""


class Reconciler:
    """One concern. Subclasses are made once per server: they may keep what helps them, but must do without it."""

    name: ClassVar[str]
    tables: ClassVar[frozenset[str]] = frozenset()
    everywhere: ClassVar[bool] = False
    """Mends the memory of its process: each of several control processes runs it, others only the one that leads."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        known = RECONCILERS.setdefault(cls.name, cls)
        if known.__module__ != cls.__module__:
            raise TypeError(f"reconciler {cls.name} is declared in {known.__module__} and in {cls.__module__}")

    def interval_seconds(self, cloud: Cloud) -> float:
        """How long the world may stay unlooked at."""
        raise NotImplementedError

    async def run(self, cloud: Cloud) -> None:
        """One pass. Idempotent; whatever it raises is logged, and the next pass tries anew."""
        raise NotImplementedError


class Healing:
    """All reconcilers of one server."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._runners: dict[str, _Runner] = {}
        self._stopped = False

    def start(self) -> None:
        """Starts every reconciler there is."""
        load_reconcilers()
        for name, kind in RECONCILERS.items():
            self._runners[name] = _Runner(self._cloud, kind())
        self._cloud.store.on_commit(self._changed)

    def signal(self, name: str) -> None:
        """Asks the reconciler of that name for a pass soon; before the start there is no need to.

        Raises KeyError for one that does not exist.
        """
        if self._runners:
            self._runners[name].signal.set()

    def signal_all(self) -> None:
        """Asks all of them for a pass soon: this process leads from now on."""
        for runner in self._runners.values():
            runner.signal.set()

    async def stop(self) -> None:
        """Ends all of them where they are: they are idempotent."""
        self._stopped = True
        for runner in self._runners.values():
            runner.task.cancel()
        await asyncio.gather(*(runner.task for runner in self._runners.values()), return_exceptions=True)

    def _changed(self, tables: frozenset[str]) -> None:
        if self._stopped:
            return
        for runner in self._runners.values():
            if not runner.reconciler.tables.isdisjoint(tables):
                runner.signal.set()


class _Runner:
    """One reconciler's loop."""

    def __init__(self, cloud: Cloud, reconciler: Reconciler) -> None:
        self.reconciler = reconciler
        self.signal = asyncio.Event()
        self._cloud = cloud
        self.task = asyncio.create_task(self._loop(), name=f"reconciler {reconciler.name}")

    async def _loop(self) -> None:
        while True:
            self.signal.clear()
            try:
                if self._cloud.leads or self.reconciler.everywhere:
                    await self.reconciler.run(self._cloud)
            except Exception as error:
                log.error("reconciler failed", name=self.reconciler.name, exc_info=error)
            await self._cloud.clock.sleep(limits.RECONCILER_PAUSE_SECONDS)
            await self._idle(self.reconciler.interval_seconds(self._cloud))

    async def _idle(self, seconds: float) -> None:
        """Waits for a signal, at most so long."""
        waits = {
            asyncio.ensure_future(self.signal.wait()),
            asyncio.ensure_future(self._cloud.clock.sleep(seconds)),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def load_reconcilers() -> None:
    """Imports every module of this package, which fills RECONCILERS."""
    for found in pkgutil.iter_modules(lakh.healing.__path__, "lakh.healing."):
        importlib.import_module(found.name)
