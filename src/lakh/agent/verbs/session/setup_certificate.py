"""SetupCertificateCommand: a new certificate, for itself or for a system VM (agent-protocol 3.7)."""

from __future__ import annotations

from sys import intern

from lakh.agent.dispatch import ALL_AGENTS, done, verb
from lakh.agent.host import HOST, Agent, Keystore, Reconnect
from lakh.agent.hypervisor import RefusedError
from lakh.wire.certificates import CertificateError, der_key_pem, key_der, read_certificate
from lakh.wire.message import CA, Message

_PAUSE_SECONDS = 5.0
_REASON = "Restarting due to new X509 certificates"


@verb(CA + "SetupCertificateCommand", answer=CA + "SetupCertificateAnswer", agents=ALL_AGENTS, early=True)
def set_up_certificate(agent: Agent, command: Message) -> Message:
    """Refuses a certificate that is not for this agent's key. With handleByAgent=false it is a system VM's own."""
    body = command.body
    if not body.get("handleByAgent"):
        return done(CA + "SetupCertificateAnswer")
    private = str(body.get("privateKey") or "").encode()
    if not private and not agent.new_key and agent.keystore is None:
        raise RefusedError("there is no key: SetupKeyStoreCommand must come first")
    try:
        key = agent.new_key or (agent.keystore.key if agent.keystore else b"")
        made = read_certificate(body["certificate"].encode(), private or der_key_pem(key))
    except CertificateError as error:
        raise RefusedError(str(error)) from None
    agent.keystore = Keystore(key_der(made.key), made.certificate_der(), intern(body.get("caCertificates") or ""))
    agent.new_key = b""
    if agent.kind == HOST:
        agent.wishes.append(Reconnect(_PAUSE_SECONDS, reason=_REASON))
    return done(CA + "SetupCertificateAnswer")
