"""The agent's protocol without sockets, on a clock that the test moves; headers as the worked examples have them."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import pytest
from tests.agent.cloud import Cloud, command, start_vm

from lakh.agent.behaviour import Behaviour, Outcome, Reconnection
from lakh.agent.session import Session
from lakh.base.limits import AGENT_REQUESTS_WAITING
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import Frame, decode_frame, server_request, server_response
from lakh.wire.header import Header
from lakh.wire.message import API, LB, Message
from lakh.wire.payload import encode_payload
from lakh.wire.startup import startup_answer

SERVER = 345051122106


class StillEdge:
    """Keeps what is sent, and time."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.sent: list[bytes] = []
        self.closed = 0
        self.dials: list[float] = []
        self.refusals: list[str] = []
        self.probes = 0
        self.preferred_reachable = False
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def send(self, message: bytes) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.closed += 1

    def connect(self, after_seconds: float) -> None:
        self.dials.append(after_seconds)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._timers, (self.cloud.clock.seconds + seconds, self._number, call))

    def probe_preferred(self, reachable: Callable[[], None]) -> None:
        self.probes += 1
        if self.preferred_reachable:
            reachable()

    def rejected(self, text: str) -> None:
        self.refusals.append(text)

    def answered(self, name: str, seconds: float, result: bool) -> None:
        pass

    def pinged(self) -> None:
        pass

    def ping_answered(self, seconds: float) -> None:
        pass

    def advance(self, seconds: float) -> None:
        end = self.cloud.clock.seconds + seconds
        while self._timers and self._timers[0][0] <= end:
            due, _, call = heapq.heappop(self._timers)
            self.cloud.clock.seconds = due
            call()
        self.cloud.clock.seconds = end

    def take(self) -> list[Frame]:
        frames = [decode_frame(message) for message in self.sent]
        self.sent = []
        return frames


