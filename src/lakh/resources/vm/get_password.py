"""getVMPassword: the password, encrypted with the VM's RSA key, so that only its owner can read it."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Integer, View
from lakh.resources.command import Call, SyncCommand
from lakh.resources.vm.access import user_vm


class VmPasswordView(View, kw_only=True):
    """The password in base64, encrypted by PKCS#1 v1.5."""

    encryptedpassword: str
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "password"


class GetVmPassword(
    SyncCommand,
    name="getVMPassword",
    answer=VmPasswordView,
    java_class="org.apache.cloudstack.api.command.user.vm.GetVMPasswordCmd",
):
    """Answers an Instance's password, encrypted with its SSH key."""

    id: Id = param("the Instance", required=True, entity="vm")

    async def run(self, call: Call) -> VmPasswordView:
        vm = await user_vm(call, self.id)
        if vm.password is not None:
            for line in (vm.public_keys or "").splitlines():
                key = load_ssh_public_key(line.encode())
                if isinstance(key, RSAPublicKey):
                    sealed = key.encrypt(vm.password.encode(), PKCS1v15())
                    return VmPasswordView(encryptedpassword=base64.b64encode(sealed).decode())
        raise ParameterError(
            f"No password for Instance {vm.uuid} can be shown: it needs a password-enabled template and an RSA SSH key"
        )
