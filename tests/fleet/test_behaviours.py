"""Behaviour files: the shipped ones can be read, wrong ones say what is wrong, chance follows from the seed."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from lakh.fleet.behaviour import BehaviourError, load_behaviour, read_behaviour, shipped


def test_the_shipped_behaviours() -> None:
    names = ["brown-out", "calm", "flapping", "java", "latency", "lost-answers", "realistic", "reboot-wave", "spread"]
    assert shipped() == names
    for name in shipped():
        assert load_behaviour(name).description
    java = load_behaviour("java").agent.reconnection
    assert (java.after_loss_seconds, java.backoff_seconds, java.jitter) == (10.0, 5.0, 0.0)
    assert load_behaviour("reboot-wave").events[0].by_cluster


def test_outcomes_come_by_weight_and_follow_the_seed() -> None:
    behaviour = load_behaviour("lost-answers").agent
    runs = [[behaviour.outcome("StartCommand", random).lost for _ in range(5000)] for random in (Random(7), Random(7))]
    assert runs[0] == runs[1]
    assert 50 < Counter(runs[0])[True] < 150
    assert behaviour.outcome("CheckHealthCommand", Random(7)).delay_seconds == 0.0


def test_delays_have_jitter_and_slowness() -> None:
    behaviour = load_behaviour("realistic").agent
    random = Random(7)
    delays = [behaviour.outcome("CopyCommand", random).delay_seconds for _ in range(200)]
    assert all(0.2 <= delay <= 1.0 for delay in delays)
    assert len(set(delays)) > 100
    behaviour.slowness = 10.0
    assert behaviour.outcome("CopyCommand", random).delay_seconds >= 2.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing required field `description`"),
        ('description = "x"\ncolour = 1', "colour"),
        ('description = "x"\n[[outcome]]\ncommands = []', "commands is empty"),
        ('description = "x"\n[[outcome]]\ncommands = ["*"]\nweight = -1.0', "must not be negative"),
        ('description = "x"\n[[event]]\naction = "dance"\nevery_seconds = 1.0', "one of disconnect"),
        ('description = "x"\n[[event]]\naction = "kill"\nevery_seconds = 0.0', "above zero"),
        ('description = "x"\n[[event]]\naction = "kill"\nevery_seconds = 1.0\nshare = 2.0', "from 0 to 1"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(BehaviourError, match="behaviour mine") as caught:
        read_behaviour("mine", text)
    assert words in str(caught.value)


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(BehaviourError, match="calm"):
        load_behaviour("no-such-behaviour")
