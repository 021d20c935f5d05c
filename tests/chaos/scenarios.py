"""All scenarios, in the order in which they are played."""

from __future__ import annotations

from tests.chaos import (
    scenarios_clients,
    scenarios_losses,
    scenarios_mixture,
    scenarios_nodes,
    scenarios_store,
)
from tests.chaos.stage import Scenario

ALL: list[Scenario] = [
    *scenarios_nodes.SCENARIOS,
    *scenarios_store.SCENARIOS,
    *scenarios_losses.SCENARIOS,
    *scenarios_clients.SCENARIOS,
    *scenarios_mixture.SCENARIOS,
]
