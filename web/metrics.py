"""Every number that /metrics shows: its name, what it means, its unit.

Owns the table and its exposition. Where the numbers come from is web/node_numbers.py's. The
names here are those of `Context.counts` and `StoreClient.counts`; outside they begin with
`earshot_`, and what counts ends in `_total`. Rendering is prometheus_client's: escaping, the
two text formats, and what it knows of the process (CPU, memory, descriptors). Its counters
are not used: one increment of theirs takes a lock, ours is an addition in a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' exposition format
PREFIX = "earshot_"


class Named(NamedTuple):
    """`label`: what tells the samples of a family apart; "" when it has one sample."""

    help: str
    label: str = ""


COUNTERS = {
    # Writing
    "appends": Named("Appends by what came of them, retries included", "answer"),
    "events_appended": Named("Events that this process brought into logs"),
    "commands_refused": Named("Commands to calls that were refused, by code", "code"),
    # Following
    "events_folded": Named("Events of other nodes by how they came: hint, moved, read", "way"),
    "epochs": Named("Logs met in a new epoch after the store restarted, or made anew", "how"),
    "refilled": Named("Events that the store lost, by what came of them here", "outcome"),
    "refill_waits": Named("Commands that waited for what the store lost to be brought back"),
    "fold_reads": Named("Reads of a log because a hint was missed, or might have been"),
    "hints_received": Named("Hints of other nodes"),
    "hints_unread": Named("Hints that were not read: our own, and what was none", "why"),
    "hint_links_lost": Named("Times the hints' connection broke: hints were lost"),
    "listings_lost": Named("Calls whose place in the lists was not kept: the sweep finds them"),
    "redacted": Named("What was hidden in transcript text, by kind", "kind"),
    # Delivering
    "behind": Named("Times a connection's socket had no room for an event"),
    "gaps_filled": Named("Chunks that brought a connection up to date, by source", "source"),
    "connections_reopened": Named("Connections told to come back, for a call's new epoch"),
    "sessions_closed": Named("Connections that the server ended, by code", "code"),
    "paint_reports": Named("Paint times that browsers reported"),
    # Coming in
    "connections_given": Named("Connections given to the process their session is in"),
    "handshakes_refused": Named(
        "Handshakes refused: the node leaves, is full, or takes no such page", "code"
    ),
    "requests_too_slow": Named("Connections shut down because a request took too long to arrive"),
    "sign_ins_refused": Named("Tokens that were refused, by code", "code"),
    "audit_lost": Named("Entries of the audit that found its queue full"),
    # Leading
    "leases": Named("Changes of leadership: taken, taken_over, lost", "change"),
    "suggestions": Named("Triggers of suggestions by outcome", "outcome"),
    "suggestions_shed": Named("Times a trigger found no capacity; it is asked again"),
    "model_requests": Named("Requests to the model that writes summaries, by outcome", "outcome"),
    "model_tokens": Named("Tokens that it took"),
    "model_lines": Named("Summary lines that a model was asked for, by outcome", "outcome"),
    "swept": Named("Calls that the sweep looked after: leaderless, repaired, abandoned", "why"),
    # Actors
    "messages_handled": Named("Messages that actors handled"),
    "mailbox_dropped": Named("Hints that found a mailbox full; their cursors saw it", "actor"),
    "mailbox_refused": Named("Commands that found a mailbox full: busy", "actor"),
    "dead_letters": Named("Messages that nobody handled, by reason", "reason"),
    "actor_failures": Named("Actors that ended by a fault"),
    "calls_parked": Named("Calls parked after repeated faults"),
    # The store
    "store_aways": Named("Times the store went away"),
    "store_moves": Named("Times another server took over, or slots of a cluster moved"),
    "store_connections_refused": Named("Times no connection of the pool came free in time"),
    "store_looks": Named("Looks at where a followed log ends"),
    "store_reads": Named("Reads of logs by purpose", "purpose"),
}
GAUGES = {
    "connections": Named("Connections"),
    "connections_behind": Named("Connections whose socket has no room for the next event"),
    "connections_slow": Named("Of those, the ones that took nothing for a second or more"),
    "calls_in_memory": Named("Calls that this process holds"),
    "calls_led": Named("Of those, the ones it leads: leases held"),
    "parked_calls": Named("Of those, the ones parked after repeated faults"),
    "mailbox_depth_max": Named("Messages in the fullest mailbox", "actor"),
    "timers": Named("Timers of actors"),
    "store_away": Named("1 while the store does not answer"),
    "store_link_up": Named("1 while the connection is there", "link"),
    "store_connections": Named("Connections of the pools in use"),
    "store_connections_most": Named("Of those, how many there may be"),
    "store_waiting": Named("Requests to the store without an answer", "what"),
    "ranking_up": Named("1 while the ranking process serves, or nobody needs it"),
    "ranking_starts": Named("Times the ranking process was started"),
    "ranking_waiting": Named("Questions to it without an answer"),
    "ranking_words_only": Named("1 while no embedding model works: words alone rank"),
    "documents_served": Named("Documents in the indexes"),
    "passages_served": Named("Their passages"),
    "documents_without_vectors": Named("Documents whose vectors are still to be made"),
    "draining": Named("1 while the process leaves"),
}
HISTOGRAMS = {
    "delivery_lag_seconds": Named(
        "From an event's arrival at the node that wrote it until all receivers here were offered "
        "it, one observation an event; what was written elsewhere by the clocks of two machines",
        "written",
    ),
}


class Histogram(NamedTuple):
    """`counts[i]` is of what is at most `bounds[i]`; one more of what is over all."""

    bounds: Sequence[float]
    counts: Sequence[int]
    sum: float


class Numbers(NamedTuple):
    """Name -> value. A name with a label is `name:label`."""

    counters: Mapping[str, float]
    gauges: Mapping[str, float]
    histograms: Mapping[str, Histogram]


def exposition(read: Callable[[], Numbers]) -> bytes:
    """What `read` gives, and the process's own numbers, as Prometheus' text."""
    registry = CollectorRegistry()
    registry.register(_Collector(read))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Collector:
    def __init__(self, read: Callable[[], Numbers]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        numbers = self._read()
        yield from _families(CounterMetricFamily, COUNTERS, numbers.counters)
        yield from _families(GaugeMetricFamily, GAUGES, numbers.gauges)
        yield from _histograms(numbers.histograms)


def _families(
    kind: type[CounterMetricFamily | GaugeMetricFamily],
    table: Mapping[str, Named],
    values: Mapping[str, float],
) -> Iterator[Metric]:
    """One family a name. A name without samples is shown only if it has no label: then as 0,
    so that a graph of it begins before the first fault. What is in no table is shown too."""
    samples: dict[str, list[tuple[str, float]]] = {
        name: [] if named.label else [("", 0.0)] for name, named in table.items()
    }
    for full_name, value in values.items():
        name, _, label = full_name.partition(":")
        if label:
            samples.setdefault(name, []).append((label, value))
        else:
            samples[name] = [("", value)]
    for name, found in samples.items():
        named = table.get(name, Named("(not described)", "kind" if found and found[0][0] else ""))
        if found:
            family = kind(PREFIX + name, named.help, labels=[named.label] if named.label else None)
            for label, value in found:
                family.add_metric([label] if named.label else [], value)
            yield family


def _histograms(values: Mapping[str, Histogram]) -> Iterator[Metric]:
    for name, named in HISTOGRAMS.items():
        family = HistogramMetricFamily(PREFIX + name, named.help, labels=[named.label])
        for full_name, found in values.items():
            of, _, label = full_name.partition(":")
            if of == name:
                family.add_metric([label], _buckets(found), found.sum)
        yield family


def _buckets(found: Histogram) -> list[tuple[str, float]]:
    """Each with those below it."""
    buckets: list[tuple[str, float]] = []
    below = 0
    for bound, count in zip((*found.bounds, float("inf")), found.counts, strict=True):
        below += count
        buckets.append(("+Inf" if bound == float("inf") else repr(bound), below))
    return buckets
