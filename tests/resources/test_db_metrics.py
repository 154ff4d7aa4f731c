"""listDbMetrics over HTTP: what the store did, and which statements took its time."""

from __future__ import annotations

from tests.ground import Ground


async def test_the_store_tells_what_it_did(ground: Ground) -> None:
    admin = ground.api.admin
    before = (await admin.call("listDbMetrics"))["dbMetrics"]
    await admin.call("createZone", name="z", networktype="Advanced", dns1="192.0.2.1", internaldns1="192.0.2.2")
    told = (await admin.call("listDbMetrics"))["dbMetrics"]
    assert told["queries"] > before["queries"]
    assert (told["versioncomment"], told["replicas"]) == ("SQLite", [])
    assert told["version"].startswith("3.")
    assert 1 <= told["connections"] <= told["connectionsmax"]
    assert told["transactionswaiting"] == told["readswaiting"] == 0
    seconds = [each["seconds"] for each in told["statement"]]
    assert seconds == sorted(seconds, reverse=True)
    assert all(each["runs"] >= 1 for each in told["statement"])
    runs = {each["name"]: each["runs"] for each in told["statement"]}
    runs.pop("store.commit", None)
    assert sum(runs.values()) <= told["queries"]
