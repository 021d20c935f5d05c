"""What all tests of the core have in common."""

from __future__ import annotations

from tests.examples import be_patient

be_patient()
