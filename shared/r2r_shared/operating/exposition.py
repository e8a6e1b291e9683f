"""What was found, in Prometheus' words: the metrics of `r2r metrics`, their names and what they mean.

Counters are sums over rows, and rows go when a film is removed or tried again from its start. A sum that falls would
look to Prometheus like a counter that began anew, and be added whole. So a counter stands still where its sum falls,
for as long as this process lives; a restart after that begins at the sum again, which `rate()` takes for a reset once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from r2r_shared import __version__, names
from r2r_shared.queries.gauges import Gauges

SEGMENT_STATES = ("blocked", "queued", "running", "done", "failed", "cancelled")
JOB_STATES = ("queued", "running", "done", "failed", "cancelled")
JOB_KINDS = ("ingest", "paintings", "match")
REASONS = ("silent", "decoder", "refused", "unavailable", "memory", "bug")
_STANDS_STILL = "; stands still where rows are removed"


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at one moment.

    Attributes:
        rows: None where the database does not answer, or has no tables that could be counted.
        depths: messages that wait, by queue; None where the broker does not answer.
        took_s: for reading the rows.
    """

    rows: Gauges | None
    depths: dict[str, int] | None
    took_s: float


@dataclass(slots=True)
class Rising:
    """Sums that may fall, as counters that do not."""

    _seen: dict[Hashable, float] = field(default_factory=dict[Hashable, float])
    _gone: dict[Hashable, float] = field(default_factory=dict[Hashable, float])

    def __call__(self, key: Hashable, total: float) -> float:
        """The counter of that key, whose sum is `total` now."""
        fallen = max(self._seen.get(key, total) - total, 0.0)
        self._gone[key] = self._gone.get(key, 0.0) + fallen
        self._seen[key] = total
        return total + self._gone[key]

    def known(self) -> list[Hashable]:
        """The keys that were ever asked for: a group without rows has a counter all the same."""
        return list(self._seen)


def metrics(look: Look, rising: Rising) -> Iterator[Metric]:
    """All metrics of a look. Where a server is away, that alone is said: old numbers are not repeated.

    Args:
        rising: of all looks that one process shows.
    """
    yield _gauge("r2r_build_info", "1, labelled with the version of Reel to Real", [((__version__,), 1)], ["version"])
    yield _gauge("r2r_database_up", "1 while Postgres answers and can count", [((), look.rows is not None)])
    yield _gauge("r2r_broker_up", "1 while Redis answers", [((), look.depths is not None)])
    if look.depths is not None:
        yield _gauge(
            "r2r_broker_messages",
            "Messages in Redis that no worker has taken, by queue. They are hints: r2r_segments is what there is to do",
            [((queue,), depth) for queue, depth in look.depths.items()],
            ["queue"],
        )
    if look.rows is not None:
        yield _gauge("r2r_collection_seconds", "Seconds that counting the rows took", [((), look.took_s)])
        yield from _states(look.rows)
        yield from _leases(look.rows)
        yield from _counters(look.rows, rising)


def _states(rows: Gauges) -> Iterator[Metric]:
    """How much there is of what; a zero for each kind and state that there could be."""
    segments = {
        (queue, kind, state): 0 for kind, queue in sorted(names.QUEUE_OF.items()) for state in SEGMENT_STATES
    } | {(group.queue, group.kind, group.state): group.count for group in rows.segments}
    yield _gauge("r2r_segments", "Segments, by queue, kind and state", segments.items(), ["queue", "kind", "state"])
    jobs = {(kind, state): 0 for kind in JOB_KINDS for state in JOB_STATES} | {
        (kind, state): count for kind, state, count in rows.jobs
    }
    yield _gauge("r2r_jobs", "Jobs, by kind and state", jobs.items(), ["kind", "state"])


def _leases(rows: Gauges) -> Iterator[Metric]:
    yield _gauge(
        "r2r_oldest_lease_age_seconds",
        "Seconds since the last heartbeat of the running segment that was heard least; 0 where none runs",
        [((), rows.oldest_lease_s)],
    )
    yield _gauge(
        "r2r_stale_leases", "Running segments that have been silent for longer than a lease", [((), rows.stale_leases)]
    )
    yield _gauge("r2r_workers_holding_leases", "Workers that hold a segment", [((), rows.workers)])
    waiting = dict.fromkeys(names.QUEUES, 0.0) | rows.oldest_queued_s
    yield _gauge(
        "r2r_oldest_queued_age_seconds",
        "Seconds since the oldest job was asked for that has a segment in the queue; 0 where none waits",
        [((queue,), age_s) for queue, age_s in waiting.items()],
        ["queue"],
    )
    yield _gauge(
        "r2r_beat_sweep_age_seconds",
        "Seconds since a host's beat swept last",
        [((host,), age_s) for host, age_s in rows.sweep_s.items()],
        ["host"],
    )


def _counters(rows: Gauges, rising: Rising) -> Iterator[Metric]:
    done = [group for group in rows.segments if group.state == "done"]
    segments = {("segments", queue, kind): 0 for kind, queue in sorted(names.QUEUE_OF.items())}
    segments |= {key: 0 for key in rising.known() if isinstance(key, tuple) and key[0] == "segments"}
    segments |= {("segments", group.queue, group.kind): group.count for group in done}
    family = CounterMetricFamily(
        "r2r_segments_done", f"Segments that were finished{_STANDS_STILL}", labels=["queue", "kind"]
    )
    for key, count in segments.items():
        family.add_metric(key[1:], rising(key, count))
    yield family
    for name, about, total in (
        ("r2r_frames_done", "Frames of film that were analysed", sum(group.frames for group in done)),
        ("r2r_decode_seconds", "Wall seconds that decoders worked", sum(group.decode_s for group in done)),
        ("r2r_model_seconds", "Wall seconds that metrics and models worked", sum(group.model_s for group in done)),
        ("r2r_match_seconds", "Wall seconds that films were matched", sum(group.match_s for group in done)),
    ):
        yield CounterMetricFamily(name, f"{about}{_STANDS_STILL}", value=rising(name, total))
    failures = CounterMetricFamily(
        "r2r_failures", f"Attempts that did not end well, by reason{_STANDS_STILL}", labels=["reason"]
    )
    for reason, count in (dict.fromkeys(REASONS, 0) | rows.failures).items():
        failures.add_metric([reason], rising(("failures", reason), count))
    yield failures


def _gauge(
    name: str, about: str, samples: Iterable[tuple[tuple[str, ...], float]], labels: list[str] | None = None
) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels or [])
    for values, number in samples:
        family.add_metric(values, float(number))
    return family
