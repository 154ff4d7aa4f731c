"""`default.page.size` is default and maximum of every list, and follows the setting."""

from __future__ import annotations

from tests.api import Api
from tests.refusal import refused


async def test_the_setting_bounds_pages(api: Api) -> None:
    await refused(
        api.admin.call("listOsTypes", page=1, pagesize=501),
        431,
        "page size value: 500",
    )
    await api.admin.call("updateConfiguration", name="default.page.size", value="20")
    listed = await api.admin.call("listOsTypes")
    assert listed["count"] > 20
    assert len(listed["ostype"]) == 20
    await refused(
        api.admin.call("listOsTypes", page=1, pagesize=21),
        431,
        "page size value: 20",
    )
    assert len((await api.admin.call("listOsTypes", pagesize=-1))["ostype"]) == listed["count"]
