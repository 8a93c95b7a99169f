"""What all rings share: property tests that do not fail for a busy machine's sake."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("purger", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("purger")
