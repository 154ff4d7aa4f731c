"""`python -m lakh.cli`: the same as the `lakh` script."""

from __future__ import annotations

from lakh.cli.main import main

main()
