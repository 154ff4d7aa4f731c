"""What clients ask for that is not here: the answers they expect of a cloud without it (api-tiers, Tier 0)."""

from __future__ import annotations

import pytest
from tests.api import Api
from tests.refusal import refused

EMPTY = {
    "listLdapConfigurations": "ldapconfigurationresponse",
    "listIdps": "listidpsresponse",
    "listOauthProvider": "listoauthproviderresponse",
    "listGuiThemes": "listguithemesresponse",
    "listAndSwitchSamlAccount": "listandswitchsamlaccountresponse",
    "listHSMProfiles": "listhsmprofilesresponse",
    "listKubernetesClusters": "listkubernetesclustersresponse",
    "listProjects": "listprojectsresponse",
    "listVPCs": "listvpcsresponse",
    "listVPCOfferings": "listvpcofferingsresponse",
    "listSnapshots": "listsnapshotsresponse",
    "listVMSnapshot": "listvmsnapshotresponse",
}
BEFORE_LOGIN = ("listIdps", "listOauthProvider", "listGuiThemes", "forgotPassword")


@pytest.mark.parametrize("command", EMPTY)
async def test_an_empty_list_for_everyone(api: Api, command: str) -> None:
    ann = await api.user("ann")
    for tenant in (api.admin, ann) if command != "listIdps" else (api.admin,):
        answer = await tenant.get(command=command, response="json")
        assert (answer.status, answer.body) == (200, f'{{"{EMPTY[command]}":{{}}}}'.encode())


@pytest.mark.parametrize("command", BEFORE_LOGIN)
async def test_asked_before_anybody_logs_in(api: Api, command: str) -> None:
    stranger = api.client()
    answer = await stranger.get(f"command={command}&response=json")
    assert answer.status == 200
    expected = b'{"enabled":false}' if command == "forgotPassword" else b"{}"
    assert answer.body == b'{"' + command.lower().encode() + b'response":' + expected + b"}"


async def test_what_is_not_there_has_no_members(api: Api) -> None:
    assert await api.admin.call("cloudianIsEnabled") == {"cloudianisenabled": {"enabled": False}}
    gone = "11111111-2222-3333-4444-555555555555"
    await refused(api.admin.call("listVPCs", id=gone), 431, "Invalid parameter id value")
    await refused(api.admin.call("listSnapshots", pagesize=1), 431, '"page" parameter is required')
    await refused(api.admin.call("listProjects", account="nobody"), 431, "could not find account")
