"""What a run has left behind, as rows that two runs can be compared by: without keys, times and places."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from psycopg import Connection

Tables = dict[str, list[str]]

# Numbers that the database hands out and moments are left out; what refers to a row refers to it by what it is.
_QUERIES = {
    "films": """
        SELECT (to_jsonb(f) - '{id,created_at,analysis_id,path,frame_index}'::text[])
               || jsonb_build_object('shown', analysis_id IS NOT NULL, 'index', md5(frame_index))
          FROM films AS f
    """,
    "jobs": """
        SELECT jsonb_build_object('kind', j.kind, 'state', j.state, 'film', f.sha256, 'options', j.options,
                                  'error', j.error, 'loose', j.loose)
          FROM jobs AS j LEFT JOIN films AS f ON f.id = j.film_id
    """,
    "segments": """
        SELECT jsonb_build_object('film', f.sha256, 'kind', s.kind, 'number', s.number, 'start', s.start_frame,
                                  'end', s.end_frame, 'state', s.state, 'error', s.error,
                                  'stats', s.stats - '{decode_s,model_s,match_s}'::text[])
          FROM segments AS s JOIN jobs AS j ON j.id = s.job_id LEFT JOIN films AS f ON f.id = j.film_id
    """,
    "shots": """
        SELECT (to_jsonb(s) - '{id,film_id,job_id,segment_id}'::text[])
               || jsonb_build_object('film', f.sha256, 'segment', g.number, 'of_shown', s.job_id = f.analysis_id)
          FROM shots AS s JOIN films AS f ON f.id = s.film_id JOIN segments AS g ON g.id = s.segment_id
    """,
    "keyframes": """
        SELECT (to_jsonb(k) - '{id,shot_id}'::text[])
               || jsonb_build_object('film', f.sha256, 'shot', s.start_frame)
          FROM keyframes AS k JOIN shots AS s ON s.id = k.shot_id JOIN films AS f ON f.id = s.film_id
    """,
    "keyframe_features": """
        SELECT (to_jsonb(v) - '{profile_id,keyframe_id,dc,dc1,dc2,dc3,shadow,embedding}'::text[])
               || jsonb_build_object('film', f.sha256, 'frame', k.frame, 'dc', v.dc::text, 'shadow', v.shadow::text,
                                     'embedding', v.embedding::text, 'profile', p.name)
          FROM keyframe_features AS v JOIN keyframes AS k ON k.id = v.keyframe_id JOIN shots AS s ON s.id = k.shot_id
          JOIN films AS f ON f.id = s.film_id JOIN profiles AS p ON p.id = v.profile_id
    """,
    "matches": """
        SELECT (to_jsonb(m) - '{profile_id,keyframe_id,painting_id}'::text[])
               || jsonb_build_object('film', f.sha256, 'frame', k.frame, 'painting', a.file)
          FROM matches AS m JOIN keyframes AS k ON k.id = m.keyframe_id JOIN shots AS s ON s.id = k.shot_id
          JOIN films AS f ON f.id = s.film_id JOIN paintings AS a ON a.id = m.painting_id
    """,
    "film_matches": """
        SELECT (to_jsonb(m) - '{film_id,profile_id,matched_at}'::text[]) || jsonb_build_object('film', f.sha256)
          FROM film_matches AS m JOIN films AS f ON f.id = m.film_id
    """,
}


def final(conn: Connection[Any], media: Path) -> Tables:
    """All that a run has made, each table's rows in a fixed order, and the media store's files by their bytes.

    A number that was computed is compared to its last bit: JSON writes a float as short as it can be read back.
    """
    tables = {
        name: [row[0] for row in conn.execute(f"SELECT row::text FROM ({query}) AS t(row) ORDER BY 1").fetchall()]  # noqa: S608  (of our own)
        for name, query in _QUERIES.items()
    }
    tables["media"] = sorted(
        f"{path.relative_to(media)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in media.rglob("*")
        if path.is_file() and not (path.name.startswith(".") and path.suffix == ".part")  # no key: half written
    )
    return tables


def assert_same(found: Tables, undisturbed: Tables) -> None:
    """Row for row; what differs is named by its table, the first rows shown."""
    for name, rows in undisturbed.items():
        missing = [row for row in rows if row not in set(found[name])]
        extra = [row for row in found[name] if row not in set(rows)]
        assert found[name] == rows, (
            f"{name}: {len(found[name])} rows, {len(rows)} undisturbed; missing {missing[:2]}, extra {extra[:2]}"
        )
    assert len(undisturbed["keyframes"]) > 3, "an undisturbed run finds something"
    assert len(undisturbed["matches"]) > 20
