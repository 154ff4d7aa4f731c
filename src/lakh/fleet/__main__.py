"""`python -m lakh.fleet`."""

from __future__ import annotations

import sys

from lakh.fleet.main import main

sys.exit(main())
