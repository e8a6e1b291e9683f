"""The two candidate lists: what they prove is what the scan finds, and what they cannot prove is scanned."""

from __future__ import annotations

from dataclasses import replace

import pytest
from psycopg import sql

from r2r_shared.queries import candidates, features, indexes, matches, probes, ranges, search
from r2r_shared.queries.indexes import Expressions
from r2r_shared.queries.search import Search
from r2r_shared.score import DEFAULT, Weights, score_sql
from tests import synthetic
from tests.synthetic import Shot, World

DIM = 16


@pytest.fixture
def world():
    return World(dim=DIM)


@pytest.fixture
def profile_id(conn):
    return synthetic.add_profile(conn, dim=DIM)


def collection(conn, profile_id, paintings, **about):
    """Paintings with ranges and both indexes, small as they are."""
    ids = synthetic.add_paintings(conn, profile_id, paintings, **about)
    ranges.refresh(conn, profile_id)
    indexes.ensure_indexes(conn, profile_id, at_least=1)
    conn.execute("ANALYZE painting_features")
    return ids


def stored(conn, profile_id):
    return conn.execute(
        "SELECT keyframe_id, rank, painting_id, score FROM matches WHERE profile_id = %s ORDER BY 1, 2", (profile_id,)
    ).fetchall()


def of_lists(conn, profile_id, frame, *, length, k=10, weights=DEFAULT, year=None):
    """(painting ids, k-th score, bound) of lists of one length, whatever they prove."""
    seen = ranges.of_profile(conn, profile_id)
    planned = Search.plan(conn, profile_id, year=year, pictures=1)
    score = score_sql(weights, ranges.widths(seen))
    terms = probes.Terms(profile_id, k, weights, score, planned.paintings, planned.left_out)
    query = candidates.search(probes.given(frame), terms, Expressions(DIM, seen), length=length)
    (batch,) = probes.for_each(conn, [0], query, settings=candidates.settings(length))
    return [row[0] for row in batch[0]], batch[0][-1][1], batch[0][-1][5]


def test_lists_store_what_the_scan_stores(conn, world, profile_id):
    collection(conn, profile_id, world.draw(3000))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [frame]) for frame in world.draw(60)])

    done = matches.match_film(conn, film_id, profile_id, how="lists")
    by_lists = stored(conn, profile_id)
    matches.match_film(conn, film_id, profile_id, how="exact")

    assert (done.how, done.unproven) == ("lists", 0)
    pairs = set(stored(conn, profile_id))
    assert len(pairs & set(by_lists)) >= 0.995 * len(pairs)  # HNSW itself may miss one
    assert {row[:2] for row in by_lists} == {row[:2] for row in pairs}


def test_nothing_outside_the_lists_is_above_their_bound(conn, world, profile_id):
    paintings = world.draw(2000)
    ids = collection(conn, profile_id, paintings)
    columns = synthetic.stack(paintings)
    widths = ranges.widths(ranges.of_profile(conn, profile_id))
    far = {"avg_dof": 9000.0, "saturation": 255.0, "dc": (255.0,) * 9, "shadow": (0.0,) * 9, "balance": 255.0}
    frames = world.draw(12) + [replace(frame, **far) for frame in world.draw(4)]

    for weights in (DEFAULT, Weights.parse("dc=.4,contrast=.01")):
        for frame in frames:
            score_of = dict(zip(ids, synthetic.scores(frame, columns, widths, weights.named()), strict=True))
            for length in (20, 80, 320):
                got, _, bound = of_lists(conn, profile_id, frame, length=length, k=2 * length, weights=weights)
                outside = max(score for one, score in score_of.items() if one not in set(got))
                assert outside <= bound + 1e-6


def test_the_style_distance_is_at_most_the_loss_plus_the_excess(conn, world, profile_id):
    paintings = world.draw(400)
    collection(conn, profile_id, paintings)
    seen = ranges.of_profile(conn, profile_id)
    expressions = Expressions(DIM, seen)

    q, p = sql.Identifier("q"), sql.Identifier("p")
    for frame in [*world.draw(10), replace(world.draw(1)[0], dc=(0.0,) * 9, shadow=(255.0,) * 9, min_dof=-1e4)]:
        row = conn.execute(
            sql.SQL("""
                SELECT max(({style} <+> {style_of_q}) - ({excess}) - (1 - {semantic})), max({excess})
                  FROM ({probe}) AS q, painting_features AS p
            """).format(
                style=expressions.style(p),
                style_of_q=expressions.style(q, clamped=True),
                excess=expressions.excess(q),
                semantic=score_sql(DEFAULT, ranges.widths(seen)).semantic,
                probe=probes.given(frame),
            )
        ).fetchone()
        assert row[0] <= 1e-6
        assert row[1] >= 0


def test_longer_lists_find_more_and_prove_more(conn, world, profile_id):
    paintings = world.draw(3000)
    ids = collection(conn, profile_id, paintings)
    columns, widths = synthetic.stack(paintings), ranges.widths(ranges.of_profile(conn, profile_id))
    recalls, proofs = [], []
    for length in (10, 50, 800):
        recall = proven = 0
        for frame in world.draw(15):
            score_of = dict(zip(ids, synthetic.scores(frame, columns, widths, DEFAULT.named()), strict=True))
            wanted = sorted(ids, key=lambda one: -score_of[one])[:10]
            got, worst, bound = of_lists(conn, profile_id, frame, length=length)
            recall += len(set(got) & set(wanted))
            proven += worst > bound
            if worst > bound:
                assert set(got) == set(wanted)
        recalls.append(recall)
        proofs.append(proven)
    assert recalls[0] < recalls[1] <= recalls[2] == 150
    assert proofs[0] < proofs[1] < proofs[2]


