"""Every filter of the lists of service and disk offerings, and what creating them takes, by two values each."""

from __future__ import annotations

from typing import Any

from tests.api import Api
from tests.filters import Filters


async def test_service_offerings(api: Api) -> None:
    admin = api.admin
    for service in (await admin.call("listServiceOfferings"))["serviceoffering"]:
        await admin.call("deleteServiceOffering", id=service["id"])
    made: list[dict[str, Any]] = []
    for name, cpus, speed, memory, storage, rate in (
        ("small", 1, 500, 512, "shared", 100),
        ("large", 4, 2000, 4096, "local", 200),
    ):
        answer = await admin.call(
            "createServiceOffering", name=name, displaytext=f"{name} one", cpunumber=cpus, cpuspeed=speed,
            memory=memory, storagetype=storage, networkrate=rate, offerha=name == "large", limitcpuuse=name == "large",
            tags=f"{name}-disks", hosttags=f"{name}-hosts", rootdisksize=cpus * 10, isvolatile=name == "large",
            provisioningtype="thin" if name == "small" else "fat", diskofferingstrictness=name == "large",
            dynamicscalingenabled=name == "small",
        )  # fmt: skip
        made.append(answer["serviceoffering"])
    small, large = made
    assert (small["rootdisksize"], large["rootdisksize"]) == (10, 40)
    offerings = Filters(admin, "listServiceOfferings", "serviceoffering")
    await offerings.tell("id", {small["id"]: ["small"], large["id"]: ["large"]})
    await offerings.tell("name", {"small": ["small"], "large": ["large"]})
    await offerings.tell("keyword", {"SMA": ["small"], "large o": ["large"]})
    await offerings.tell("cpunumber", {1: ["small"], 4: ["large"]})
    await offerings.tell("memory", {512: ["small"], 4096: ["large"]})
    await offerings.tell("cpuspeed", {500: ["small"], 2000: ["large"]})
    await offerings.tell("storagetype", {"shared": ["small"], "local": ["large"]})
    await offerings.pages()
    await admin.call("updateServiceOffering", id=large["id"], state="inactive")
    await offerings.tell("state", {"active": ["small"], "inactive": ["large"]})
    system = Filters(admin, "listServiceOfferings", "serviceoffering", shown="systemvmtype", issystem=True)
    await system.tell(
        "systemvmtype", {"consoleproxy": ["consoleproxy"] * 2, "secondarystoragevm": ["secondarystoragevm"] * 2}
    )


async def test_disk_offerings(api: Api) -> None:
    admin = api.admin
    for disk in (await admin.call("listDiskOfferings"))["diskoffering"]:
        await admin.call("deleteDiskOffering", id=disk["id"])
    made = []
    for name, size, storage, rate in (("slim", 5, "shared", 1000), ("wide", 50, "local", 2000)):
        answer = await admin.call(
            "createDiskOffering", name=name, displaytext=f"{name} one", disksize=size, storagetype=storage,
            tags=f"{name}-disks", iopsreadrate=rate, iopswriterate=rate + 1, bytesreadrate=rate + 2,
            byteswriterate=rate + 3, displayoffering=name == "slim", disksizestrictness=name == "wide",
            provisioningtype="thin" if name == "slim" else "sparse",
            cachemode="none" if name == "slim" else "writeback",
        )  # fmt: skip
        made.append(answer["diskoffering"])
    slim, wide = made
    offerings = Filters(admin, "listDiskOfferings", "diskoffering")
    await offerings.tell("id", {slim["id"]: ["slim"], wide["id"]: ["wide"]})
    await offerings.tell("name", {"slim": ["slim"], "wide": ["wide"]})
    await offerings.tell("keyword", {"SLI": ["slim"], "wide o": ["wide"]})
    await offerings.tell("storagetype", {"shared": ["slim"], "local": ["wide"]})
    await offerings.tell("encrypt", {True: [], False: ["slim", "wide"]})
    await offerings.pages()
    await admin.call("updateDiskOffering", id=wide["id"], state="inactive")
    await offerings.tell("state", {"active": ["slim"], "inactive": ["wide"]})
