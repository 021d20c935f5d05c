"""What became of the suggestions of a world's call: what tests of them ask again and again."""

from __future__ import annotations

from tests.actors.acts import KEY
from tests.actors.world import World

OUTCOMES = ("shown", "unchanged", "quiet", "superseded", "failed")


def outcomes(world: World) -> dict[str, int]:
    counts = world.context.counts
    return {
        name: counts[f"suggestions:{name}"] for name in OUTCOMES if counts[f"suggestions:{name}"]
    }


def triggers(world: World) -> list[str]:
    return [because for because, _, _ in world.proposals]


def events(world: World) -> list[str]:
    page = world.log.read(KEY, 0, 99)
    assert page is not None
    return [event.event for event in page.events]