def test_what_no_list_can_prove_is_scanned_or_said(conn, world, profile_id, monkeypatch):
    monkeypatch.setattr(candidates, "LENGTHS", (20,))
    collection(conn, profile_id, world.draw(1500))
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [frame]) for frame in world.draw(30)])
    matches.match_film(conn, film_id, profile_id, how="exact")
    exact = stored(conn, profile_id)

    scanned = matches.match_film(conn, film_id, profile_id, how="lists")
    assert (scanned.how, scanned.unproven) == ("lists", 0)
    assert stored(conn, profile_id) == exact

    monkeypatch.setattr(search, "EXACT_PAIRS", 10)
    said = matches.match_film(conn, film_id, profile_id, how="lists")
    assert 0 < said.unproven <= 30
    assert len(stored(conn, profile_id)) == len(exact)
    row = conn.execute("SELECT how, unproven FROM film_matches").fetchone()
    assert row == ("lists", said.unproven)


def test_paintings_left_out_leave_no_gap_in_the_lists(conn, world, profile_id):
    # Given nine of ten paintings younger than the film: an index scan that stopped early would come back short
    paintings = world.draw(3000)
    collection(conn, profile_id, paintings, years=[1800, *[1990] * 9])
    film_id, _, _ = synthetic.add_film(conn, profile_id, [Shot(4, [frame]) for frame in world.draw(20)], year=1927)

    done = matches.match_film(conn, film_id, profile_id, how="lists")
    by_lists = stored(conn, profile_id)
    matches.match_film(conn, film_id, profile_id, how="exact")

    assert done.paintings == 300
    assert by_lists == stored(conn, profile_id)
    got, _, _ = of_lists(conn, profile_id, world.draw(1)[0], length=100, k=100, year=1927)
    assert len(got) == 100


def test_auto_scans_until_it_is_too_much_and_there_are_indexes(conn, world, profile_id, monkeypatch):
    synthetic.add_paintings(conn, profile_id, world.draw(300))
    ranges.refresh(conn, profile_id)
    (frame,) = world.draw(1)
    monkeypatch.setattr(search, "EXACT_PAIRS", 1000)

    assert Search.plan(conn, profile_id, year=None, pictures=4).how == "exact"  # no indexes yet
    indexes.ensure_indexes(conn, profile_id, at_least=1)
    assert Search.plan(conn, profile_id, year=None, pictures=3).how == "exact"
    assert Search.plan(conn, profile_id, year=None, pictures=4).how == "lists"
    assert Search.plan(conn, profile_id, year=None, pictures=4, how="exact").how == "exact"
    assert matches.live(conn, frame, profile_id, how="lists") == matches.live(conn, frame, profile_id, how="exact")


def test_indexes_are_kept_for_large_collections_and_follow_the_ranges(conn, world, profile_id):
    paintings = world.draw(50)
    ids = synthetic.add_paintings(conn, profile_id, paintings)
    assert indexes.ensure_indexes(conn, profile_id, at_least=1) == []  # no ranges yet
    ranges.refresh(conn, profile_id)

    assert indexes.ensure_indexes(conn, profile_id) == []
    built = indexes.ensure_indexes(conn, profile_id, at_least=50)
    assert len(built) == 2
    assert indexes.ensure_indexes(conn, profile_id, at_least=50) == []

    # When a painting stretches a range, the index over styles is built anew and the old one goes

    features.write_paintings(
        conn, profile_id=profile_id, rows=[(ids[0], replace(paintings[0], contrast=255.0, balance=254.0))]
    )
    ranges.refresh(conn, profile_id)
    rebuilt = indexes.ensure_indexes(conn, profile_id, at_least=50)
    assert [name.rsplit("_", 1)[0] for name in rebuilt] == [f"painting_features_{profile_id}_style"]
    there = names(conn)
    assert set(rebuilt) < there
    assert len(there) == 2

    # When the collection shrinks, both go
    assert indexes.ensure_indexes(conn, profile_id, at_least=51) == []
    assert names(conn) == set()


def test_an_index_that_failed_half_way_is_not_trusted(conn, world, profile_id):
    collection(conn, profile_id, world.draw(30))
    conn.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid::regclass::text LIKE '%%visual'")

    assert Search.plan(conn, profile_id, year=None, pictures=10**9).how == "exact"
    assert indexes.ensure_indexes(conn, profile_id, at_least=1) == [f"painting_features_{profile_id}_visual"]
    assert Search.plan(conn, profile_id, year=None, pictures=10**9).how == "lists"


def test_the_lists_come_from_the_indexes(conn, world, profile_id):
    collection(conn, profile_id, world.draw(2000))
    (frame,) = world.draw(1)
    seen = ranges.of_profile(conn, profile_id)
    terms = probes.Terms(profile_id, 10, DEFAULT, score_sql(DEFAULT, ranges.widths(seen)), 2000, [])
    query = candidates.search(probes.given(frame), terms, Expressions(DIM, seen), length=50)
    for name, value in candidates.settings(50).items():
        conn.execute("SELECT set_config(%s, %s, true)", (name, value))

    plan = "\n".join(row[0] for row in conn.execute(sql.SQL("EXPLAIN ") + query))

    for name in names(conn):
        assert f"Index Scan using {name}" in plan


def names(conn):
    rows = conn.execute("""
        SELECT indexname FROM pg_indexes WHERE tablename = 'painting_features' AND indexdef LIKE '%hnsw%'
    """)
    return {row[0] for row in rows}
