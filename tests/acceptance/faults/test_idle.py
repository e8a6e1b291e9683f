"""An idle system leaves its database alone: at most one query a second per worker, counted by the server itself."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable

from psycopg import sql

from r2r_shared import db
from tests.acceptance.faults.cluster import Cluster, wait_until

WATCHED_S = 20.0


def test_two_idle_workers_and_a_beat(make_cluster: Callable[[], Cluster]) -> None:
    """As they are by default: a lease of a minute."""
    cluster = make_cluster()
    with db.connect(cluster.postgres.url("postgres"), autocommit=True) as admin:
        name = sql.Identifier(cluster.database)
        admin.execute(sql.SQL("ALTER DATABASE {} SET log_statement = 'all'").format(name))
    workers = [cluster.worker(R2R_LEASE_SECONDS="60") for _ in range(2)]
    cluster.start("beat", R2R_LEASE_SECONDS="60")
    # the models are warm, and each has swept: what it does from here on is what it does all night
    wait_until(lambda: cluster.log.read_text().count("loaded and warm") == len(workers), "warm models", 100)
    wait_until(lambda: len(sweepers(cluster, 0)) == len(workers) + 1, "three sweepers", 60)

    began_at = cluster.postgres.log.stat().st_size
    time.sleep(WATCHED_S)

    counted = statements(cluster, began_at)
    beats = sweepers(cluster, began_at, "INSERT INTO beats")
    print({pid: number / WATCHED_S for pid, number in counted.items()}, "statements a second; beat is", beats)
    assert len(beats) == 1
    assert len(counted) == len(workers) + 1, "nobody opens a connection for each look"
    for pid, number in counted.items():
        assert number, "the server logs what it is asked"
        assert number / WATCHED_S <= (2.0 if pid in beats else 1.0)


def statements(cluster: Cluster, since_byte: int) -> Counter[str]:
    """Statements in the server's log, by the process that served them."""
    with cluster.postgres.log.open("rb") as log:
        log.seek(since_byte)
        text = log.read().decode()
    return Counter(re.findall(r"^\S+ \S+ \S+ \[(\d+)\] LOG:  (?:statement|execute [^:]*):", text, re.MULTILINE))


def sweepers(cluster: Cluster, since_byte: int, said: str = "EXISTS (SELECT FROM jobs WHERE loose)") -> set[str]:
    """The server processes that were asked something."""
    with cluster.postgres.log.open("rb") as log:
        log.seek(since_byte)
        text = log.read().decode()
    entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", text, flags=re.MULTILINE)
    return {found[1] for entry in entries if said in entry and (found := re.search(r"\[(\d+)\]", entry))}
