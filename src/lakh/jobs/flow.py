"""A flow: a long operation as a list of steps, do and undo side by side.

Steps come in two kinds. A *committing* step returns a TxnSpec, which the worker commits together with the job's
progress, so the effect and the knowledge of it are one. Any other step only calls hosts (or computes): it must be
idempotent, because after a crash the flow resumes at the last committed step and repeats what came after. Between two
commits, nothing but the hosts knows what happened.

Failure runs backwards: the failed step's own undo first when it does not commit (its effect may be half there), then
those of the steps before it. After a crash it begins at the last step before the next commit: the process that died may
have come that far. An undo must cope with a `do` that never happened. `Again` goes back to an earlier step and tries
anew (another host); what its undos return is committed with the next commit, so a retry costs no extra one.

The last step commits and sets the result: the job's end and the resource's are one transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from lakh.base.errors import LakhError
from lakh.store.statement import TxnSpec

if TYPE_CHECKING:
    from lakh.jobs.cloud import Cloud
    from lakh.jobs.row import JobRow


class State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base of a flow's state: what was admitted and what the steps found out. Saved at each commit as JSON."""


S = TypeVar("S", bound=State)


class Again(LakhError):
    """Undo back to and including step `step`, then go forward from it. The step keeps count of its own tries, in its
    state: by that the commits of two tries are told apart."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(reason)
        self.step = step


class Run(Generic[S]):
    """One execution of a flow, as its steps see it."""

    __slots__ = ("_carried", "_committed", "cloud", "error", "job", "memory", "result", "resumed", "state")

    def __init__(self, cloud: Cloud, job: JobRow, state: S) -> None:
        self.cloud = cloud
        self.job = job
        self.state = state
        self.memory: dict[str, Any] = {}  # what steps read and others need again; not saved
        self.result: bytes | None = None
        self.error: BaseException | None = None  # while undoing: why
        self.resumed = False  # a process that died may have done more than was committed
        self._committed: list[Callable[[], object]] = []
        self._carried: list[Callable[[], object]] = []

    def when_committed(self, act: Callable[[], object]) -> None:
        """Calls `act` right after the commit of what this step returns, and not if there is none: so memory follows
        the store, and not a wish."""
        self._committed.append(act)

    def committed(self) -> None:
        """The engine's call: the commit happened."""
        acts, self._carried, self._committed = self._carried + self._committed, [], []
        for act in acts:
            act()

    def carry(self) -> None:
        """The engine's call: what the undo returned goes into the next commit, and its acts follow that."""
        self._carried += self._committed
        self._committed = []

    def not_committed(self) -> None:
        """The engine's call: the step or undo failed, or decides anew."""
        self._committed = []

    def finish(self, result: bytes) -> None:
        """Sets the job's result: the JSON of jobresult."""
        self.result = result

    def key(self, what: str) -> str:
        """An idempotency key: the same for every repetition of this piece of work."""
        return f"{self.job.uuid}:{what}"

    async def child(self, command: str, what: str, **parameters: Any) -> Any:
        """Runs another command as a child flow and returns its result; repeated after a crash it finds the same child.

        Raises the child's ApiError when it fails.
        """
        return await self.cloud.children.run(self, command, what, parameters)


Do = Callable[[Run[S]], Awaitable[TxnSpec | None]]


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One step. `commits`: its TxnSpec and the job's progress become one transaction."""

    name: str
    do: Do[S]
    undo: Do[S] | None = None
    commits: bool = False


class Flow(Generic[S]):
    """Steps of one command. `failed` returns what to store when the flow ends in failure (after all undos)."""

    __slots__ = ("failed", "state_type", "steps")

    def __init__(self, state_type: type[S], *steps: Step[S], failed: Do[S] | None = None) -> None:
        if not steps or not steps[-1].commits:
            raise TypeError("a flow's last step commits: the job's end and the resource's are one transaction")
        self.state_type = state_type
        self.steps = steps
        self.failed = failed

    def index(self, name: str) -> int:
        for i, step in enumerate(self.steps):
            if step.name == name:
                return i
        raise KeyError(f"flow has no step {name}")


FLOWS: dict[str, Flow[Any]] = {}
"""Flows by command name; filled by the declarations of job commands."""
