"""Certificates in answers."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.view import View


class CertificateView(View):
    """PEM texts."""

    OBJECT: ClassVar[str] = "certificates"

    certificate: str | None = None
    privatekey: str | None = None
    cacertificates: str | None = None
