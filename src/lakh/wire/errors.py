"""What can be wrong with bytes from a peer. Nothing else may escape from decoding, however hostile the bytes."""

from __future__ import annotations

from lakh.base.errors import LakhError


class ProtocolError(LakhError):
    """The peer broke the agent protocol. The connection cannot be used any more and must be dropped."""


class PeerClosedError(ProtocolError):
    """The peer ended its TLS session in order, by a close_notify alert."""
