"""What a verb works on: the agent's own memory, and for a KVM host its hypervisor.

A verb is a plain function; what must happen to the connection afterwards (reconnect, stop, run again) it writes down as
a wish, and the session grants it once the answer is on its way.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from lakh.agent.hypervisor import Facts, Hypervisor
from lakh.agent.images import ImageStores
from lakh.agent.router import Routers
from lakh.base.clock import Clock
from lakh.base.ids import UuidFactory

HOST = "host"
SECONDARY_STORAGE = "secondary storage"
CONSOLE_PROXY = "console proxy"


class Reconnect(NamedTuple):
    """Close the link and connect again, to the first server of the list, after a pause.

    `transfer`: the next Startup says connectionTransferred. `reason`: sent as ShutdownCommand's detail first.
    """

    after_seconds: float
    transfer: bool = False
    reason: str = ""


class Leave(NamedTuple):
    """Stop for good: the host was deleted."""


class RunAgain(NamedTuple):
    """A CronCommand: answer once more, with the same sequence, every so many seconds."""

    every_seconds: float


class Prefer(NamedTuple):
    """Look every so many seconds (0 is never) whether the list's first server can be reached, and move there.

    `now`: look at once too. `once`: only the first time, as for a shuffled list.
    """

    every_seconds: float
    now: bool
    once: bool


Wish = Reconnect | Leave | RunAgain | Prefer


class Keystore(NamedTuple):
    """An agent's key and certificate, DER, and the authorities that it trusts, PEM.

    There may be 100,000 of them: DER is a third less than PEM, and all agents share one text of their authorities.
    """

    key: bytes
    certificate: bytes
    authority: str


class Agent:
    """Any agent. `servers`: the management servers it was last told of; `first_servers`: those it was started with."""

    __slots__ = (
        "algorithm",
        "avoid",
        "clock",
        "dials_from",
        "first_servers",
        "host_id",
        "host_name",
        "host_uuid",
        "keystore",
        "kind",
        "new_key",
        "random",
        "ready",
        "servers",
        "uuids",
        "wishes",
    )

    def __init__(self, kind: str, clock: Clock, random: Random, uuids: UuidFactory) -> None:
        self.kind = kind
        self.clock = clock
        self.random = random
        self.uuids = uuids
        self.ready = False
        self.host_id = -1
        self.host_uuid = ""
        self.host_name = ""
        self.first_servers: tuple[str, ...] = ()
        self.servers: tuple[str, ...] = ()
        self.avoid: tuple[str, ...] = ()
        self.algorithm = ""
        self.keystore: Keystore | None = None
        self.new_key = b""  # DER; made for a certificate that has not come yet, while the old one goes on
        self.dials_from = ""  # an address besides its own that servers see it at
        self.wishes: list[Wish] = []

    @property
    def own_name(self) -> str:
        raise NotImplementedError

    @property
    def own_address(self) -> str:
        """The private address, empty where none is known."""
        raise NotImplementedError


class Place(NamedTuple):
    """Where a host belongs, as zone, pod and cluster are written in its properties: numeric ids, or names."""

    zone: str
    pod: str
    cluster: str


class Host(Agent):
    """A KVM host's agent. `rulesets` maps VM name to (VM id, security group ruleset number).

    `stats_asked`: when VM statistics were last asked for, on the agent's clock.
    """

    __slots__ = ("guid", "hypervisor", "images", "parameters", "place", "routers", "rulesets", "stats_asked")

    def __init__(
        self,
        guid: str,
        place: Place,
        hypervisor: Hypervisor,
        routers: Routers,
        images: ImageStores,
        clock: Clock,
        random: Random,
        uuids: UuidFactory,
    ) -> None:
        super().__init__(HOST, clock, random, uuids)
        self.guid = guid
        self.place = place
        self.hypervisor = hypervisor
        self.routers = routers
        self.images = images
        self.parameters: dict[str, str] = {}
        self.rulesets: dict[str, tuple[int, int]] | None = None
        self.stats_asked = clock.monotonic()

    def set_ruleset(self, vm: str, vm_id: int, ruleset: int) -> None:
        """The VM's security group rules are those of that number now."""
        if self.rulesets is None:
            self.rulesets = {}
        self.rulesets[vm] = (vm_id, ruleset)

    @property
    def facts(self) -> Facts:
        return self.hypervisor.facts

    @property
    def own_name(self) -> str:
        return self.facts.name

    @property
    def own_address(self) -> str:
        return self.facts.private_ip


class SystemVm(Agent):
    """The agent inside a secondary storage or console proxy VM. `boot` is its bootArgs as a map."""

    __slots__ = ("boot", "download_seconds", "downloads", "images", "name")

    def __init__(
        self,
        kind: str,
        name: str,
        boot: dict[str, str],
        images: ImageStores,
        clock: Clock,
        random: Random,
        uuids: UuidFactory,
    ) -> None:
        super().__init__(kind, clock, random, uuids)
        self.name = name
        self.boot = boot
        self.images = images
        self.downloads: dict[str, Download] = {}
        self.download_seconds = 0.0

    @property
    def own_name(self) -> str:
        return self.name

    @property
    def own_address(self) -> str:
        return self.boot.get("eth1ip", "")


class Download:
    """A download in progress: started when, how long it takes (seconds), and what it will leave."""

    __slots__ = ("install_path", "physical_bytes", "seconds", "size_bytes", "started", "stored", "url")

    def __init__(
        self, url: str, install_path: str, size_bytes: int, physical_bytes: int, started: float, seconds: float
    ) -> None:
        self.url = url
        self.install_path = install_path
        self.size_bytes = size_bytes
        self.physical_bytes = physical_bytes
        self.started = started
        self.seconds = seconds
        self.stored = False

    def percent(self, now: float) -> int:
        if self.seconds <= 0:
            return 100
        return max(0, min(100, int(100 * (now - self.started) / self.seconds)))