class Story:
    """A host's session and both its ends."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.cloud = Cloud(1, ready=False)
        self.host = self.cloud.hosts[0]
        self.edge = StillEdge(self.cloud)
        self.session = Session(self.host, self.edge, behaviour or Behaviour())
        self._sequence = 1 << 48

    def up(self, host_id: int = 1) -> None:
        """Connects, through Startup and Ready."""
        self.session.connected()
        (startup,) = self.edge.take()
        self.answer(startup, startup_answer(60))
        self.ask("ReadyCommand", hostId=host_id, hostUuid="u", hostName="kvm-000001")
        self.edge.take()

    def answer(self, request: Frame, payload: bytes) -> None:
        self.session.received(
            decode_frame(server_response(request.header, payload, management_server_id=SERVER, via=1))
        )

    def ask(self, *names: str, stop_on_error: bool = True, in_sequence: bool = False, **body: Any) -> Header:
        self._sequence += 1
        message = server_request(
            encode_payload([command(name, **body) for name in names]),
            sequence=self._sequence,
            management_server_id=SERVER,
            host_id=1,
            in_sequence=in_sequence,
            stop_on_error=stop_on_error,
        )
        frame = decode_frame(message)
        self.session.received(frame)
        return frame.header


def raw(*fields: int) -> Header:
    return Header(*fields)


def test_the_first_words_are_a_startup_of_an_unknown_host() -> None:
    story = Story()
    story.session.connected()
    (frame,) = story.edge.take()
    header = frame.header
    assert header == raw(0x01, 0, header.size_bytes, -1, -1, -1)
    (startup,) = frame.messages()
    assert startup.java_class == API + "StartupRoutingCommand"
    body = startup.body
    assert (body["guid"], body["resourceName"]) == (
        f"{story.host.guid}-LibvirtComputingResource",
        "LibvirtComputingResource",
    )
    assert (body["hypervisorType"], body["type"], body["hostDetails"]["Host.OS"]) == ("KVM", "Routing", "Ubuntu")
    assert (body["dataCenter"], body["pod"], body["cluster"], body["connectionTransferred"]) == ("1", "1", "1", False)
    assert "id" not in body


def test_a_startup_goes_unsaid_no_longer_than_three_minutes() -> None:
    story = Story()
    story.session.connected()
    story.edge.advance(179)
    assert story.edge.dials == []
    story.edge.advance(2)
    assert (story.edge.closed, len(story.edge.dials)) == (1, 1)


def test_ready_twice_tells_who_one_is() -> None:
    story = Story()
    story.session.connected()
    (startup,) = story.edge.take()
    story.answer(startup, startup_answer(2))
    assert story.host.host_id == 0
    for _ in range(2):
        asked = story.ask("ReadyCommand", in_sequence=True, hostId=1, hostUuid="u-1", hostName="kvm-0001")
        (answer,) = story.edge.take()
        assert answer.header == raw(0x06, asked.sequence, answer.header.size_bytes, SERVER, 1, 1)
        assert answer.messages()[0].java_class == API + "ReadyAnswer"
    assert (story.host.host_id, story.host.host_uuid, story.host.host_name) == (1, "u-1", "kvm-0001")


def test_pings_tell_of_running_vms_as_in_the_worked_example() -> None:
    story = Story()
    story.up()
    story.ask("ModifyStoragePoolCommand", add=True, pool={"uuid": "11111111-2222-3333-4444-555555555555"})
    start_vm(story.host, 10)
    story.edge.take()
    story.edge.advance(60)
    (ping,) = story.edge.take()
    assert ping.header == raw(0x03, 1, ping.header.size_bytes, -1, 1, 1)
    (message,) = ping.messages()
    assert message == Message(
        API + "PingRoutingCommand",
        {
            "_hostVmStateReport": {"i-2-10-VM": {"state": "PowerOn", "host": "kvm-000001"}},
            "_gatewayAccessible": True,
            "_vnetAccessible": True,
            "hostType": "Routing",
            "hostId": 1,
            "outOfBand": False,
            "commandInfos": [],
            "contextMap": {},
            "wait": 0,
            "bypassHostMaintenance": False,
        },
    )
    story.edge.advance(60)
    assert [frame.header.sequence for frame in story.edge.take()] == [2]


def test_a_ping_answer_may_ask_for_startup_on_the_same_link() -> None:
    story = Story()
    story.up()
    story.edge.advance(60)
    (ping,) = story.edge.take()
    answer = {"_command": ping.messages()[0].body, "sendStartup": True, "avoidMsList": ["10.0.0.7"], "result": True}
    story.answer(ping, encode_payload([Message(API + "PingAnswer", answer)]))
    (again,) = story.edge.take()
    assert again.messages()[0].name == "StartupRoutingCommand"
    assert again.messages()[0].body["id"] == 1
    assert (again.header.sequence, again.header.host_id) == (2, 1)
    assert story.host.avoid == ("10.0.0.7",)
    story.answer(again, startup_answer(60))
    story.answer(again, startup_answer(60, host_id=1, host_uuid="u", host_name="kvm-000001"))
    assert (story.host.host_id, story.edge.closed) == (1, 0)
    story.edge.advance(60)
    assert len(story.edge.take()) == 1  # one timer, not two


def test_a_ping_answer_without_the_ping_is_ignored() -> None:
    story = Story()
    story.up()
    story.edge.advance(60)
    (ping,) = story.edge.take()
    story.answer(ping, encode_payload([Message(API + "PingAnswer", {"sendStartup": True})]))
    assert story.edge.take() == []


def test_answers_echo_what_they_answer() -> None:
    story = Story()
    story.up()
    for in_sequence, flags, back in ((False, 0x23, 0x02), (True, 0x27, 0x06)):
        asked = story.ask("CheckHealthCommand", in_sequence=in_sequence)
        assert asked.flags == flags
        (answer,) = story.edge.take()
        assert answer.header == raw(back, asked.sequence, answer.header.size_bytes, SERVER, 1, 1)
    asked = story.ask("CheckHealthCommand", stop_on_error=False)
    (answer,) = story.edge.take()
    assert (asked.flags, answer.header.flags) == (0x21, 0x00)


def test_commands_after_a_failed_one_are_stopped_where_asked() -> None:
    story = Story()
    story.up()
    story.ask("CheckHealthCommand", "NonsenseCommand", "CheckHealthCommand")
    answers = story.edge.take()[0].messages()
    assert [a.result for a in answers] == [True, False, False]
    assert (answers[2].java_class, answers[2].details) == (API + "Answer", "Stopped by previous failure")
    story.ask("CheckHealthCommand", "NonsenseCommand", "CheckHealthCommand", stop_on_error=False)
    assert [a.result for a in story.edge.take()[0].messages()] == [True, False, True]


def test_five_requests_at_once_answered_as_they_end() -> None:
    slow = Behaviour(
        {"CheckHealthCommand": (Outcome(delay_seconds=10),), "PingTestCommand": (Outcome(delay_seconds=1),)}
    )
    story = Story(slow)
    story.up()
    first = story.ask("CheckHealthCommand")
    second = story.ask("PingTestCommand")
    story.edge.advance(2)
    assert [frame.header.sequence for frame in story.edge.take()] == [second.sequence]
    for _ in range(4):
        story.ask("CheckHealthCommand")
    sixth = story.ask("CheckHealthCommand")
    story.edge.advance(10)
    answered = [frame.header.sequence for frame in story.edge.take()]
    assert len(answered) == 5
    assert (answered[0], sixth.sequence in answered) == (first.sequence, False)
    story.edge.advance(10)
    assert [frame.header.sequence for frame in story.edge.take()] == [sixth.sequence]


def test_too_many_waiting_requests_cost_the_link() -> None:
    story = Story(Behaviour({"CheckHealthCommand": (Outcome(delay_seconds=10),)}))
    story.up()
    for _ in range(AGENT_REQUESTS_WAITING + 5):
        story.ask("CheckHealthCommand")
    with pytest.raises(ProtocolError):
        story.ask("CheckHealthCommand")


def test_work_outlives_its_link_and_its_answer_does_not() -> None:
    story = Story(Behaviour({"StopCommand": (Outcome(delay_seconds=5),)}))
    story.up()
    story.ask("ModifyStoragePoolCommand", add=True, pool={"uuid": "11111111-2222-3333-4444-555555555555"})
    start_vm(story.host, 10)
    story.ask("StopCommand", vmName="i-2-10-VM")
    story.edge.take()
    story.session.lost()
    story.up()
    story.edge.advance(5)
    assert story.host.hypervisor.power("i-2-10-VM") == "PowerOff"
    assert story.edge.take() == []


def test_a_dead_host_finishes_nothing() -> None:
    story = Story(Behaviour({"CheckHealthCommand": (Outcome(delay_seconds=5),)}))
    story.up()
    for _ in range(7):
        story.ask("CheckHealthCommand")
    story.session.die()
    story.session.revive(1.0)
    story.up()
    story.edge.advance(20)
    assert story.edge.take() == []
    story.ask("CheckHealthCommand")
    story.edge.advance(5)
    assert len(story.edge.take()) == 1


def test_failures_and_lost_answers_come_from_the_behaviour() -> None:
    story = Story(
        Behaviour({"StartCommand": (Outcome(failure="no more"),), "CheckHealthCommand": (Outcome(lost=True),)})
    )
    story.up()
    story.ask("StartCommand", vm={"id": 3})
    (answer,) = story.edge.take()[0].messages()
    assert (answer.name, answer.result, answer.details, answer.body["vm"]) == (
        "StartAnswer",
        False,
        "no more",
        {"id": 3},
    )
    story.ask("CheckHealthCommand")
    assert story.edge.take() == []


def test_java_waits_ten_seconds_and_then_five_each_time() -> None:
    story = Story(Behaviour(reconnection=Reconnection(10.0, 5.0, 0.0)))
    story.up()
    story.session.lost()
    story.session.failed()
    story.session.failed()
    assert story.edge.dials == [10.0, 5.0, 5.0]
    assert not story.host.ready


def test_a_rejection_ends_the_process_which_is_started_again() -> None:
    story = Story()
    story.session.connected()
    ready = encode_payload([command("ReadyCommand", _details="no such cluster")])
    message = server_request(ready, sequence=-1, management_server_id=-1, host_id=-1, in_sequence=True)
    story.edge.take()
    story.session.received(decode_frame(message))
    assert (story.edge.refusals, story.edge.closed, story.edge.dials) == (["no such cluster"], 1, [10.0])
    assert story.edge.take() == []


def test_a_deleted_host_answers_and_never_comes_back() -> None:
    story = Story()
    story.up()
    story.ask("ShutdownCommand", reason="deleteHost", removeHost=False)
    (answer,) = story.edge.take()
    assert answer.messages()[0].result
    story.edge.advance(1)
    story.session.failed()
    assert (story.edge.closed, story.edge.dials) == (1, [])


def test_good_bye_as_in_the_worked_example() -> None:
    story = Story()
    story.up()
    story.session.leave()
    (frame,) = story.edge.take()
    assert frame.header == raw(0x07, -1, frame.header.size_bytes, -1, -1, 1)
    (message,) = frame.messages()
    assert (message.name, message.body["reason"], message.body["removeHost"]) == ("ShutdownCommand", "sig.kill", False)


def test_a_cron_command_is_answered_again_and_again_with_its_sequence() -> None:
    story = Story()
    story.up()
    asked = story.ask("CleanupNetworkRulesCmd", interval=1800)
    story.edge.advance(3600)
    answers = [frame for frame in story.edge.take() if not frame.header.is_request]
    assert [frame.header.sequence for frame in answers] == [asked.sequence] * 3
    story.session.lost()
    story.edge.advance(3600)
    assert story.edge.take() == []


def test_an_agent_moves_to_another_server_and_says_so_once() -> None:
    story = Story()
    story.up()
    story.ask("MigrateAgentConnectionCommand", msList=["10.0.0.1", "10.0.0.2"], avoidMsList=["10.0.0.1"])
    story.edge.take()
    story.edge.advance(3)
    assert (story.edge.closed, story.edge.dials) == (1, [0.0])
    story.session.connected()
    (startup,) = story.edge.take()
    assert startup.messages()[0].body["connectionTransferred"] is True
    assert startup.messages()[0].body["msHostList"] == "10.0.0.1,10.0.0.2"
    story.answer(startup, startup_answer(60))
    story.session.lost()
    story.session.connected()
    assert story.edge.take()[0].messages()[0].body["connectionTransferred"] is False


def test_a_list_of_servers_is_kept() -> None:
    story = Story()
    story.up()
    lists = {
        "msList": ["a", "b"],
        "avoidMsList": ["b"],
        "lbAlgorithm": "shuffle",
        "lbCheckInterval": 0,
        "triggerHostLb": False,
    }
    story.ask(LB + "SetupMSListCommand", **lists)
    assert (story.host.servers, story.host.avoid, story.host.algorithm) == (("a", "b"), ("b",), "shuffle")


def test_an_agent_moves_to_its_preferred_server_once_that_can_be_reached() -> None:
    story = Story(Behaviour({"CheckHealthCommand": (Outcome(delay_seconds=15),)}))
    story.up()
    lists = {"msList": ["a", "b"], "avoidMsList": [], "lbAlgorithm": "static", "triggerHostLb": True}
    story.ask(LB + "SetupMSListCommand", **lists, lbCheckInterval=10)
    story.edge.advance(1)
    assert (story.edge.probes, story.edge.dials) == (1, [])
    story.edge.advance(9)
    assert (story.edge.probes, story.edge.dials) == (2, [])
    story.edge.preferred_reachable = True
    story.ask("CheckHealthCommand")
    story.edge.advance(10)
    assert (story.edge.probes, story.edge.dials) == (3, [])  # not while it works
    story.edge.advance(10)
    assert (story.edge.probes, story.edge.dials, story.edge.closed) == (4, [0.0], 1)
    story.edge.advance(100)
    assert story.edge.probes == 4


def test_a_frozen_agent_says_nothing_until_it_thaws() -> None:
    story = Story(Behaviour({"CheckHealthCommand": (Outcome(delay_seconds=5),)}))
    story.up()
    story.ask("CheckHealthCommand")
    story.session.frozen = True
    story.edge.advance(200)
    assert story.edge.take() == []
    story.session.heal()
    story.edge.advance(1)
    names = [frame.messages()[0].name for frame in story.edge.take()]
    assert names == ["PingRoutingCommand", "CheckHealthAnswer"]


def test_a_cancel_between_servers_is_nothing_to_an_agent() -> None:
    story = Story()
    story.up()
    header = Header(0x63, -1, 0, SERVER, 1, 1)
    story.session.received(Frame(header, encode_payload([command("CancelCommand", sequence=5, reason="x")])))
    assert story.edge.take() == []
