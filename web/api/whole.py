"""A server of several processes answers as one, whichever of them is asked.

Owns the pages that they ask of one another, and how several become one: numbers are shown by
process, and the server takes traffic when one of them does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from engine.wire import HealthReason
from web.api.seam import Node

READY, METRICS, WHY = "ready", "metrics", "why"
_GRAVEST: Sequence[HealthReason] = (
    *("store_away", "restarting", "no_documents", "overloaded", "words_only"),
)
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S.*)")
_FAMILY = re.compile(r"# (?:TYPE|HELP) (\S+)")
# Samples of one family carry these behind its name, for histograms and summaries.
_ENDINGS = re.compile(r"_(?:bucket|sum|count|total|created)$")


def pages(node: Node) -> dict[str, Callable[[], bytes]]:
    """What this process tells the others."""
    return {
        READY: lambda: msgspec.json.encode(node.ready()),
        METRICS: node.metrics,
        WHY: lambda: msgspec.json.encode(node.why()),
    }


def reasons(node: Node) -> list[str]:
    """Why the server takes no traffic; [] when one of its processes does."""
    own = node.ready()
    if not own:
        return []
    for page in node.others(READY).values():
        if page == b"[]":
            return []
    return own


def why(node: Node) -> HealthReason | None:
    """What keeps suggestions from being at their best, in any of the processes."""
    told = [node.why(), *(_reason(page) for page in node.others(WHY).values())]
    return min((one for one in told if one is not None), key=_GRAVEST.index, default=None)


def _reason(page: bytes) -> HealthReason | None:
    found: HealthReason | None = msgspec.json.decode(page, type=HealthReason | None)
    return found


def metrics(node: Node) -> bytes:
    """The numbers of every process that answers, with its number as the label `process`; as
    they are where there is only one."""
    own = node.metrics()
    if not node.number:
        return own
    texts = {node.number: own, **node.others(METRICS)}
    return merge({str(n): texts[n].decode() for n in sorted(texts)}).encode()


def merge(texts: Mapping[str, str]) -> str:
    """Prometheus' text out of several, each sample labelled by the key of its text. A family's
    comments are said once, before its samples."""
    families: dict[str, tuple[list[str], list[str]]] = {}
    for process, text in texts.items():
        family = ""
        for line in text.splitlines():
            comment = _FAMILY.match(line)
            if comment is not None:
                family = comment[1]
                comments, _ = families.setdefault(family, ([], []))
                if line not in comments:
                    comments.append(line)
                continue
            sample = _SAMPLE.fullmatch(line)
            if sample is None:
                continue
            name, labels, value = sample.groups()
            if name != family and _ENDINGS.sub("", name) != _ENDINGS.sub("", family):
                family = name
            more = f"{labels}," if labels else ""
            found = families.setdefault(family, ([], []))[1]
            found.append(f'{name}{{{more}process="{process}"}} {value}')
    lines: list[str] = []
    for comments, samples in families.values():
        lines += comments
        lines += samples
    return "\n".join(lines) + "\n"
