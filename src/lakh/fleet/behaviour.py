"""Behaviours are TOML files: outcomes of commands by weight, how links come back, what happens to hosts."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from lakh.agent.behaviour import Behaviour, Outcome, Reconnection
from lakh.base.errors import LakhError

ACTIONS = ("disconnect", "freeze", "kill", "slow")


class BehaviourError(LakhError):
    """A behaviour file cannot be used. The text names file and field."""


class _OutcomeEntry(msgspec.Struct, forbid_unknown_fields=True):
    commands: list[str]
    weight: float = 1.0
    delay_seconds: float = 0.0
    jitter_seconds: float = 0.0
    failure: str = ""
    lost: bool = False


class _ReconnectionEntry(msgspec.Struct, forbid_unknown_fields=True):
    after_loss_seconds: float = 1.0
    backoff_seconds: float = 2.0
    jitter: float = 1.0


class Event(msgspec.Struct, forbid_unknown_fields=True):
    """Something that befalls a share of the agents (0 to 1), or one cluster after another, every so many seconds.

    It ends after `for_seconds` where the action has an end. `factor` is for `slow`.
    """

    action: str
    every_seconds: float
    for_seconds: float = 0.0
    share: float = 0.0
    by_cluster: bool = False
    factor: float = 1.0


class _File(msgspec.Struct, forbid_unknown_fields=True):
    description: str
    ping_jitter: float = 0.0
    download_seconds: float = 0.0
    boot_seconds: float = 1.0
    reconnection: _ReconnectionEntry = msgspec.field(default_factory=_ReconnectionEntry)
    outcome: list[_OutcomeEntry] = []
    event: list[Event] = []


class FleetBehaviour:
    """A behaviour file read: what each agent asks (`agent`), and what happens to the fleet."""

    __slots__ = ("agent", "boot_seconds", "description", "events", "name")

    def __init__(self, name: str, entry: _File) -> None:
        outcomes: dict[str, tuple[Outcome, ...]] = {}
        for item in entry.outcome:
            outcome = Outcome(item.weight, item.delay_seconds, item.jitter_seconds, item.failure, item.lost)
            for command in item.commands:
                outcomes[command] = (*outcomes.get(command, ()), outcome)
        again = entry.reconnection
        self.name = name
        self.description = entry.description
        self.boot_seconds = entry.boot_seconds
        self.events = tuple(entry.event)
        self.agent = Behaviour(
            outcomes,
            Reconnection(again.after_loss_seconds, again.backoff_seconds, again.jitter),
            entry.ping_jitter,
            entry.download_seconds,
        )


def shipped() -> list[str]:
    """Names of the behaviours that come with the package."""
    folder = files("lakh.fleet") / "behaviours"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_behaviour(name: str) -> FleetBehaviour:
    """A shipped behaviour by name, or any file by its path. Raises BehaviourError."""
    if name in shipped():
        text = (files("lakh.fleet") / "behaviours" / f"{name}.toml").read_text()
    else:
        try:
            text = Path(name).read_text()
        except OSError:
            raise BehaviourError(f"behaviour {name}: no such file, nor one of {', '.join(shipped())}") from None
    return read_behaviour(name, text)


def read_behaviour(name: str, text: str) -> FleetBehaviour:
    """A behaviour from TOML. Raises BehaviourError."""
    try:
        entry = msgspec.toml.decode(text, type=_File)
    except msgspec.MsgspecError as error:
        raise BehaviourError(f"behaviour {name}: {error}") from None
    _check(name, entry)
    return FleetBehaviour(Path(name).stem, entry)


def _check(name: str, entry: _File) -> None:
    def positive(value: Any, words: str) -> None:
        if value < 0:
            raise BehaviourError(f"behaviour {name}: {words} is {value}, it must not be negative")

    for item in entry.outcome:
        positive(item.weight, "outcome.weight")
        positive(item.delay_seconds, "outcome.delay_seconds")
        positive(item.jitter_seconds, "outcome.jitter_seconds")
        if not item.commands:
            raise BehaviourError(f"behaviour {name}: outcome.commands is empty; '*' stands for every other command")
    for event in entry.event:
        if event.action not in ACTIONS:
            raise BehaviourError(f"behaviour {name}: event.action is {event.action}, one of {', '.join(ACTIONS)}")
        if event.every_seconds <= 0:
            raise BehaviourError(f"behaviour {name}: event.every_seconds must be above zero")
        if not 0 <= event.share <= 1:
            raise BehaviourError(f"behaviour {name}: event.share is {event.share}, from 0 to 1")
