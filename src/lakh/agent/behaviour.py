"""How an agent behaves beside being right: how long things take, what fails, which answers get lost.

Verbs know nothing of it. Before each command the session asks for an Outcome; equal seeds give equal outcomes.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple


class Outcome(NamedTuple):
    """What becomes of one command: how long it takes, whether it fails with a text, whether its answer is lost."""

    weight: float = 1.0
    delay_seconds: float = 0.0
    jitter_seconds: float = 0.0
    failure: str = ""
    lost: bool = False


class Reconnection(NamedTuple):
    """Pauses before connecting again: after a lost link, after a failed attempt, and how much of them is random.

    The Java agent waits 5 seconds, tears down, waits 5 more, and has no jitter (agent-protocol 3.9): a lost server
    meets its whole fleet at once.
    """

    after_loss_seconds: float = 1.0
    backoff_seconds: float = 2.0
    jitter: float = 1.0

    def pause(self, random: Random, *, lost: bool) -> float:
        base = self.after_loss_seconds if lost else self.backoff_seconds
        return base * (1.0 + self.jitter * random.random()) if self.jitter else base


_PLAIN = (Outcome(),)


class Behaviour:
    """Outcomes by command class (simple name; `*` for all others) and the reconnection rule."""

    __slots__ = ("_outcomes", "_totals", "download_seconds", "ping_jitter", "reconnection", "slowness")

    def __init__(
        self,
        outcomes: dict[str, tuple[Outcome, ...]] | None = None,
        reconnection: Reconnection | None = None,
        ping_jitter: float = 0.0,
        download_seconds: float = 0.0,
    ) -> None:
        self._outcomes = outcomes or {}
        self._totals = {name: sum(o.weight for o in choices) for name, choices in self._outcomes.items()}
        self.reconnection = reconnection or Reconnection()
        self.ping_jitter = ping_jitter
        self.download_seconds = download_seconds
        self.slowness = 1.0

    def outcome(self, name: str, random: Random) -> Outcome:
        """Chooses by weight; the delay it carries has its jitter in it already."""
        key = name if name in self._outcomes else "*"
        choices = self._outcomes.get(key, _PLAIN)
        chosen = choices[0]
        if len(choices) > 1:
            at = random.random() * self._totals[key]
            for chosen in choices:
                at -= chosen.weight
                if at < 0:
                    break
        delay = chosen.delay_seconds
        if chosen.jitter_seconds:
            delay += random.uniform(-chosen.jitter_seconds, chosen.jitter_seconds)
        return chosen._replace(delay_seconds=max(0.0, delay) * self.slowness) if delay else chosen
