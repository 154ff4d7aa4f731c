"""User VMs as the API shows them: the answer's fields. `vm/views.py` fills them."""

from __future__ import annotations

from typing import Annotated

from lakh.contract.view import ApiDate, Integer, View, admin_only, as_set
from lakh.resources.affinity_group.view import AffinityGroupView
from lakh.resources.nic.view import NicView
from lakh.resources.security_group.view import SecurityGroupView
from lakh.resources.tag.view import TagView


class UserVmView(View, kw_only=True):
    """A user VM. What needs a level of `details` that was not asked for is absent, its sets are empty; host, instance
    name and `displayvm` are for root admins only."""

    id: str
    name: str
    displayname: str | None = None
    account: str
    userid: str | None = None
    username: str | None = None
    projectid: str | None = None
    project: str | None = None
    domainid: str
    domain: str
    domainpath: str | None = None
    created: ApiDate
    lastupdated: ApiDate | None = None
    state: str
    haenable: bool
    groupid: str | None = None
    group: str | None = None
    zoneid: str
    zonename: str
    hostid: str | None = None
    hostname: str | None = None
    hostcontrolstate: str | None = None
    templateid: str | None = None
    templatename: str | None = None
    templatetype: str | None = None
    templateformat: str | None = None
    templatedisplaytext: str | None = None
    passwordenabled: bool
    isoid: str | None = None
    isoname: str | None = None
    isodisplaytext: str | None = None
    serviceofferingid: str | None = None
    serviceofferingname: str | None = None
    diskofferingid: str | None = None
    diskofferingname: str | None = None
    cpunumber: Integer
    cpuspeed: Integer
    memory: Integer
    cpuused: str | None = None
    guestosid: str | None = None
    rootdeviceid: int | None = None
    rootdevicetype: str | None = None
    securitygroup: Annotated[list[SecurityGroupView], as_set]
    password: str | None = None
    nic: Annotated[list[NicView], as_set]
    hypervisor: str
    ipaddress: str | None = None
    publicipid: str | None = None
    publicip: str | None = None
    instancename: str | None = None
    details: dict[str, str]
    readonlydetails: str | None = None
    keypairs: str | None = None
    affinitygroup: Annotated[list[AffinityGroupView], as_set]
    displayvm: Annotated[bool | None, admin_only] = None
    isdynamicallyscalable: bool
    deleteprotection: bool
    ostypeid: str | None = None
    osdisplayname: str | None = None
    pooltype: str | None = None
    userdata: str | None = None
    userdataid: str | None = None
    userdataname: str | None = None
    vmtype: str | None = None
    arch: str
    tags: Annotated[list[TagView], as_set]
    hasannotations: bool
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "virtualmachine"
