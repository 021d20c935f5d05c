"""How Hypothesis runs our examples: none has a time limit, for a pause of the machine is no fault.

Owns that alone: the rest stays what it is by default, which in CI is an order that repeats.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

NAME = "patient"


def be_patient() -> None:
    """For a folder's conftest. What a test says of itself counts before it."""
    calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile(NAME, calm)
    settings.load_profile(NAME)
